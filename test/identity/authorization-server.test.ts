import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourcesOf } from '../../src/platform/index.ts';
import { agree, authorization, discover, newBrowser, obtainTokens, openStage, REDIRECT_URI, type Stage } from './stage.ts';

describe('the authorization server', () => {
  let stage: Stage;
  beforeAll(async () => void (stage = await openStage()));
  afterAll(() => stage[Symbol.asyncDispose]());

  it('describes itself at both discovery addresses', async () => {
    const [openid, oauth] = await Promise.all(['openid-configuration', 'oauth-authorization-server'].map(async (name) => (await fetch(`${stage.url}/.well-known/${name}`)).json()));
    expect(openid).toEqual(oauth);
    expect(openid).toMatchObject({
      issuer: stage.url,
      authorization_endpoint: `${stage.url}/oauth2/authorize`,
      token_endpoint: `${stage.url}/oauth2/token`,
      revocation_endpoint: `${stage.url}/oauth2/revoke`,
      introspection_endpoint: `${stage.url}/oauth2/introspect`,
      jwks_uri: `${stage.url}/.well-known/jwks.json`,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('keeps its addresses whatever the client says of the host', async () => {
    const response = await fetch(`${stage.url}/.well-known/openid-configuration`, { headers: { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' } });
    expect(await response.json()).toMatchObject({ token_endpoint: `${stage.url}/oauth2/token` });
  });

  it('gives a user\'s application a token of RFC 9068 for gateway and sidecar', async () => {
    const { id, configuration } = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(configuration);
    const keys = createRemoteJWKSet(new URL(`${stage.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(tokens.access_token, keys, { issuer: stage.url });
    const { gateway, sidecar } = resourcesOf(stage.wells.urls);
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(payload).toMatchObject({ aud: [gateway, sidecar], client_id: id, org: stage.acme.organizationId, scope: 'openid email profile', jti: expect.any(String), grant_id: expect.any(String) });
    expect(payload.sub).toMatch(/^usr_/);
    expect(tokens.claims()).toMatchObject({ sub: payload.sub, email: 'alice@acme.test', name: 'Alice Ames' });
    expect(tokens.expires_in).toBe(900);

    const verified = await stage.identity.verifyAccessToken(tokens.access_token, sidecar);
    const actor = await stage.identity.loadActor(verified, { requestId: 'req_1', address: null });
    expect(actor).toMatchObject({ kind: 'user', userId: payload.sub, name: 'Alice Ames', role: 'OWNER', applicationId: id, grantId: payload['grant_id'] });
  });

  it('narrows a token to the resource asked for, at either endpoint', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const { graphql, sidecar } = resourcesOf(stage.wells.urls);
    const narrow = await obtainTokens(configuration, { resource: graphql });
    expect(decodeJwt(narrow.access_token).aud).toBe(graphql);
    await expect(stage.identity.verifyAccessToken(narrow.access_token, sidecar)).rejects.toMatchObject({ code: 'unauthenticated' });

    const wide = await obtainTokens(configuration);
    const refreshed = await client.refreshTokenGrant(configuration, wide.refresh_token!, { resource: sidecar });
    expect(decodeJwt(refreshed.access_token).aud).toBe(sidecar);
  });

  it('refuses a resource it does not know', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const { url } = await newBrowser().open((await authorization(configuration, { resource: 'https://elsewhere.test' })).url);
    expect(url.searchParams.get('error')).toBe('invalid_target');
    expect(url.searchParams.get('iss')).toBe(stage.url);
  });

  it('rotates refresh tokens, and ends the whole grant where one is used twice', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    const first = await obtainTokens(configuration);
    const second = await client.refreshTokenGrant(configuration, first.refresh_token!);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(decodeJwt(second.access_token).aud).toEqual(decodeJwt(first.access_token).aud);

    await expect(client.refreshTokenGrant(configuration, first.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(client.refreshTokenGrant(configuration, second.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(actorOf(second.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('ends the grant with the refresh token that is revoked, before it answers', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(configuration);
    const revision = await accessRevision();
    await client.tokenRevocation(configuration, tokens.refresh_token!);
    expect(await accessRevision()).toBeGreaterThan(revision);
    await expect(actorOf(tokens.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await client.tokenIntrospection(configuration, tokens.refresh_token!)).toEqual({ active: false });
  });

  it('introspects a refresh token to its own client', async () => {
    const { id, configuration } = await stage.application('CONFIDENTIAL');
    const other = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(configuration);
    expect(await client.tokenIntrospection(configuration, tokens.refresh_token!)).toMatchObject({ active: true, client_id: id });
    expect(await client.tokenIntrospection(other.configuration, tokens.refresh_token!)).toEqual({ active: false });
  });

  it('gives a service account the scopes it holds, for the graph', async () => {
    const { clientId, clientSecret } = stage.acme.serviceAccount;
    const { graphql } = resourcesOf(stage.wells.urls);
    for (const authenticate of [client.ClientSecretBasic, client.ClientSecretPost]) {
      const tokens = await client.clientCredentialsGrant(await discover(stage.url, clientId, clientSecret, authenticate));
      expect(tokens.scope).toBe('management:all');
      const verified = await stage.identity.verifyAccessToken(tokens.access_token, graphql);
      expect(await stage.identity.loadActor(verified, { requestId: 'req_1', address: null })).toMatchObject({ kind: 'service_account', serviceAccountId: clientId, scopes: ['management:all'] });
    }
    const configuration = await discover(stage.url, clientId, clientSecret);
    await expect(client.clientCredentialsGrant(configuration, { scope: 'management:audit:read' })).rejects.toMatchObject({ error: 'invalid_scope' });
    await expect(client.clientCredentialsGrant(configuration, { resource: resourcesOf(stage.wells.urls).sidecar })).rejects.toMatchObject({ error: 'invalid_target' });
  });

  it('answers one thing to an unknown client and to a wrong secret', async () => {
    const answers = await Promise.all(
      [stage.acme.serviceAccount.clientId, 'svc_01hzzzzzzzzzzzzzzzzzzzzzzz', 'nobody'].map(async (id) => {
        const response = await fetch(`${stage.url}/oauth2/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: 'wrong' }) });
        return `${response.status} ${(await response.text()).replace(/req_\w+/, 'req_')}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^401 .*invalid_client.*"request_id":"req_"/);
  });

  it('never redirects to a URI that is not registered', async () => {
    const { configuration } = await stage.application('PUBLIC');
    for (const redirect_uri of ['https://evil.test/callback', 'http://127.0.0.1:9/callback/../evil', `${REDIRECT_URI}?more=1`]) {
      const page = await newBrowser().open((await authorization(configuration, { redirect_uri })).url);
      expect(page.status).toBe(400);
      expect(page.url.origin).toBe(stage.url);
      expect(page.html).toContain('redirect_uri');
    }
  });

  it('matches a loopback URI on any port', async () => {
    const { configuration } = await stage.application('PUBLIC', ['http://127.0.0.1/callback']);
    const tokens = await obtainTokens(configuration);
    expect(tokens.token_type).toBe('bearer');
  });

  it('demands PKCE with S256 of public and confidential clients', async () => {
    for (const kind of ['PUBLIC', 'CONFIDENTIAL'] as const) {
      const { configuration } = await stage.application(kind);
      const { url } = await authorization(configuration);
      for (const change of [(search: URLSearchParams) => (search.delete('code_challenge'), search.delete('code_challenge_method')), (search: URLSearchParams) => search.set('code_challenge_method', 'plain')]) {
        const broken = new URL(url);
        change(broken.searchParams);
        expect((await newBrowser().open(broken)).url.searchParams.get('error')).toBe('invalid_request');
      }
    }
  });

  it('lets exactly one of 20 redeem a code, and ends all that came of it', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    const request = await authorization(configuration);
    const landed = await agree(newBrowser(), request);
    const redeem = () => client.authorizationCodeGrant(configuration, landed.url, { pkceCodeVerifier: request.verifier, expectedState: request.state });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, redeem));
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(won).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ error: 'invalid_grant' });
    await expect(client.refreshTokenGrant(configuration, won[0]!.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(actorOf(won[0]!.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('keeps no bearer value in any column', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(configuration);
    const rows = await stage.wells.db.asOwner((tx) => tx.selectFrom('oidc_record').selectAll().execute());
    expect(rows.length).toBeGreaterThan(0);
    const text = rows.map((row) => JSON.stringify(row) + Buffer.from(row.payload).toString('latin1')).join('\n');
    for (const secret of [tokens.refresh_token!, tokens.access_token, String(decodeJwt(tokens.access_token)['grant_id'])]) {
      expect(text).not.toContain(secret);
      expect(stage.wells.logLines.join('\n')).not.toContain(secret);
    }
    expect(rows.filter(({ model, organization_id }) => ['Grant', 'RefreshToken', 'Interaction', 'AuthorizationCode'].includes(model) && organization_id === null)).toEqual([]);
  });

  it('serves token exchange by the handler it was given', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    stage.identity.registerExchange(async ({ parameters, authorization: header, requestId }) => ({
      status: 400,
      headers: { 'x-test': requestId },
      body: { error: 'integration_required', seen: Object.fromEntries(parameters), basic: header?.startsWith('Basic ') ?? false },
    }));
    await expect(client.genericGrantRequest(configuration, 'urn:ietf:params:oauth:grant-type:token-exchange', { subject_token: 'a', subject_token_type: 'b', resource: 'github', scope: 'github:create_issue' })).rejects.toMatchObject({
      error: 'integration_required',
      cause: { seen: { subject_token: 'a', resource: 'github', scope: 'github:create_issue' }, basic: true },
    });
    const { clientId, clientSecret } = stage.acme.serviceAccount;
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id: clientId, client_secret: clientSecret, resource: 'a' });
    body.append('resource', 'b');
    const twice = await fetch(`${stage.url}/oauth2/token`, { method: 'POST', body });
    expect(twice.status).toBe(400);
    expect(await twice.json()).toMatchObject({ error: 'invalid_request' });
  });

  const actorOf = async (token: string) => stage.identity.loadActor(await stage.identity.verifyAccessToken(token, resourcesOf(stage.wells.urls).sidecar), { requestId: 'req_1', address: null });
  const accessRevision = () =>
    stage.wells.db.read(stage.acme.organizationId, async (tx) => (await tx.selectFrom('organization_head').select('access_revision').executeTakeFirstOrThrow()).access_revision);
});
