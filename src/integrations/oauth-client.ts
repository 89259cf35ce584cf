import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  ClientError,
  ClientSecretPost,
  Configuration,
  customFetch,
  None,
  refreshTokenGrant,
  ResponseBodyError,
  type ClientAuth,
  type TokenEndpointResponse,
} from 'openid-client';
import { Fault } from '../kernel/index.ts';
import { Secret, type Clock, type SafeFetch } from '../platform/index.ts';
import type { Endpoints } from './endpoints.ts';
import type { OAuthApp } from './oauth-app.ts';
import { quirkyFetch } from './oauth-fetch.ts';
import type { OAuthDialect } from './provider.ts';

/** What an authorization server issued. */
export interface IssuedTokens {
  readonly accessToken: Secret;
  readonly refreshToken: Secret | null;
  readonly tokenType: string;
  readonly expiresAt: Date | null;
  /** Null where the answer names none: then it is what was asked for (RFC 6749 section 5.1). */
  readonly scopes: readonly string[] | null;
}

/**
 * How a request for tokens ended. `refused`: the grant is over for good. `failed`: the server said no or was not reached,
 * nothing changed there. `unknown`: the request went out and no usable answer came, so the grant may be used up.
 * `error` is a code fit for logs and pages, never the server's own prose.
 */
export type TokenOutcome =
  | { readonly kind: 'issued'; readonly tokens: IssuedTokens }
  | { readonly kind: 'refused' | 'failed' | 'unknown' | 'declined'; readonly error: string };

/** The user's agent's way back, and what it must match. */
export interface AuthorizationAnswer {
  /** Our redirect URI with the answer's parameters. */
  readonly url: URL;
  readonly state: string;
  readonly codeVerifier: Secret | null;
}

const TIMEOUT_SECONDS = 10;

/**
 * How a client with a secret proves itself. Basic encodes as forms do, which leaves hyphens, dots and underscores alone:
 * servers that forget to decode then still read nearly every id and secret.
 */
const CLIENT_AUTHENTICATION: Record<OAuthDialect['clientAuthentication'], (secret: Secret) => ClientAuth> = {
  client_secret_basic: (secret) => (_server, client, _body, headers) => headers.set('authorization', basic(client.client_id, secret)),
  client_secret_post: (secret) => ClientSecretPost(secret.reveal()),
};

