import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditFeedDocument } from '../../schema/generated/graphql.ts';
import { openDoors, type Doors, type Person } from '../support/doors.ts';
import { spawnPlane, type SpawnedPlane } from '../support/plane.ts';
import { openLoad } from './load.ts';

const LOOPS = 8;

describe('SIGTERM under load', () => {
  const stack = new AsyncDisposableStack();
  let plane: SpawnedPlane;
  let doors: Doors;
  let alice: Person;

  beforeAll(async () => {
    plane = stack.use(await spawnPlane());
    doors = await openDoors(plane);
    alice = await doors.signIn();
    plane.upstream.switches.accessTokenTtl = 30;
    await doors.connect(alice);
    plane.upstream.switches.accessTokenTtl = 3_600;
  });
  afterAll(() => stack.disposeAsync());

  test('finishes what is in flight, tells subscribers why, and ends with 0', async () => {
    const ended = Promise.withResolvers<[number, string]>();
    const heard = Promise.withResolvers<void>();
    const client = createClient({ url: `${plane.url.replace('http', 'ws')}/graphql`, connectionParams: { authorization: `Bearer ${doors.robot}` }, retryAttempts: 0, on: { closed: (event) => ended.resolve([(event as CloseEvent).code, (event as CloseEvent).reason]) } });
    const stop = client.subscribe({ query: AuditFeedDocument.toString() }, { next: () => heard.resolve(), error: () => {}, complete: () => {} });
    const load = openLoad(LOOPS, async () => (await doors.exchange(null)).status);
    await heard.promise;
    await load.pass(LOOPS * 2);
    // One request waits for its provider when the signal comes.
    plane.upstream.switches.stallMs = 1_500;
    const slow = doors.exchange(alice);
    await expect.poll(() => plane.upstream.refreshes.size, { timeout: 5_000 }).toBe(1);
    const signalledAt = performance.now();
    const code = plane.stop('SIGTERM');
    const { status, body } = await slow;
    expect([status, body['integration']]).toEqual([200, 'tracker']);
    expect(performance.now() - signalledAt, 'the answer came after the signal').toBeGreaterThan(500);
    expect(await ended.promise).toEqual([1001, expect.stringContaining('shutting down')]);
    expect(await code).toBe(0);
    await load.stop();
    stop();
    await client.dispose();
    const answered = load.shots.filter(({ sentAt }) => sentAt < signalledAt - 20);
    expect(answered.length).toBeGreaterThan(LOOPS);
    expect(answered.filter(({ answer }) => answer !== 200)).toEqual([]);
    expect(await plane.start(), 'milliseconds to ready').toBeLessThan(10_000);
    expect((await doors.exchange(alice)).status).toBe(200);
    expect([...plane.upstream.refreshes.values()]).toEqual([1]);
  });
});
