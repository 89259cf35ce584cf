import { sql } from 'kysely';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openCredential, sealCredential } from '../../src/connections/credential.ts';
import { freshCredential, revokeConnection } from '../../src/connections/index.ts';
import { updateIntegration, type Integration } from '../../src/integrations/index.ts';
import type { UserActor } from '../../src/kernel/index.ts';
import { newId, Secret } from '../../src/platform/index.ts';
import { testActor, type TestWells } from '../support/wells.ts';
import { addIntegration, addUser, checkWorld, connect, eventsOf, fresh, kindsOf, readFacts, tokenOf, useWorld } from './world.ts';

const world = useWorld();

/** A process of its own: nothing shared with another but the database. */
const node = (): TestWells => ({ ...world.wells, db: { ...world.wells.db } });

/** A connection whose token is due for a refresh at once. */
async function connectBriefly(): Promise<{ alice: UserActor; integration: Integration; old: string; refreshToken: string }> {
  const [alice, integration] = [await addUser(world), await addIntegration(world)];
  world.provider.switches.accessTokenTtl = 30;
  await connect(world, alice, integration);
  world.provider.switches.accessTokenTtl = 3_600;
  const { connection, dataKey } = await readFacts(world, alice, integration);
  const { accessToken, refreshToken } = openCredential(dataKey, connection!.id, connection!.credential!);
  return { alice, integration, old: accessToken.reveal(), refreshToken: refreshToken!.reveal() };
}

/** Puts another refresh token where the provider's was. */
async function setRefreshToken(alice: UserActor, integration: Integration, refreshToken: Secret | null): Promise<void> {
  const { connection, dataKey } = await readFacts(world, alice, integration);
  const credential = { ...openCredential(dataKey, connection!.id, connection!.credential!), refreshToken };
  await world.wells.db.asOwner((tx) => tx.updateTable('connection').set({ credential: sealCredential(dataKey, connection!.id, credential) }).where('id', '=', connection!.id).execute());
}

/** Sets a connection's lease, as a holder would that is `seconds` before its end. */
const setLease = (integration: { id: string }, seconds: number) =>
  world.wells.db.asOwner((tx) => sql`UPDATE connection SET lease_epoch = lease_epoch + 1, lease_until = clock_timestamp() + make_interval(secs => ${seconds}) WHERE integration_id = ${integration.id}`.execute(tx));

beforeEach(() => {
  Object.assign(world.provider.switches, { account: 'alice', accessTokenTtl: 3_600, rotates: true, failNext: 0, failStatus: 500, stallMs: 0, loseNext: 0, omitRefreshToken: false });
});

describe('a token that is not about to expire', () => {
  it('is answered at once, without a promise and without a statement', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    await connect(world, alice, integration);
    const facts = await readFacts(world, alice, integration);
    const answer = freshCredential({ ...world.wells, db: new Proxy(world.wells.db, { get: () => expect.unreachable('no statement') }) }, facts);
    expect(answer).not.toBeInstanceOf(Promise);
    expect(answer).toMatchObject({ kind: 'credential', tokenType: 'Bearer', connection: { version: 1 } });
  });
});

