import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../src/integrations/index.ts';
import { redeemCode, type AuthorizationAnswer } from '../../src/integrations/oauth-client.ts';
import { revokeToken } from '../../src/integrations/revoke-token.ts';
import { resolveEndpoints } from '../../src/integrations/endpoints.ts';
import { Secret, systemClock, type SafeFetch } from '../../src/platform/index.ts';

interface Seen {
  readonly url: string;
  readonly method: string | undefined;
  readonly headers: Headers;
  readonly body: string;
}

/** A network that answers one thing and remembers what it was asked. */
function network(status: number, body: string, contentType = 'application/json'): { fetch: SafeFetch; seen: Seen[] } {
  const seen: Seen[] = [];
  return {
    seen,
    fetch: async (url, init = {}) => {
      seen.push({ url: String(url), method: init.method, headers: new Headers(init.headers), body: String(init.body ?? '') });
      return new Response(status === 204 ? null : body, { status, headers: { 'content-type': contentType, 'www-authenticate': 'Basic realm="x"' } });
    },
  };
}

const app = { clientId: 'client-id', clientSecret: new Secret('sec-ret_1'), source: 'INTEGRATION' } as const;

async function redeemAt(provider: string, status: number, body: string, contentType?: string) {
  const { fetch, seen } = network(status, body, contentType);
  const deps = { fetch, clock: systemClock };
  const endpoints = await resolveEndpoints(deps, { handle: provider, provider, issuer: null, authorization_endpoint: null, token_endpoint: null, revocation_endpoint: null });
  const url = new URL('https://kontext.test/connect/callback?code=abc&state=xyz');
  const answer: AuthorizationAnswer = { url, state: 'xyz', codeVerifier: endpoints.dialect.pkce ? new Secret('verifier-verifier-verifier-verifier-verifier') : null };
  return { outcome: await redeemCode(deps, endpoints, app, answer), request: seen[0]! };
}

describe('GitHub', () => {
  it('answers errors with 200, in its own words', async () => {
    const { outcome, request } = await redeemAt('github', 200, '{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}');
    expect(outcome).toEqual({ kind: 'refused', error: 'invalid_grant' });
    expect(request.headers.get('accept')).toBe('application/json');
    expect(new URLSearchParams(request.body).get('client_secret')).toBe('sec-ret_1');
  });

  it('answers form-encoded where it likes, with scopes between commas and no expiry', async () => {
    const { outcome } = await redeemAt('github', 200, 'access_token=gho_1&scope=repo%2Cgist&token_type=bearer', 'application/x-www-form-urlencoded');
    expect(outcome).toMatchObject({ kind: 'issued', tokens: { refreshToken: null, expiresAt: null, scopes: ['repo', 'gist'] } });
  });
});

describe('Slack', () => {
  it('keeps the user\'s token beside the bot\'s', async () => {
    const body = { ok: true, access_token: 'xoxb-bot', token_type: 'bot', scope: 'commands', authed_user: { id: 'U1', access_token: 'xoxp-user', scope: 'chat:write,users:read', token_type: 'user', expires_in: 43_200, refresh_token: 'xoxe-1' } };
    const { outcome, request } = await redeemAt('slack', 200, JSON.stringify(body));
    if (outcome.kind !== 'issued') throw new Error(outcome.error);
    expect(outcome.tokens.accessToken.reveal()).toBe('xoxp-user');
    expect(outcome.tokens.refreshToken?.reveal()).toBe('xoxe-1');
    expect(outcome.tokens.scopes).toEqual(['chat:write', 'users:read']);
    expect(request.body).not.toContain('code_verifier');
  });

  it('answers errors with 200', async () => {
    expect((await redeemAt('slack', 200, '{"ok":false,"error":"code_already_used"}')).outcome).toEqual({ kind: 'refused', error: 'invalid_grant' });
    expect((await redeemAt('slack', 200, '{"ok":false,"error":"ratelimited"}')).outcome).toEqual({ kind: 'failed', error: 'ratelimited' });
  });
});

