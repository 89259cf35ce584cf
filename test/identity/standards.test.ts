import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourcesOf } from '../../src/platform/index.ts';
import { agree, authorization, newBrowser, obtainTokens, openStage, REDIRECT_URI, type Stage } from './stage.ts';

/** What the standards demand of an authorization server and no other test asks for by name. */
describe('the authorization server keeps to the standards: it', () => {
  let stage: Stage;
  beforeAll(async () => void (stage = await openStage()));
  afterAll(() => stage[Symbol.asyncDispose]());

  const token = (form: Record<string, string> | string, query = '') => fetch(`${stage.url}/oauth2/token${query}`, { method: 'POST', body: new URLSearchParams(form) });
  const robot = () => ({ grant_type: 'client_credentials', client_id: stage.acme.serviceAccount.clientId, client_secret: stage.acme.serviceAccount.clientSecret });
  const basic = (id: string, secret: string) => `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`;
  /** A code as the browser brings it back, with the verifier that belongs to it. */
  const obtainCode = async (configuration: client.Configuration, parameters: Record<string, string> = {}) => {
    const request = await authorization(configuration, parameters);
    const landed = await agree(newBrowser(), request);
    return { code: landed.url.searchParams.get('code')!, verifier: request.verifier };
  };

  it('names in its metadata what clients depend on', async () => {
    const metadata = (await (await fetch(`${stage.url}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer: stage.url,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      scopes_supported: expect.arrayContaining(['openid', 'email', 'profile', 'offline_access']),
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange']),
      token_endpoint_auth_methods_supported: expect.arrayContaining(['client_secret_basic', 'client_secret_post', 'none']),
    });
    const { keys } = (await (await fetch(String(metadata['jwks_uri']))).json()) as { keys: Record<string, unknown>[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: expect.any(String) });
      expect(key).not.toHaveProperty('d');
    }
  });

  it('binds a code to its client, its redirect URI and its verifier', async () => {
    const own = await stage.application('PUBLIC', [REDIRECT_URI, 'http://127.0.0.1:9/other']);
    const other = await stage.application('PUBLIC');
    const wrong: Record<string, string>[] = [{ client_id: other.id }, { redirect_uri: 'http://127.0.0.1:9/other' }, { code_verifier: client.randomPKCECodeVerifier() }];
    for (const change of wrong) {
      const { code, verifier } = await obtainCode(own.configuration);
      const answer = await token({ grant_type: 'authorization_code', client_id: own.id, code, redirect_uri: REDIRECT_URI, code_verifier: verifier, ...change });
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    }
    const { code } = await obtainCode(own.configuration);
    const bare = await token({ grant_type: 'authorization_code', client_id: own.id, code, redirect_uri: REDIRECT_URI });
    expect([bare.status, await bare.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  });

  it('lets a code live for a minute', async () => {
    const { id, configuration } = await stage.application('PUBLIC');
    const { code, verifier } = await obtainCode(configuration);
    stage.wells.clock.advance(61_000);
    const answer = await token({ grant_type: 'authorization_code', client_id: id, code, redirect_uri: REDIRECT_URI, code_verifier: verifier });
    stage.wells.clock.advance(-61_000);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  });

  it('binds a refresh token to its client and never widens its scope', async () => {
    const own = await stage.application('PUBLIC');
    const other = await stage.application('PUBLIC');
    const tokens = await obtainTokens(own.configuration);
    await expect(client.refreshTokenGrant(other.configuration, tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(client.refreshTokenGrant(own.configuration, tokens.refresh_token!, { scope: 'openid mcp:invoke' })).rejects.toMatchObject({ error: 'invalid_scope' });
    const narrow = await client.refreshTokenGrant(own.configuration, tokens.refresh_token!, { scope: 'openid' });
    expect([narrow.scope, decodeJwt(narrow.access_token)['scope']]).toEqual(['openid', 'openid']);
  });

  it('refuses at the token endpoint a resource that was not granted', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const { graphql, sidecar } = resourcesOf(stage.wells.urls);
    const tokens = await obtainTokens(configuration, { resource: sidecar });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!, { resource: graphql })).rejects.toMatchObject({ error: 'invalid_target' });
  });

  it('gives client credentials to service accounts alone, and codes to none of them', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    // The library's word for a grant type that the client may not use; RFC 6749 has a closer one.
    await expect(client.clientCredentialsGrant(configuration)).rejects.toMatchObject({ error: 'invalid_request' });
    const desktop = await stage.application('PUBLIC');
    expect(await (await token({ grant_type: 'client_credentials', client_id: desktop.id })).json()).toMatchObject({ error: 'invalid_request' });
    const page = await newBrowser().open(`${stage.url}/oauth2/authorize?client_id=${stage.acme.serviceAccount.clientId}&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(REDIRECT_URI)}`);
    expect([page.status, page.url.origin]).toEqual([400, stage.url]);
  });

  it('revokes nothing of another client, and answers 200 to a token that is none', async () => {
    const own = await stage.application('CONFIDENTIAL');
    const other = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(own.configuration);
    await expect(client.tokenRevocation(other.configuration, tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_request' });
    await client.tokenRevocation(own.configuration, 'no-such-token');
    expect(await client.tokenIntrospection(own.configuration, 'no-such-token')).toEqual({ active: false });
    expect((await client.refreshTokenGrant(own.configuration, tokens.refresh_token!)).access_token).toMatch(/.+/);
  });

  it('tells nothing of a token, and ends none, for who does not authenticate', async () => {
    const { id, configuration } = await stage.application('CONFIDENTIAL');
    const { refresh_token: refreshToken } = await obtainTokens(configuration);
    for (const endpoint of ['introspect', 'revoke']) {
      const answer = await fetch(`${stage.url}/oauth2/${endpoint}`, { method: 'POST', body: new URLSearchParams({ token: refreshToken!, client_id: id, client_secret: 'wrong' }) });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    }
    expect(await client.tokenIntrospection(configuration, refreshToken!)).toMatchObject({ active: true });
  });

  it('lets no cache keep a token or a refusal', async () => {
    for (const [form, status] of [[robot(), 200], [{ ...robot(), scope: 'nonsense' }, 400]] as const) {
      const answer = await token(form);
      expect([answer.status, answer.headers.get('cache-control'), answer.headers.get('content-type')]).toEqual([status, 'no-store', expect.stringContaining('application/json')]);
    }
  });

  it('takes tokens by POST alone, no parameter twice, no secret in the address', async () => {
    expect((await fetch(`${stage.url}/oauth2/token?${new URLSearchParams(robot())}`)).status).not.toBe(200);
    const { client_secret: secret, ...rest } = robot();
    const inQuery = await token(rest, `?${new URLSearchParams({ client_secret: secret })}`);
    expect([inQuery.status, await inQuery.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    const twice = await token(`${new URLSearchParams(robot())}&scope=management%3Aall&scope=management%3Aall`);
    expect([twice.status, await twice.json()]).toMatchObject([400, { error: 'invalid_request' }]);
  });

  it('passes over what it does not know and what is empty', async () => {
    const answer = await token({ ...robot(), scope: '', shoe_size: '42' });
    expect([answer.status, await answer.json()]).toMatchObject([200, { token_type: 'Bearer', scope: 'management:all' }]);
  });

  it('takes one way of client authentication at a time, and challenges who failed by header', async () => {
    const { client_id: id, client_secret: secret, grant_type } = robot();
    const both = await fetch(`${stage.url}/oauth2/token`, { method: 'POST', headers: { authorization: basic(id, secret) }, body: new URLSearchParams(robot()) });
    expect([both.status, await both.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    const wrong = await fetch(`${stage.url}/oauth2/token`, { method: 'POST', headers: { authorization: basic(id, 'wrong') }, body: new URLSearchParams({ grant_type }) });
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic /)]);
  });

  it('names an unknown grant type and a response type that it does not serve', async () => {
    const { configuration } = await stage.application('PUBLIC');
    expect(await (await token({ ...robot(), grant_type: 'password' })).json()).toMatchObject({ error: 'unsupported_grant_type' });
    const { url } = await authorization(configuration);
    url.searchParams.set('response_type', 'token');
    const answer = (await newBrowser().open(url)).url;
    expect(answer.searchParams.get('error') ?? new URLSearchParams(answer.hash.slice(1)).get('error')).toMatch(/unsupported_response_type|unauthorized_client/);
  });

  it('says in the ID token for whom, by whom, how long and in answer to what', async () => {
    const { id, configuration } = await stage.application('CONFIDENTIAL');
    const request = await authorization(configuration, { nonce: 'n-0S6_WzA2Mj', max_age: '3600' });
    const landed = await agree(newBrowser(), request);
    const tokens = await client.authorizationCodeGrant(configuration, landed.url, { pkceCodeVerifier: request.verifier, expectedState: request.state, expectedNonce: 'n-0S6_WzA2Mj', maxAge: 3_600, idTokenExpected: true });
    const claims = tokens.claims()!;
    expect(claims).toMatchObject({ iss: stage.url, aud: id, nonce: 'n-0S6_WzA2Mj', sub: expect.stringMatching(/^usr_/), auth_time: expect.any(Number) });
    expect(claims.exp).toBeGreaterThan(claims.iat);
  });

  it('gives no ID token where openid was not asked for', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const tokens = await obtainTokens(configuration, { scope: 'mcp:invoke' });
    expect(tokens.id_token).toBeUndefined();
    expect(tokens.scope).toBe('mcp:invoke');
  });

  it('shows no page in a frame', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const consent = await newBrowser().open((await authorization(configuration)).url);
    const refusal = await newBrowser().open((await authorization(configuration, { redirect_uri: 'https://evil.test/' })).url);
    for (const { headers } of [consent, refusal]) {
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
    }
  });
});
