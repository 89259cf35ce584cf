import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as operations from '../../schema/generated/graphql.ts';
import { openDoors, type Doors, type Person, type Reply } from '../support/doors.ts';
import { openTestPlane, type TestPlane } from '../support/plane.ts';

/** No credential leaves without its row: with a log that cannot be written nothing leaves, nothing is changed, and no provider is asked for anything. */
const stack = new AsyncDisposableStack();
let plane: TestPlane;
let doors: Doors;
let alice: Person;

const asOwner = (statement: string) => plane.plane.wells.db.asOwner((tx) => sql.raw(statement).execute(tx));
const makeUnwritable = () => asOwner('REVOKE INSERT ON audit_event FROM kontext_app');
const makeWritable = () => asOwner('GRANT INSERT ON audit_event TO kontext_app');

beforeAll(async () => {
  plane = stack.use(await openTestPlane());
  doors = await openDoors(plane);
  alice = await doors.signIn();
  await doors.connect(alice);
});
afterEach(async () => {
  await makeWritable();
  await doors.check(plane.plane.wells, plane.logLines);
});
afterAll(() => stack.disposeAsync());

const EXCHANGES: Readonly<Record<string, () => Promise<Reply>>> = {
  'for a user at the sidecar': () => doors.exchange(alice),
  'for a user at the authorization server': () => doors.exchange(alice, {}, 'authorization server'),
  'of the shared token': () => doors.exchange(null),
  'that policy would deny': () => doors.exchange(alice, { resource: 'nowhere' }),
};

describe('while the log cannot be written', () => {
  test.each(Object.entries(EXCHANGES))('an exchange %s is unavailable, and works by itself once it can', async (_name, exchange) => {
    const before = await exchange();
    await makeUnwritable();
    const { status, headers, body } = await exchange();
    expect([status, body['error'], headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', '1']);
    expect(body).not.toHaveProperty('access_token');
    await makeWritable();
    expect((await exchange()).status).toBe(before.status);
  });

  test('no refresh is sent, and none is lost', async () => {
    plane.upstream.switches.accessTokenTtl = 30;
    await doors.connect(alice);
    plane.upstream.switches.accessTokenTtl = 3_600;
    await makeUnwritable();
    const asked = plane.upstream.tokenRequests();
    for (let times = 0; times < 3; times++) expect((await doors.exchange(alice)).status).toBe(503);
    expect(plane.upstream.tokenRequests()).toBe(asked);
    await makeWritable();
    const token = await doors.credential(alice);
    expect((await fetch(plane.upstream.apiUrl, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect(plane.upstream.tokenRequests()).toBe(asked + 1);
  });

  test('administrative changes fail and write nothing', async () => {
    const state = async () => ({
      integrations: (await doors.graph(operations.IntegrationsDocument, { first: 50 })).integrations,
      applications: (await doors.graph(operations.ApplicationsDocument, { first: 50 })).applications,
      connections: (await doors.graph(operations.ConnectionsDocument, { first: 50 })).connections,
    });
    const before = await state();
    const connection = before.connections.nodes[0]!.id;
    await makeUnwritable();
    const mutations = [
      () => doors.graph(operations.CreateApplicationDocument, { input: { name: 'Another', kind: 'PUBLIC', redirectUris: [] } }),
      () => doors.graph(operations.DeleteIntegrationDocument, { input: { id: doors.integrations.notes } }),
      () => doors.graph(operations.RevokeConnectionDocument, { input: { id: connection } }),
      () => doors.graph(operations.DetachIntegrationDocument, { input: { applicationId: doors.application.id, integrationId: doors.integrations.tracker } }),
      () => doors.storeToken(alice, 'a-token-that-is-never-stored'),
    ];
    const revoked = plane.upstream.revoked.length;
    for (const mutate of mutations) await expect(mutate()).rejects.toMatchObject({ reply: { status: expect.toSatisfy((status: number) => status >= 500), text: expect.stringMatching(/"code":"(INTERNAL|UNAVAILABLE)"/) } });
    expect(plane.upstream.revoked.length, 'revoked upstream').toBe(revoked);
    expect(await state()).toEqual(before);
  });

  test('nobody can connect or sign in half', async () => {
    await makeUnwritable();
    await expect(doors.connect(alice)).rejects.toThrow(/GraphQL: 50[03]/);
    await expect(doors.signIn()).rejects.toThrow(/sign-in: 50[03]/);
    await makeWritable();
    await doors.connect(await doors.signIn());
    expect((await doors.exchange(alice)).status).toBe(200);
  });
});
