import { describe, expect, it } from 'vitest';
import { beginInBrowser, organizationOfState, startConnection } from '../../src/connections/index.ts';
import { redirectUriOf, setOAuthApp, updateIntegration } from '../../src/integrations/index.ts';
import { digest, newId, randomToken } from '../../src/platform/index.ts';
import type { IntegrationId } from '../../src/kernel/index.ts';
import { openEvilServer } from '../support/evil-server.ts';
import { testActor } from '../support/wells.ts';
import { addIntegration, addUser, checkWorld, complete, connect, eventsOf, fresh, kindsOf, roundTrip, tokenOf, useWorld } from './world.ts';

const world = useWorld();
const admin = () => testActor(world.organizationId);

describe('connecting by OAuth', () => {
  it('goes the whole way with PKCE and answers a token that the service accepts', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    expect(organizationOfState(trip.state)).toBe(world.organizationId);
    const { connection, returnTo } = await complete(world, trip);
    expect(connection).toMatchObject({ status: 'CONNECTED', reason: null, version: 1, scopes: ['openid', 'read'], user_id: alice.userId });
    expect(connection).not.toHaveProperty('credential');
    expect(returnTo).toBe('http://localhost:48210/done');
    const token = tokenOf(await fresh(world, alice, integration));
    const answer = await fetch(world.provider.apiUrl, { headers: { authorization: `Bearer ${token}` } });
    expect(await answer.json()).toMatchObject({ sub: 'alice' });
    expect(await kindsOf(world, integration)).toEqual(['connection.started', 'connection.connected']);
    await checkWorld(world, [token, world.provider.clientSecret, trip.state, trip.callbackUrl.searchParams.get('code')!]);
  });

  it('sends S256, state and scopes to the provider, and a fresh state when the page is loaded again', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const { attemptId } = await startConnection(world.wells, alice, { integrationId: integration.id });
    const begin = () => beginInBrowser(world.wells, { organizationId: world.organizationId, attemptId, userId: alice.userId, browserDigest: digest(randomToken()) });
    const [first, second] = [await begin(), await begin()];
    expect(Object.fromEntries(first.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      scope: 'openid read',
      redirect_uri: `http://localhost:48210/connect/callback/${integration.id}`,
      client_id: world.provider.clientId,
    });
    expect(first.searchParams.get('state')).not.toBe(second.searchParams.get('state'));
  });

  it('finds the endpoints of an integration that is known by issuer alone', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world, { byIssuer: true })];
    expect(await connect(world, alice, integration)).toMatchObject({ status: 'CONNECTED' });
  });

  it('keeps one connection a user and integration, with the next version', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const first = await connect(world, alice, integration);
    const second = await connect(world, alice, integration);
    expect(second).toMatchObject({ id: first.id, version: 2, status: 'CONNECTED' });
  });

  it('lets a state count once, also twenty times at once', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => complete(world, trip)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'invalid_grant' });
    expect(await fresh(world, alice, integration)).toMatchObject({ kind: 'credential' });
  });

  it('refuses another browser, and the browser that began still gets through', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    await expect(complete(world, { ...trip, browserDigest: digest('another') })).rejects.toMatchObject({ code: 'invalid_grant' });
    expect((await complete(world, trip)).connection).toMatchObject({ status: 'CONNECTED' });
  });

  it('refuses another user who signed in meanwhile in the browser that began', async () => {
    const [alice, bob, integration] = [await addUser(world), await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    await expect(complete(world, { ...trip, userId: bob.userId })).rejects.toMatchObject({ code: 'invalid_grant' });
    expect((await complete(world, trip)).connection).toMatchObject({ user_id: alice.userId });
  });

  it('refuses after ten minutes, at both ends', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    world.wells.clock.advance(601_000);
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'invalid_grant' });
    await expect(beginInBrowser(world.wells, { organizationId: world.organizationId, ...trip, userId: alice.userId })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('answers another user\'s, a foreign and a missing attempt alike', async () => {
    const [alice, bob, integration] = [await addUser(world), await addUser(world), await addIntegration(world)];
    const { attemptId } = await startConnection(world.wells, alice, { integrationId: integration.id });
    const faults = [];
    for (const changed of [{ userId: bob.userId }, { organizationId: world.otherOrganizationId }, { attemptId: newId('attempt') }]) {
      const begin = beginInBrowser(world.wells, { organizationId: world.organizationId, attemptId, userId: alice.userId, browserDigest: digest('b'), ...changed });
      faults.push(await begin.catch((fault: Error) => ({ ...fault, message: fault.message })));
    }
    expect(faults[0]).toMatchObject({ code: 'not_found' });
    expect(faults[1]).toEqual(faults[0]);
    expect(faults[2]).toEqual(faults[0]);
  });

  it('tells a person who declined from a failure', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    world.provider.switches.account = null;
    const trip = await roundTrip(world, alice, integration).finally(() => (world.provider.switches.account = 'alice'));
    expect(await complete(world, trip)).toMatchObject({ connection: null, returnTo: 'http://localhost:48210/done' });
    expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.failed', outcome: 'FAILURE', body: { details: { error: 'access_denied' } } });
  });

  it('refuses the answer of another authorization server', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    trip.callbackUrl.searchParams.set('iss', 'https://evil.test');
    const before = world.provider.tokenRequests();
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'provider_failed', extensions: { provider_error: 'issuer_mismatch' } });
    expect(world.provider.tokenRequests()).toBe(before);
  });

  it('refuses an answer at another server\'s address, also where it says no `iss`, and sends nothing', async () => {
    const [alice, integration, other] = [await addUser(world), await addIntegration(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    const callbackUrl = new URL(redirectUriOf(other, world.wells.urls));
    callbackUrl.search = trip.callbackUrl.search;
    callbackUrl.searchParams.delete('iss');
    const before = world.provider.tokenRequests();
    await expect(complete(world, { ...trip, callbackUrl })).rejects.toMatchObject({ code: 'provider_failed', extensions: { provider_error: 'callback_mismatch' } });
    expect(world.provider.tokenRequests()).toBe(before);
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'invalid_grant' });
  });

  it('demands `iss` of a server that advertises it', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world, { byIssuer: true })];
    const trip = await roundTrip(world, alice, integration);
    trip.callbackUrl.searchParams.delete('iss');
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'provider_failed' });
  });

  it('says what to correct where the provider does not know our app', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    await setOAuthApp(world.wells, admin(), { id: integration.id, clientId: world.provider.clientId, clientSecret: null });
    const trip = await roundTrip(world, alice, integration);
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'provider_failed', extensions: { provider_error: 'invalid_client' } });
    expect(await kindsOf(world, integration)).toEqual(['connection.started', 'connection.failed']);
  });

  it('keeps nothing where the integration changed meanwhile', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const trip = await roundTrip(world, alice, integration);
    const [before, revoked] = [world.provider.tokenRequests(), world.provider.revoked.length];
    world.provider.switches.stallMs = 400;
    const late = expect(complete(world, trip)).rejects.toMatchObject({ code: 'conflict' });
    await expect.poll(() => world.provider.tokenRequests()).toBe(before + 1);
    await updateIntegration(world.wells, admin(), { id: integration.id, tokenEndpoint: 'http://127.0.0.1:9/elsewhere' });
    world.provider.switches.stallMs = 0;
    await late;
    expect(world.provider.revoked).toHaveLength(revoked + 1);
    expect(await fresh(world, alice, integration)).toEqual({ kind: 'not_connected', reason: 'never_connected' });
  });

  it('sends nothing to an endpoint that another administrator set meanwhile', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    await using evil = await openEvilServer();
    const trip = await roundTrip(world, alice, integration);
    const changed = await updateIntegration(world.wells, admin(), { id: integration.id, tokenEndpoint: `${evil.url}/token` });
    expect(changed).toMatchObject({ oauth_client_id: null, has_oauth_client_secret: false });
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'invalid_grant' });
    await expect(startConnection(world.wells, alice, { integrationId: integration.id })).rejects.toMatchObject({ code: 'oauth_app_missing' });
    expect(evil.seen).toEqual([]);
  });

  it.each([
    ['another OAuth app', (id: IntegrationId) => setOAuthApp(world.wells, admin(), { id, clientId: 'another', clientSecret: null })],
    ['no OAuth app', (id: IntegrationId) => setOAuthApp(world.wells, admin(), { id, clientId: null })],
    ['another issuer', (id: IntegrationId) => updateIntegration(world.wells, admin(), { id, issuer: 'http://127.0.0.1:9' })],
    ['another auth mode', (id: IntegrationId) => updateIntegration(world.wells, admin(), { id, authMode: 'NONE' })],
  ])('ends attempts under way where the integration gets %s, and leaves those of others alone', async (_case, alter) => {
    const [alice, integration, other] = [await addUser(world), await addIntegration(world), await addIntegration(world)];
    const [trip, untouched] = [await roundTrip(world, alice, integration), await roundTrip(world, alice, other)];
    await alter(integration.id);
    await expect(complete(world, trip)).rejects.toMatchObject({ code: 'invalid_grant' });
    expect((await complete(world, untouched)).connection).toMatchObject({ status: 'CONNECTED' });
  });

  it('sends browsers back to nowhere but here and the application\'s own origins', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    for (const returnTo of ['https://evil.test/', '//evil.test', 'javascript:alert(1)', 'http://user@localhost:48210/']) {
      await expect(startConnection(world.wells, alice, { integrationId: integration.id, returnTo })).rejects.toMatchObject({ code: 'invalid_input', field: 'returnTo' });
    }
  });

  it('answers a foreign integration as a missing one', async () => {
    const integration = await addIntegration(world);
    const eve = await addUser(world, 'OWNER', world.otherOrganizationId);
    const foreign = await startConnection(world.wells, eve, { integrationId: integration.id }).catch((fault: unknown) => fault);
    const missing = await startConnection(world.wells, eve, { integrationId: newId('integration') }).catch((fault: unknown) => fault);
    expect(foreign).toMatchObject({ code: 'not_found' });
    expect(foreign).toEqual(missing);
  });
});
