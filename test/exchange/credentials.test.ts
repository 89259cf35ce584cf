import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventsAfter } from '../../src/audit/index.ts';
import { openCredential, sealCredential } from '../../src/connections/credential.ts';
import { storeToken } from '../../src/connections/index.ts';
import { createApplication, createServiceAccount, type Application } from '../../src/directory/index.ts';
import { ACCESS_TOKEN_TYPE, CONFIDENTIAL_CLIENT_TYPE, TOKEN_EXCHANGE_GRANT } from '../../src/exchange/index.ts';
import { createIntegration, setServerToken, type Integration } from '../../src/integrations/index.ts';
import type { UserActor } from '../../src/kernel/index.ts';
import { Secret } from '../../src/platform/index.ts';
import { attachIntegration, createPolicy } from '../../src/policy/index.ts';
import { addIntegration, addUser, connect, readFacts, useWorld } from '../connections/world.ts';
import { basic, openSidecar, type Sidecar } from '../support/sidecar.ts';
import { mintUserToken } from '../support/tokens.ts';
import { testActor } from '../support/wells.ts';

const world = useWorld();
const admin = () => testActor(world.organizationId);
let sidecar: Sidecar;
let bot: Application;
let secret: string;
beforeAll(async () => {
  sidecar = await openSidecar(world.wells);
  const created = await createApplication(world.wells, admin(), { name: 'PR-Bot', kind: 'CONFIDENTIAL', redirectUris: ['http://127.0.0.1/callback'] });
  bot = created.application;
  secret = created.clientSecret?.reveal() ?? '';
  const everywhere = { integrationId: null, operation: null, applicationId: null, expiresAt: null };
  await createPolicy(world.wells, admin(), { layer: 'ORGANIZATION', effect: 'ALLOW', subject: { kind: 'EVERYONE', id: null }, ...everywhere });
  await createPolicy(world.wells, admin(), { layer: 'USER', effect: 'ALLOW', subject: { kind: 'ROLE', id: 'MEMBER' }, ...everywhere });
});
afterAll(() => sidecar[Symbol.asyncDispose]());
beforeEach(() => void Object.assign(world.provider.switches, { account: 'alice', accessTokenTtl: 3_600, rotates: true, failNext: 0, stallMs: 0, loseNext: 0 }));

const attached = async (integration: Integration): Promise<Integration> => {
  await attachIntegration(world.wells, admin(), { applicationId: bot.id, integrationId: integration.id });
  return integration;
};
const plain = async (handle: string, authMode: 'USER_TOKEN' | 'SERVER_TOKEN') => attached(await createIntegration(world.wells, admin(), { handle, authMode }));
const post = (form: Record<string, string>, id = bot.id as string, proof = secret) => sidecar.post({ grant_type: TOKEN_EXCHANGE_GRANT, ...form }, { authorization: basic(id, proof) });
const ask = async (user: UserActor, { handle }: Integration, parameters: Record<string, string> = {}) => {
  const { token } = await mintUserToken(world.wells, { organizationId: world.organizationId, userId: user.userId, applicationId: bot.id });
  return post({ subject_token_type: ACCESS_TOKEN_TYPE, subject_token: token, resource: handle, ...parameters });
};
const rowOf = async (auditId: unknown) => (await world.wells.db.read(world.organizationId, (tx) => eventsAfter(tx, 0, 10_000))).find(({ id }) => id === auditId);

