import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIntegration, resolveOAuthApp, setOAuthApp, type CreateIntegration } from '../../src/integrations/index.ts';
import { startConnection } from '../../src/connections/index.ts';
import type { IntegrationId, OrganizationId } from '../../src/kernel/index.ts';
import { newId, Secret } from '../../src/platform/index.ts';
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
