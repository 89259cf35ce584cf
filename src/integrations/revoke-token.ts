import type { Secret, SafeFetch } from '../platform/index.ts';
import type { Endpoints } from './endpoints.ts';
import { normalizeAnswer } from './normalize-answer.ts';
import type { OAuthApp } from './oauth-app.ts';
import { basic } from './oauth-client.ts';
import type { OAuthDialect, Revocation } from './provider.ts';

interface RevocationRequest {
  readonly endpoint: string;
  readonly app: OAuthApp;
  readonly clientAuthentication: OAuthDialect['clientAuthentication'];
  readonly accessToken: Secret;
  readonly refreshToken: Secret | null;
}

interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

const FORM = 'application/x-www-form-urlencoded';

/** How a token is ended at its server. */
const REVOCATIONS: Record<Revocation['style'], (request: RevocationRequest) => HttpRequest> = {
  // The refresh token where there is one: its access tokens end with it (RFC 7009 section 2.1).
  rfc7009: ({ endpoint, app, clientAuthentication, accessToken, refreshToken }) => {
    const byHeader = app.clientSecret !== null && clientAuthentication === 'client_secret_basic';
    const form = new URLSearchParams({ token: (refreshToken ?? accessToken).reveal(), token_type_hint: refreshToken ? 'refresh_token' : 'access_token' });
    if (!byHeader) form.set('client_id', app.clientId);
    if (app.clientSecret && !byHeader) form.set('client_secret', app.clientSecret.reveal());
    const headers = { 'content-type': FORM, ...(byHeader && app.clientSecret && { authorization: basic(app.clientId, app.clientSecret) }) };
    return { url: endpoint, method: 'POST', headers, body: form.toString() };
  },
  // The token asks for its own end.
  bearer: ({ endpoint, accessToken }) => ({ url: endpoint, method: 'POST', headers: { 'content-type': FORM, authorization: `Bearer ${accessToken.reveal()}` }, body: '' }),
  github: ({ endpoint, app, accessToken }) => ({
    url: endpoint.replace('{client_id}', encodeURIComponent(app.clientId)),
    method: 'DELETE',
    headers: {
      'content-type': 'application/json',
      accept: 'application/vnd.github+json',
      'user-agent': 'kontext',
      ...(app.clientSecret && { authorization: basic(app.clientId, app.clientSecret) }),
    },
    body: JSON.stringify({ access_token: accessToken.reveal() }),
  }),
};

const TIMEOUT_MS = 5_000;

/**
 * Ends one token at its server; at most five seconds. Answers whether the server confirmed it, and why not where it did
 * not. `skipped` where the server has no such endpoint, or would end with this token what the user granted to other
 * organizations through the platform's shared app. Never throws.
 */
export async function revokeToken(
  deps: { fetch: SafeFetch },
  endpoints: Endpoints,
  app: OAuthApp,
  tokens: { readonly accessToken: Secret; readonly refreshToken: Secret | null },
): Promise<{ readonly revoked: true } | { readonly revoked: false; readonly reason: string }> {
  const { revocation, dialect, quirks } = endpoints;
  if (!revocation || (revocation.reach === 'grant' && app.source === 'PLATFORM')) return { revoked: false, reason: 'skipped' };
  const request = REVOCATIONS[revocation.style]({ endpoint: revocation.endpoint, app, clientAuthentication: dialect.clientAuthentication, ...tokens });
  const json = quirks.jsonRequests && request.body !== null;
  try {
    const answer = await deps.fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, ...quirks.headers, ...(json && { 'content-type': 'application/json' }) },
      body: json ? JSON.stringify({ token: tokens.accessToken.reveal() }) : request.body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // Some say no with a success status.
    const response = await normalizeAnswer(answer, quirks);
    return response.ok ? { revoked: true } : { revoked: false, reason: `http_${response.status}` };
  } catch {
    return { revoked: false, reason: 'no_answer' };
  }
}
