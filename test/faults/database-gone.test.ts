import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as operations from '../../schema/generated/graphql.ts';
import { openFeed } from '../../src/demo/feed.ts';
import { ON_POSTGRESQL, serverUrl } from '../support/database.ts';
import { openDoors, type Doors, type Person } from '../support/doors.ts';
import { openTestPlane, type TestNode, type TestPlane } from '../support/plane.ts';
import { administer } from '../support/postgresql.ts';
import { openProxy, type Proxy } from './proxy.ts';

describe.runIf(ON_POSTGRESQL)('a database that is gone for a while (PGlite lives in the process and ends with it)', () => {
  const stack = new AsyncDisposableStack();
  let plane: TestPlane;
  /** The node whose database goes; the other one keeps its own way there. */
  let node: TestNode;
  let proxy: Proxy;
  let doors: Doors;
  let alice: Person;
  let database = '';

  beforeAll(async () => {
    plane = stack.use(await openTestPlane());
    const url = plane.variables['DATABASE_URL'] ?? '';
    database = new URL(url).pathname.slice(1);
    proxy = stack.use(await openProxy(url));
    doors = await openDoors(plane);
    alice = await doors.signIn();
    await doors.connect(alice);
    node = stack.use(await plane.openNode({ variables: { DATABASE_URL: proxy.url } }));
  });
  afterAll(() => stack.disposeAsync());

  const OUTAGES = {
    'whose connections are cut': { isOthersToo: false, begin: async () => proxy.cut(), end: async () => proxy.mend() },
    'that ends its sessions and takes no new ones': {
      isOthersToo: true,
      begin: () => administer(serverUrl(), `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`),
      end: () => administer(serverUrl(), `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`),
    },
  };
  const ready = () => fetch(`${node.url}/readyz`).then(async (response) => [response.status, response.headers.get('retry-after'), ((await response.json()) as { database: string }).database]);
  const rename = (name: string) => doors.graph(operations.UpdateApplicationDocument, { input: { id: doors.application.id, name } });
  const head = async () => (await doors.graph(operations.AuditEventsDocument, { first: 1 })).auditEvents.nodes[0]!;

  test.each(Object.entries(OUTAGES))('%s: red and refused meanwhile, green and complete afterwards, by itself', async (name, { isOthersToo, begin, end }) => {
    await using feed = openFeed(node.url);
    feed.follow(async () => doors.robot, await head(), () => {});
    expect((await doors.exchange(alice, {}, 'sidecar', node)).status).toBe(200);
    await feed.reached((await head()).sequence);
    await begin();
    expect(await ready()).toEqual([503, '1', 'unreachable']);
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
    for (const door of ['sidecar', 'authorization server'] as const) {
      const { status, headers, body } = await doors.exchange(alice, {}, door, node);
      expect([status, body['error'], headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', '1']);
    }
    const refused = doors.graph(operations.ViewerDocument, {}, alice.accessToken, node);
    await expect(refused).rejects.toMatchObject({ reply: { status: 503, body: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } } });
    const page = await fetch(`${node.url}/oauth2/authorize?client_id=${doors.application.id}`);
    expect([page.status, page.headers.get('retry-after'), await page.text()]).toEqual([503, '1', expect.stringMatching(/req_/)]);
    // The organization goes on elsewhere meanwhile.
    if (!isOthersToo) for (const turn of [1, 2, 3]) await rename(`${name} ${turn}`);
    await end();
    await expect.poll(async () => (await ready())[0], { timeout: 10_000, interval: 50 }).toBe(200);
    await expect.poll(async () => (await doors.exchange(alice, {}, 'sidecar', node)).status, { timeout: 5_000 }).toBe(200);
    await rename(`${name} is over`);
    await feed.reached((await head()).sequence);
    await doors.check(plane.plane.wells, plane.logLines);
  });
});