describe('Notion', () => {
  it('is asked in JSON by a client that says who it is without encoding hyphens away', async () => {
    const { outcome, request } = await redeemAt('notion', 200, '{"access_token":"ntn_1","token_type":"bearer","refresh_token":null,"bot_id":"b"}');
    expect(outcome).toMatchObject({ kind: 'issued', tokens: { refreshToken: null, expiresAt: null, scopes: null } });
    expect(request.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(request.body)).toEqual({ grant_type: 'authorization_code', code: 'abc', redirect_uri: 'https://kontext.test/connect/callback' });
    expect(atob(request.headers.get('authorization')!.slice('Basic '.length))).toBe('client-id:sec-ret_1');
    expect(request.headers.get('notion-version')).toMatch(/^\d{4}-/);
  });
});

describe('any server', () => {
  it.each([
    ['500', 500, '{"error":"server_error"}', { kind: 'failed', error: 'http_500' }],
    ['400 without a body', 400, '', { kind: 'failed', error: 'http_400' }],
    ['401 with a challenge', 401, '{"error":"invalid_client"}', { kind: 'failed', error: 'invalid_client' }],
    ['a redirect', 302, '', { kind: 'failed', error: 'http_302' }],
    ['200 without a token', 200, '{}', { kind: 'unknown', error: 'unreadable_answer' }],
    ['a page', 200, '<html>error=1</html>', { kind: 'unknown', error: 'unreadable_answer' }],
    ['prose as an error code', 400, '{"error":"<script>alert(1)</script>"}', { kind: 'failed', error: 'unreadable_error' }],
  ])('%s', async (_case, status, body, expected) => {
    const { outcome } = await redeemAt('google', status, body, body.startsWith('<') ? 'text/html' : undefined);
    expect(outcome).toEqual(expected);
  });

  it('may answer null members, scopes as a list, no token type, and an expiry as text', async () => {
    const { outcome } = await redeemAt('linear', 200, '{"access_token":"a","refresh_token":null,"scope":["read","write"],"expires_in":"60","id_token":"x"}');
    expect(outcome).toMatchObject({ kind: 'issued', tokens: { tokenType: 'Bearer', refreshToken: null, scopes: ['read', 'write'], expiresAt: expect.any(Date) as Date } });
  });
});

describe('the metadata of an issuer', () => {
  const find = (metadata: object) => {
    const integration = { handle: 'any', provider: null, issuer: 'https://issuer.test', authorization_endpoint: null, token_endpoint: null, revocation_endpoint: null };
    return resolveEndpoints({ fetch: network(200, JSON.stringify(metadata)).fetch, clock: systemClock }, integration);
  };
  const endpoints = { authorization_endpoint: 'https://issuer.test/a', token_endpoint: 'https://issuer.test/t' };

  it('is taken where it is its own', async () => {
    expect(await find({ issuer: 'https://issuer.test', ...endpoints, authorization_response_iss_parameter_supported: true })).toMatchObject({ authorization: 'https://issuer.test/a', token: 'https://issuer.test/t', issuer: 'https://issuer.test', iss: 'required' });
  });

  it.each<[string, object]>([
    ['names another issuer', { issuer: 'https://evil.test', ...endpoints }],
    ['names none', endpoints],
    ['has no token endpoint', { issuer: 'https://issuer.test', authorization_endpoint: 'https://issuer.test/a' }],
  ])('is refused where it %s', async (_case, metadata) => {
    await expect(find(metadata)).rejects.toMatchObject({ code: 'provider_failed', message: expect.stringContaining('https://issuer.test') as string });
  });
});