describe('refresh', () => {
  it('asks the provider once however many ask, in however many processes, and all get the new token', async () => {
    const { alice, integration, old, refreshToken } = await connectBriefly();
    world.provider.switches.stallMs = 100;
    const facts = await readFacts(world, alice, integration);
    const nodes = [world.wells, node(), node()];
    const answers = await Promise.all(Array.from({ length: 300 }, (_, index) => freshCredential(nodes[index % 3]!, facts)));
    const tokens = new Set(answers.map(tokenOf));
    expect(tokens.size).toBe(1);
    expect(tokens.has(old)).toBe(false);
    expect(world.provider.refreshes.get(refreshToken)).toBe(1);
    expect(answers[0]).toMatchObject({ connection: { version: 2 } });
    expect(await kindsOf(world, integration)).toEqual(['connection.started', 'connection.connected', 'connection.refreshed']);
    await checkWorld(world, [...tokens, old, refreshToken]);
  });

  it('uses the rotated refresh token next time', async () => {
    const { alice, integration, refreshToken } = await connectBriefly();
    world.provider.switches.accessTokenTtl = 30;
    const first = tokenOf(await fresh(world, alice, integration));
    const second = tokenOf(await fresh(world, alice, integration));
    expect(second).not.toBe(first);
    expect(world.provider.refreshes.get(refreshToken)).toBe(1);
    expect([...world.provider.refreshes.values()].every((times) => times === 1)).toBe(true);
  });

  it('keeps the refresh token where none comes back', async () => {
    const { alice, integration, refreshToken } = await connectBriefly();
    Object.assign(world.provider.switches, { accessTokenTtl: 30, rotates: false, omitRefreshToken: true });
    await fresh(world, alice, integration);
    await fresh(world, alice, integration);
    expect(world.provider.refreshes.get(refreshToken)).toBe(2);
  });

  it('is not taken twice by a caller with old facts', async () => {
    const { alice, integration, refreshToken } = await connectBriefly();
    const facts = await readFacts(world, alice, integration);
    const first = tokenOf(await fresh(world, alice, integration));
    expect(tokenOf(await freshCredential(node(), facts))).toBe(first);
    expect(world.provider.refreshes.get(refreshToken)).toBe(1);
  });

  it('ends the connection once where the provider refuses for good', async () => {
    const { alice, integration } = await connectBriefly();
    await setRefreshToken(alice, integration, new Secret('not-a-token'));
    const facts = await readFacts(world, alice, integration);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => freshCredential(index % 2 ? world.wells : node(), facts)));
    for (const answer of answers) expect(answer).toEqual({ kind: 'not_connected', reason: 'reauthorization_required' });
    expect(await fresh(world, alice, integration)).toEqual({ kind: 'not_connected', reason: 'reauthorization_required' });
    expect(world.provider.refreshes.get('not-a-token')).toBe(1);
    expect((await kindsOf(world, integration)).slice(2)).toEqual(['connection.disconnected']);
  });

  it('keeps the connection and serves the old token while the provider answers 500, without a storm', async () => {
    const { alice, integration, old, refreshToken } = await connectBriefly();
    world.provider.switches.failNext = 100;
    const before = world.provider.tokenRequests();
    for (let i = 0; i < 5; i++) expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    expect(world.provider.tokenRequests() - before).toBe(1);
    expect((await kindsOf(world, integration)).slice(2)).toEqual(['connection.refresh_failed']);
    world.wells.clock.advance(31_000);
    await expect(fresh(world, alice, integration)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 5 });
    world.provider.switches.failNext = 0;
    world.wells.clock.advance(6_000);
    expect(tokenOf(await fresh(world, alice, integration))).not.toBe(old);
    expect(world.provider.refreshes.get(refreshToken)).toBeGreaterThanOrEqual(2);
  });

  it('records an answer that was lost, never sends that refresh token again, and ends when the token at hand does', async () => {
    const { alice, integration, old, refreshToken } = await connectBriefly();
    world.provider.switches.loseNext = 1;
    expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.refresh_unknown', outcome: 'FAILURE', body: { details: { refreshTokenSpent: true } } });
    world.wells.clock.advance(6_000);
    expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    world.wells.clock.advance(31_000);
    expect(await fresh(world, alice, integration)).toEqual({ kind: 'not_connected', reason: 'expired' });
    expect(await fresh(world, alice, integration)).toEqual({ kind: 'not_connected', reason: 'expired' });
    expect(world.provider.refreshes.get(refreshToken)).toBe(1);
    expect((await kindsOf(world, integration)).slice(2)).toEqual(['connection.refresh_unknown', 'connection.disconnected']);
  });

  it('treats a provider that stalls for too long as an answer that was lost', async () => {
    const { alice, integration, old, refreshToken } = await connectBriefly();
    world.provider.switches.stallMs = 6_000;
    expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    expect(world.provider.refreshes.get(refreshToken)).toBe(1);
    expect((await kindsOf(world, integration)).slice(2)).toEqual(['connection.refresh_unknown']);
  });

  it('tries again after a lost answer where the provider is known to allow it', async () => {
    const { alice, integration, old, refreshToken } = await connectBriefly();
    // Linear answers a repeated refresh token; its endpoints are the test's.
    await world.wells.db.asOwner((tx) => tx.updateTable('integration').set({ provider: 'linear' }).where('id', '=', integration.id).execute());
    Object.assign(world.provider.switches, { loseNext: 1, rotates: false });
    expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.refresh_unknown', body: { details: { refreshTokenSpent: false } } });
    world.wells.clock.advance(6_000);
    await fresh(world, alice, integration);
    expect(world.provider.refreshes.get(refreshToken)).toBe(2);
  });

  it('does not send a refresh token that a holder who never came back may have sent', async () => {
    const { alice, integration, old, refreshToken } = await connectBriefly();
    await setLease(integration, -1);
    expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    expect(world.provider.refreshes.get(refreshToken)).toBeUndefined();
    expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.refresh_unknown', body: { details: { error: 'holder_lost' } } });
  });

  it('writes nothing for a holder that was overtaken', async () => {
    const { alice, integration } = await connectBriefly();
    world.provider.switches.stallMs = 500;
    const late = fresh(world, alice, integration);
    await expect.poll(() => world.provider.refreshes.size).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    world.provider.switches.stallMs = 0;
    const renewed = await connect(world, alice, integration);
    const answer = await late;
    expect(answer).toMatchObject({ kind: 'credential', connection: { id: renewed.id, version: renewed.version } });
    expect(tokenOf(answer)).toBe(tokenOf(await fresh(world, alice, integration)));
    expect((await kindsOf(world, integration)).filter((kind) => kind === 'connection.refreshed')).toHaveLength(0);
  });

  it('ends what was issued to a holder that a disconnect overtook', async () => {
    const { alice, integration, refreshToken } = await connectBriefly();
    const { connection } = await readFacts(world, alice, integration);
    world.provider.switches.stallMs = 500;
    const late = fresh(world, alice, integration);
    await expect.poll(() => world.provider.refreshes.get(refreshToken)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    world.provider.switches.stallMs = 0;
    await revokeConnection(world.wells, alice, { id: connection!.id });
    expect(await late).toEqual({ kind: 'not_connected', reason: 'disconnected' });
    const [before, issued] = world.provider.revoked.slice(-2);
    expect(before).toBe(refreshToken);
    expect(issued).not.toBe(refreshToken);
    await checkWorld(world, [issued!]);
  });

  it('holds a lease that outlives the longest way, and sends nothing once there is no time left for an answer', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world, { byIssuer: true })];
    world.provider.switches.accessTokenTtl = 30;
    await connect(world, alice, integration);
    const facts = await readFacts(world, alice, integration);
    const [old, before] = [openCredential(facts.dataKey, facts.connection!.id, facts.connection!.credential!).accessToken.reveal(), world.provider.tokenRequests()];
    const [now, remaining] = [performance.now.bind(performance), [] as number[]];
    // Discovery takes half a minute: each door has a memory of its own, so this one asks.
    const slow = async (...asked: Parameters<TestWells['fetch']>) => {
      const { rows } = await world.wells.db.asOwner((tx) => sql<{ left: number }>`SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 AS left FROM connection WHERE id = ${facts.connection!.id}`.execute(tx));
      remaining.push(rows[0]!.left);
      vi.spyOn(performance, 'now').mockImplementation(() => now() + 30_001);
      return world.wells.fetch(...asked);
    };
    const fetch = Object.assign(slow, { [Symbol.asyncDispose]: async () => {} });
    const answer = await Promise.resolve(freshCredential({ ...node(), fetch }, facts)).finally(() => vi.restoreAllMocks());
    expect(remaining[0]).toBeGreaterThan(50);
    expect(tokenOf(answer)).toBe(old);
    expect(world.provider.tokenRequests()).toBe(before);
    expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.refresh_failed', body: { details: { error: 'too_late' } } });
  });

  it('keeps what was issued whatever the server claims beside it', async () => {
    const { alice, integration } = await connectBriefly();
    const boast = async (...asked: Parameters<TestWells['fetch']>) => {
      const members = (await (await world.wells.fetch(...asked)).json()) as object;
      return new Response(JSON.stringify({ ...members, expires_in: 1e300, scope: 'read a\u0000b' }), { headers: { 'content-type': 'application/json' } });
    };
    const fetch = Object.assign(boast, { [Symbol.asyncDispose]: async () => {} });
    const answer = await freshCredential({ ...node(), fetch }, await readFacts(world, alice, integration));
    expect(answer).toMatchObject({ kind: 'credential', scopes: ['read'], connection: { version: 2 } });
    expect(await fresh(world, alice, integration)).toEqual(answer);
  });

  it('names the request that set it off', async () => {
    const { alice, integration } = await connectBriefly();
    const request = { requestId: newId('request'), address: '192.0.2.7' };
    await freshCredential(world.wells, { ...(await readFacts(world, alice, integration)), request });
    expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.refreshed', body: { request: request.requestId, address: request.address } });
  });

  it('waits for the holder of the lease and gets what it wrote', async () => {
    const { alice, integration } = await connectBriefly();
    world.provider.switches.stallMs = 400;
    const facts = await readFacts(world, alice, integration);
    const [first, second] = await Promise.all([freshCredential(world.wells, facts), freshCredential(node(), facts)]);
    expect(tokenOf(first)).toBe(tokenOf(second));
  });

  it('serves out a token without refresh token, and then ends the connection once', async () => {
    const { alice, integration, old } = await connectBriefly();
    await setRefreshToken(alice, integration, null);
    expect(tokenOf(await fresh(world, alice, integration))).toBe(old);
    world.wells.clock.advance(31_000);
    const facts = await readFacts(world, alice, integration);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => freshCredential(index % 2 ? world.wells : node(), facts)));
    for (const answer of answers) expect(answer).toEqual({ kind: 'not_connected', reason: 'expired' });
    expect((await kindsOf(world, integration)).slice(2)).toEqual(['connection.disconnected']);
  });

  it('says so where a change of the integration ended the connection', async () => {
    const { alice, integration } = await connectBriefly();
    const facts = await readFacts(world, alice, integration);
    await updateIntegration(world.wells, testActor(world.organizationId), { id: integration.id, tokenEndpoint: 'http://127.0.0.1:9/elsewhere' });
    expect(await freshCredential(world.wells, facts)).toEqual({ kind: 'not_connected', reason: 'disconnected' });
  });
});