describe('an OAuth credential', () => {
  test('is the access token alone, with its scope and the seconds it has left', async () => {
    const [alice, integration] = [await addUser(world), await attached(await addIntegration(world))];
    await connect(world, alice, integration);
    const { status, body } = await ask(alice, integration);
    expect([status, body['token_type'], body['scope']]).toEqual([200, 'Bearer', 'openid read']);
    expect(body['expires_in']).toBeGreaterThan(3_500);
    expect(body['expires_in']).toBeLessThanOrEqual(3_600);
    expect(Object.keys(body).filter((name) => name.includes('refresh'))).toEqual([]);
    const upstream = await fetch(world.provider.apiUrl, { headers: { authorization: `Bearer ${String(body['access_token'])}` } });
    expect(await upstream.json()).toMatchObject({ sub: 'alice' });
  });

  test('is refreshed on the way, once for everybody who asks', async () => {
    const [alice, integration] = [await addUser(world), await attached(await addIntegration(world))];
    world.provider.switches.accessTokenTtl = 30;
    await connect(world, alice, integration);
    world.provider.switches.accessTokenTtl = 3_600;
    const before = world.provider.tokenRequests();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(alice, integration)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${String(body['access_token'])}`)).size).toBe(1);
    expect(answers[0]?.body['expires_in']).toBeGreaterThan(3_500);
    expect(world.provider.tokenRequests() - before).toBe(1);
    expect(new Set(answers.map(({ body }) => body['audit_id'])).size, 'a row for each').toBe(20);
  });

  test('is refreshed for those who still wait when the first to ask has left', async () => {
    const [alice, integration] = [await addUser(world), await attached(await addIntegration(world))];
    world.provider.switches.accessTokenTtl = 30;
    await connect(world, alice, integration);
    Object.assign(world.provider.switches, { accessTokenTtl: 3_600, stallMs: 300 });
    const before = world.provider.tokenRequests();
    const { token } = await mintUserToken(world.wells, { organizationId: world.organizationId, userId: alice.userId, applicationId: bot.id });
    const body = new URLSearchParams({ grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: ACCESS_TOKEN_TYPE, subject_token: token, resource: integration.handle });
    const leaving = new AbortController();
    const first = fetch(`${sidecar.url}/oauth2/token`, { method: 'POST', body, headers: { authorization: basic(bot.id, secret) }, signal: leaving.signal });
    await expect.poll(() => world.provider.tokenRequests()).toBe(before + 1);
    const second = ask(alice, integration);
    leaving.abort();
    await expect(first).rejects.toThrow();
    expect((await second).body['expires_in']).toBeGreaterThan(3_500);
    expect(world.provider.tokenRequests()).toBe(before + 1);
  });

  test('that the provider no longer renews asks for consent again', async () => {
    const [alice, integration] = [await addUser(world), await attached(await addIntegration(world))];
    world.provider.switches.accessTokenTtl = 30;
    await connect(world, alice, integration);
    const { connection, dataKey } = await readFacts(world, alice, integration);
    const credential = { ...openCredential(dataKey, connection!.id, connection!.credential!), refreshToken: new Secret('ended-at-the-provider') };
    await world.wells.db.asOwner((tx) => tx.updateTable('connection').set({ credential: sealCredential(dataKey, connection!.id, credential) }).where('id', '=', connection!.id).execute());
    const { status, body } = await ask(alice, integration);
    expect([status, body['error'], body['failure_reason'], body['connect_url']]).toEqual([400, 'reauthorization_required', 'reauthorization_required', `${world.wells.urls.public}/connect/${world.organizationId}/${integration.handle}`]);
    expect(await rowOf(body['audit_id'])).toMatchObject({ outcome: 'NOT_CONNECTED', body: { user: { id: alice.userId } } });
  });

  test('that cannot be renewed just now is not answered, and may be asked for again', async () => {
    const [alice, integration] = [await addUser(world), await attached(await addIntegration(world))];
    world.provider.switches.accessTokenTtl = 1;
    await connect(world, alice, integration);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    Object.assign(world.provider.switches, { failNext: 1, accessTokenTtl: 3_600 });
    const refused = await ask(alice, integration);
    expect([refused.status, refused.body['error'], Number(refused.headers.get('retry-after'))]).toEqual([503, 'temporarily_unavailable', expect.any(Number)]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('one application', () => {
  test('uses several integrations of its user, each by its own connection', async () => {
    const alice = await addUser(world);
    const integrations = [await plain('tracker', 'USER_TOKEN'), await plain('chat', 'USER_TOKEN')];
    for (const { id, handle } of integrations) await storeToken(world.wells, alice, { integrationId: id, token: new Secret(`alices-${handle}`) });
    for (const integration of integrations) expect((await ask(alice, integration)).body['access_token']).toBe(`alices-${integration.handle}`);
    await createPolicy(world.wells, admin(), { layer: 'APPLICATION', effect: 'DENY', subject: { kind: 'APPLICATION', id: bot.id }, integrationId: integrations[1]!.id, operation: null, applicationId: null, expiresAt: null });
    const answers = [];
    for (const integration of integrations) answers.push((await ask(alice, integration)).status);
    expect(answers).toEqual([200, 403]);
  });

  test('gets each user\'s own credential and nobody else\'s', async () => {
    const [alice, bob, integration] = [await addUser(world), await addUser(world), await plain('notes', 'USER_TOKEN')];
    for (const [user, token] of [[alice, 'alices-own'], [bob, 'bobs-own']] as const) await storeToken(world.wells, user, { integrationId: integration.id, token: new Secret(token) });
    expect([(await ask(alice, integration)).body['access_token'], (await ask(bob, integration)).body['access_token']]).toEqual(['alices-own', 'bobs-own']);
    const carol = await addUser(world);
    expect((await ask(carol, integration)).body).toMatchObject({ error: 'integration_required', failure_reason: 'never_connected' });
  });

  test('gets the shared token for every user alike, and the log says for whom', async () => {
    const integration = await plain('warehouse', 'SERVER_TOKEN');
    await setServerToken(world.wells, admin(), { id: integration.id, token: new Secret('shared-by-all') });
    for (const user of [await addUser(world), await addUser(world)]) {
      const { body } = await ask(user, integration);
      expect(body).toMatchObject({ access_token: 'shared-by-all', integration: 'warehouse' });
      expect(body).not.toHaveProperty('connection_id');
      expect(await rowOf(body['audit_id'])).toMatchObject({ outcome: 'GRANTED', body: { user: { id: user.userId } } });
    }
  });
});

test('a service account never obtains a credential, and the log says that it tried', async () => {
  const integration = await plain('internal', 'SERVER_TOKEN');
  await setServerToken(world.wells, admin(), { id: integration.id, token: new Secret('for-applications') });
  const { serviceAccount, clientSecret } = await createServiceAccount(world.wells, admin(), { name: 'CI', scopes: ['management:all'] });
  const { token } = await mintUserToken(world.wells, { organizationId: world.organizationId, userId: (await addUser(world)).userId, applicationId: bot.id });
  const forms: Record<string, string>[] = [{ subject_token_type: CONFIDENTIAL_CLIENT_TYPE }, { subject_token_type: ACCESS_TOKEN_TYPE, subject_token: token }];
  for (const form of forms) {
    const { status, body } = await post({ ...form, resource: 'internal' }, serviceAccount.id, clientSecret.reveal());
    expect([status, body['error']]).toEqual([403, 'access_denied']);
    expect(JSON.stringify(body)).not.toContain('for-applications');
  }
  const events = await world.wells.db.read(world.organizationId, (tx) => eventsAfter(tx, 0, 10_000));
  expect(events.filter(({ kind, outcome, body }) => kind === 'access.exchanged' && outcome === 'DENIED' && body.actor.id === serviceAccount.id)).toHaveLength(2);
});

test('no credential and no secret stands in the metrics', async () => {
  const text = await world.wells.metrics.registry.metrics();
  expect(text).toMatch(/outcome="granted"/);
  for (const known of [secret, world.provider.clientSecret, 'alices-own', 'bobs-own', 'shared-by-all', 'for-applications', ...world.provider.refreshes.keys()]) expect(text).not.toContain(known);
});

test('a secret in the address is no secret', async () => {
  const form = new URLSearchParams({ grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: CONFIDENTIAL_CLIENT_TYPE, resource: 'internal', client_id: bot.id });
  const response = await fetch(`${sidecar.url}/oauth2/token?${new URLSearchParams({ client_secret: secret })}`, { method: 'POST', body: form });
  expect([response.status, await response.json()]).toMatchObject([401, { error: 'invalid_client' }]);
});