describe('an answer that claims too much', () => {
  const issuedBy = async (members: object) => {
    const { outcome } = await redeemAt('github', 200, JSON.stringify({ access_token: 'a', token_type: 'bearer', ...members }).replace('"huge"', '1e400'));
    if (outcome.kind !== 'issued') throw new Error(outcome.error);
    return outcome.tokens;
  };
  const TEN_YEARS_MS = 315_360_000_000;

  it.each([1e15, 1e300, Number.MAX_VALUE, '99999999999999999999'])('expires in ten years where it says %s seconds', async (expires_in) => {
    const { expiresAt } = await issuedBy({ expires_in });
    expect(Math.abs(expiresAt!.getTime() - Date.now() - TEN_YEARS_MS)).toBeLessThan(10_000);
  });

  it.each(['huge', -5, 0, 'soon', 'NaN', 'Infinity', true, [], {}, null])('does not expire where it says %j', async (expires_in) => {
    expect((await issuedBy({ expires_in })).expiresAt).toBeNull();
  });

  it('keeps the scopes that are scopes', async () => {
    const { scopes } = await issuedBy({ scope: `read a\u0000b "quoted" back\\slash tw\u00f6 ${'x'.repeat(257)} write` });
    expect(scopes).toEqual(['read', 'write']);
    expect((await issuedBy({ scope: Array.from({ length: 1_000 }, (_, index) => `s${index}`).join(' ') })).scopes).toHaveLength(256);
    expect((await issuedBy({ scope: 5 })).scopes).toBeNull();
  });

  it('loses no token over a refresh token that is no text', async () => {
    expect(await issuedBy({ refresh_token: 5 })).toMatchObject({ refreshToken: null });
  });

  it.each(['', 'a\u0000b', 'a\nb', 'tw\u00f6', 'x'.repeat(16_385)])('is unreadable where a token is %j', async (token) => {
    expect((await redeemAt('github', 200, JSON.stringify({ access_token: token }))).outcome).toMatchObject({ kind: 'unknown', error: 'unreadable_answer' });
    if (token !== '') expect((await redeemAt('github', 200, JSON.stringify({ access_token: 'a', refresh_token: token }))).outcome).toMatchObject({ kind: 'unknown', error: 'unreadable_answer' });
  });
});

describe('ending a token', () => {
  const tokens = { accessToken: new Secret('access'), refreshToken: new Secret('refresh') };
  const endpointsOf = (provider: string) => resolveEndpoints({ fetch: network(200, '').fetch, clock: systemClock }, { handle: provider, provider, issuer: null, authorization_endpoint: null, token_endpoint: null, revocation_endpoint: null });

  it('ends the one token at GitHub, never the grant', async () => {
    const { fetch, seen } = network(204, '');
    expect(await revokeToken({ fetch }, await endpointsOf('github'), app, tokens)).toEqual({ revoked: true });
    expect(seen[0]).toMatchObject({ url: 'https://api.github.com/applications/client-id/token', method: 'DELETE', body: '{"access_token":"access"}' });
  });

  it('leaves Google alone where the app is everybody\'s: it would end the grant of other organizations too', async () => {
    const { fetch, seen } = network(200, '{}');
    expect(await revokeToken({ fetch }, await endpointsOf('google'), { ...app, source: 'PLATFORM' }, tokens)).toEqual({ revoked: false, reason: 'skipped' });
    expect(seen).toEqual([]);
    expect(await revokeToken({ fetch }, await endpointsOf('google'), app, tokens)).toEqual({ revoked: true });
    expect(new URLSearchParams(seen[0]?.body).get('token')).toBe('refresh');
  });

  it('believes the body where the status says otherwise', async () => {
    const { fetch } = network(200, '{"ok":false,"error":"token_revoked"}');
    expect(await revokeToken({ fetch }, await endpointsOf('slack'), app, tokens)).toEqual({ revoked: false, reason: 'http_400' });
  });

  it.each([...PROVIDERS.keys()])('%s is asked with its own words', async (provider) => {
    const { fetch, seen } = network(200, '{"ok":true}');
    expect(await revokeToken({ fetch }, await endpointsOf(provider), app, tokens)).toEqual({ revoked: true });
    expect(seen[0]?.url).not.toContain('access');
  });
});