/** The value of an `Authorization` header by RFC 6749 section 2.3.1. */
export function basic(clientId: string, secret: Secret): string {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${btoa(`${encode(clientId)}:${encode(secret.reveal())}`)}`;
}

/** Redeems the code of an authorization answer after holding `iss` and `state` against what is expected. Never throws. */
export async function redeemCode(deps: { fetch: SafeFetch; clock: Clock }, endpoints: Endpoints, app: OAuthApp, answer: AuthorizationAnswer): Promise<TokenOutcome> {
  const url = new URL(answer.url);
  const issuer = url.searchParams.get('iss');
  // Another server's answer must not reach this server's token endpoint (RFC 9207); the library looks again, and for a missing one.
  if (endpoints.iss === 'ignored') url.searchParams.delete('iss');
  else if (issuer !== null && issuer !== endpoints.issuer) return { kind: 'failed', error: 'issuer_mismatch' };
  const checks = { expectedState: answer.state, ...(answer.codeVerifier && { pkceCodeVerifier: answer.codeVerifier.reveal() }) };
  return outcomeOf(deps.clock, () => authorizationCodeGrant(configure(deps.fetch, endpoints, app), url, checks));
}

/** Asks for new tokens; at most ten seconds. Never throws. */
export async function refreshTokens(deps: { fetch: SafeFetch; clock: Clock }, endpoints: Endpoints, app: OAuthApp, refreshToken: Secret): Promise<TokenOutcome> {
  return outcomeOf(deps.clock, () => refreshTokenGrant(configure(deps.fetch, endpoints, app), refreshToken.reveal()));
}

function configure(fetch: SafeFetch, endpoints: Endpoints, app: OAuthApp): Configuration {
  const server = {
    // Where no issuer is known, nothing that claims one can match.
    issuer: endpoints.issuer ?? 'urn:kontext:unknown-issuer',
    token_endpoint: endpoints.token,
    authorization_response_iss_parameter_supported: endpoints.iss === 'required',
  };
  const authentication = app.clientSecret ? CLIENT_AUTHENTICATION[endpoints.dialect.clientAuthentication](app.clientSecret) : None();
  const configuration = new Configuration(server, app.clientId, undefined, authentication);
  configuration[customFetch] = quirkyFetch(fetch, endpoints.quirks);
  configuration.timeout = TIMEOUT_SECONDS;
  allowInsecureRequests(configuration);
  return configuration;
}

async function outcomeOf(clock: Clock, request: () => Promise<TokenEndpointResponse>): Promise<TokenOutcome> {
  try {
    return { kind: 'issued', tokens: issued(clock, await request()) };
  } catch (error) {
    return classify(error);
  }
}

/** What a token consists of (RFC 6749 appendix A.12); what is longer fits in no header. */
const TOKEN = /^[\x20-\x7e]{1,16384}$/;
/** `scope-token` (RFC 6749 section 3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const MAX_SCOPES = 256;
/** The longest expiry that counts; what claims more is asked about again by then. */
const TEN_YEARS_S = 315_360_000;

/**
 * The answer as it can be kept, whatever a server claims: when this is called it may have rotated the refresh token, so
 * nothing that can be done without fails it. Throws for tokens that are none.
 */
function issued(clock: Clock, answer: TokenEndpointResponse): IssuedTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = answer;
  if (!TOKEN.test(accessToken) || (refreshToken !== undefined && !TOKEN.test(refreshToken))) throw new ClientError('The server issued a token that is none.');
  return {
    accessToken: new Secret(accessToken),
    refreshToken: refreshToken === undefined ? null : new Secret(refreshToken),
    tokenType: 'Bearer',
    expiresAt: seconds === undefined ? null : new Date(clock.now().getTime() + Math.min(seconds, TEN_YEARS_S) * 1000),
    scopes: scope === undefined ? null : scope.split(/[\s,]+/).filter((token) => SCOPE.test(token)).slice(0, MAX_SCOPES),
  };
}

const code = (text: string): string => (/^[\w.-]{1,64}$/.test(text) ? text : 'unreadable_error');

function classify(error: unknown): TokenOutcome {
  if (error instanceof AuthorizationResponseError) return { kind: error.error === 'access_denied' ? 'declined' : 'failed', error: code(error.error) };
  if (error instanceof ResponseBodyError) return { kind: error.error === 'invalid_grant' ? 'refused' : 'failed', error: code(error.error) };
  if (error instanceof ClientError) return classifyClientError(error);
  return { kind: 'unknown', error: 'unexpected' };
}

/** Errors before a connection stands: the request cannot have arrived. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function classifyClientError({ code: reason, cause }: ClientError): TokenOutcome {
  // Another status than the standard's, and no error that can be read: the server answered, and not with tokens.
  if (reason === 'OAUTH_RESPONSE_IS_NOT_CONFORM') return { kind: 'failed', error: cause instanceof Response ? `http_${cause.status}` : 'unexpected_status' };
  // What is wrong with the authorization answer is found before anything is sent.
  if (reason === 'OAUTH_INVALID_RESPONSE' && !isTokenAnswer(cause)) return { kind: 'failed', error: 'invalid_authorization_answer' };
  if (cause instanceof Fault) return neverSent(cause) ? { kind: 'failed', error: 'not_reached' } : { kind: 'unknown', error: 'no_answer' };
  return { kind: 'unknown', error: reason === 'OAUTH_TIMEOUT' ? 'no_answer' : 'unreadable_answer' };
}

/** The library keeps the parsed body beside a complaint about a token answer, and the parameters beside one about the answer before it. */
const isTokenAnswer = (cause: unknown): boolean => cause instanceof Error && typeof cause.cause === 'object' && cause.cause !== null && 'body' in cause.cause;

function neverSent(fault: Fault): boolean {
  if (fault.cause === undefined) return true; // refused as a target
  for (let cause: unknown = fault.cause; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && NEVER_SENT.has(cause.code)) return true;
    if (cause.message === fault.message) return true;
  }
  return false;
}
