import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIntegration, redirectUriOf, resolveOAuthApp, setOAuthApp, type CreateIntegration } from '../../src/integrations/index.ts';
import { sealCredential } from '../../src/connections/credential.ts';
import { beginInBrowser, completeConnection, freshCredential, revokeConnection, startConnection } from '../../src/connections/index.ts';
import type { IntegrationId, OrganizationId, UserActor } from '../../src/kernel/index.ts';
import { digest, newId, Secret } from '../../src/platform/index.ts';
import { openEvilServer, type EvilServer } from '../support/evil-server.ts';
import { openTestWells, testActor, type TestWells } from '../support/wells.ts';

let wells: TestWells;
let organizationId: OrganizationId;
beforeAll(async () => {
  wells = await openTestWells({ organizations: 1, environment: { KONTEXT_OAUTH_GITHUB_CLIENT_ID: 'platform-id', KONTEXT_OAUTH_GITHUB_CLIENT_SECRET: 'platform-secret', KONTEXT_OAUTH_SLACK_CLIENT_ID: 'lonely-id' } });
  organizationId = wells.organizations[0]!;
});
afterAll(() => wells[Symbol.asyncDispose]());

let count = 0;
const create = (input: Partial<CreateIntegration>) => createIntegration(wells, testActor(organizationId), { handle: `app-${++count}`, authMode: 'OAUTH', ...input });
const resolve = (id: IntegrationId) =>
  wells.db.read(organizationId, async (tx) => resolveOAuthApp(tx, wells.keyring, wells.environment, await tx.selectFrom('integration').selectAll().where('id', '=', id).executeTakeFirstOrThrow()));

describe('OAuth app resolution', () => {
  it('takes the platform\'s where the integration has none', async () => {
    const app = await resolve((await create({ provider: 'github' })).id);
    expect(app).toMatchObject({ clientId: 'platform-id', source: 'PLATFORM' });
    expect(app.clientSecret?.reveal()).toBe('platform-secret');
  });

  it('takes the integration\'s own first, and the platform\'s again once that is removed', async () => {
    const { id } = await create({ provider: 'github' });
    expect(await setOAuthApp(wells, testActor(organizationId), { id, clientId: 'own-id', clientSecret: new Secret('own-secret') })).toMatchObject({ oauth_client_id: 'own-id', has_oauth_client_secret: true });
    const own = await resolve(id);
    expect([own.clientId, own.clientSecret?.reveal(), own.source]).toEqual(['own-id', 'own-secret', 'INTEGRATION']);
    await setOAuthApp(wells, testActor(organizationId), { id, clientId: null });
    expect(await resolve(id)).toMatchObject({ clientId: 'platform-id', source: 'PLATFORM' });
  });

  it('shares the platform\'s among the integrations of a provider, whatever one of them has of its own', async () => {
    const [one, other, third] = [await create({ provider: 'github' }), await create({ provider: 'github' }), await create({ provider: 'github' })];
    await setOAuthApp(wells, testActor(organizationId), { id: third.id, clientId: 'own-id', clientSecret: new Secret('own-secret') });
    for (const { id } of [one, other]) expect(await resolve(id)).toMatchObject({ clientId: 'platform-id', source: 'PLATFORM' });
    expect(await resolve(third.id)).toMatchObject({ clientId: 'own-id', source: 'INTEGRATION' });
  });

  it.each([
    ['nothing is configured', 'google', 'KONTEXT_OAUTH_GOOGLE'],
    ['the secret that the provider demands is missing', 'slack', 'KONTEXT_OAUTH_SLACK'],
  ])('names both ways to fix it where %s', async (_case, provider, prefix) => {
    const fault: unknown = await resolve((await create({ provider })).id).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'oauth_app_missing', hint: expect.stringContaining('setOAuthApp') as string });
    for (const name of [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`]) expect((fault as { hint: string }).hint).toContain(name);
  });

  it('blocks the flow before any browser is sent anywhere', async () => {
    const { id } = await create({ provider: 'google' });
    const userId = newId('user');
    const actor = { kind: 'user', organizationId, userId, name: 'Alice', role: 'MEMBER', applicationId: null, grantId: null, requestId: newId('request'), address: null } as const;
    await expect(startConnection(wells, actor, { integrationId: id })).rejects.toMatchObject({ code: 'oauth_app_missing' });
  });

  it('accepts a public app where the server does not demand a secret, and refuses it where the provider does', async () => {
    const own = await create({ issuer: 'https://issuer.test' });
    await setOAuthApp(wells, testActor(organizationId), { id: own.id, clientId: 'public', clientSecret: null });
    expect(await resolve(own.id)).toEqual({ clientId: 'public', clientSecret: null, source: 'INTEGRATION' });
    const { id } = await create({ provider: 'github' });
    await expect(setOAuthApp(wells, testActor(organizationId), { id, clientId: 'public', clientSecret: null })).rejects.toMatchObject({ code: 'invalid_input', field: 'clientSecret' });
  });
});

describe('the platform\'s OAuth app at a server that an organization names', () => {
  let evil: EvilServer;
  let alice: UserActor;
  beforeAll(async () => {
    evil = await openEvilServer();
    const userId = newId('user');
    alice = { kind: 'user', organizationId, userId, name: 'Alice', role: 'MEMBER', applicationId: null, grantId: null, requestId: newId('request'), address: null };
    await wells.db.asOrganization(organizationId, (tx) =>
      tx.insertInto('users').values({ id: userId, organization_id: organizationId, email: 'alice@acme.test', name: 'Alice', role: 'MEMBER', status: 'ACTIVE', issuer: null, subject: null }).execute(),
    );
  });
  afterAll(() => evil[Symbol.asyncDispose]());

  const OVERRIDES = ['authorizationEndpoint', 'tokenEndpoint', 'revocationEndpoint', 'issuer'] as const;
  /** Past every check at the doors: as if the integration had always named it. */
  const turn = (id: IntegrationId) => wells.db.asOwner((tx) => tx.updateTable('integration').set({ token_endpoint: `${evil.url}/token`, revocation_endpoint: `${evil.url}/revoke` }).where('id', '=', id).execute());
  const read = (id: IntegrationId) => wells.db.read(organizationId, (tx) => tx.selectFrom('integration').selectAll().where('id', '=', id).executeTakeFirstOrThrow());

  it.each(OVERRIDES)('is not used where %s is the integration\'s own', async (override) => {
    const { id, handle } = await create({ provider: 'github', [override]: `${evil.url}/mine` });
    const refusal = { code: 'oauth_app_missing', message: expect.stringMatching(new RegExp(`${handle}.*names an issuer or endpoints itself`)) as string, hint: expect.stringContaining('GitHub\'s') as string };
    await expect(resolve(id)).rejects.toMatchObject(refusal);
    await expect(startConnection(wells, alice, { integrationId: id })).rejects.toMatchObject(refusal);
    await setOAuthApp(wells, testActor(organizationId), { id, clientId: 'own-id', clientSecret: new Secret('own-secret') });
    expect(await resolve(id)).toMatchObject({ clientId: 'own-id', source: 'INTEGRATION' });
  });

  it('is not sent to its token endpoint by a connect', async () => {
    const { id } = await create({ provider: 'github' });
    const { attemptId } = await startConnection(wells, alice, { integrationId: id });
    const browser = { organizationId, userId: alice.userId, browserDigest: digest('browser') };
    const state = (await beginInBrowser(wells, { ...browser, attemptId })).searchParams.get('state')!;
    await turn(id);
    const callbackUrl = new URL(`${redirectUriOf(await read(id), wells.urls)}?code=abc&state=${state}`);
    await expect(completeConnection(wells, { ...browser, state, callbackUrl, request: { requestId: newId('request'), address: null } })).rejects.toMatchObject({ code: 'oauth_app_missing' });
    expect(evil.seen).toEqual([]);
  });

  it('is not sent by a refresh, nor by a revocation, and neither is the user\'s token', async () => {
    const { id } = await create({ provider: 'github' });
    const connectionId = newId('connection');
    const dataKey = await wells.db.read(organizationId, (tx) => wells.keyring.key(tx, organizationId));
    const credential = sealCredential(dataKey, connectionId, { accessToken: new Secret('access-of-alice'), refreshToken: new Secret('refresh-of-alice'), tokenType: 'Bearer', scopes: [] });
    const connection = await wells.db.asOrganization(organizationId, (tx) =>
      tx
        .insertInto('connection')
        .values({ id: connectionId, organization_id: organizationId, user_id: alice.userId, integration_id: id, status: 'CONNECTED', reason: null, credential, expires_at: new Date(Date.now() + 30_000), lease_until: null })
        .returningAll()
        .executeTakeFirstOrThrow(),
    );
    await turn(id);
    expect(await freshCredential(wells, { organizationId, integration: await read(id), connection, dataKey, user: { id: alice.userId, name: alice.name } })).toMatchObject({ kind: 'credential' });
    expect(await revokeConnection(wells, alice, { id: connectionId })).toMatchObject({ status: 'DISCONNECTED' });
    expect(evil.seen).toEqual([]);
  });
});

describe('redirect URIs', () => {
  const server = { provider: null, issuer: null, authorization_endpoint: null, token_endpoint: null, revocation_endpoint: null };
  const id: IntegrationId = 'int_0197e4a0-0000-7000-8000-000000000001';
  const at = (integration: Partial<Record<keyof typeof server, string>>) => redirectUriOf({ id, ...server, ...integration }, { public: 'https://kontext.test' });

  it('are one for each authorization server: a preset\'s, or the integration\'s own', () => {
    expect(at({ provider: 'github' })).toBe('https://kontext.test/connect/callback/github');
    expect(at({ provider: 'slack' })).toBe('https://kontext.test/connect/callback/slack');
    for (const own of ['issuer', 'authorization_endpoint', 'token_endpoint', 'revocation_endpoint']) expect(at({ provider: 'github', [own]: 'https://as.test' })).toBe(`https://kontext.test/connect/callback/${id}`);
    expect(at({ issuer: 'https://as.test' })).toBe(`https://kontext.test/connect/callback/${id}`);
  });
});
