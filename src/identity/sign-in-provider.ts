import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  type ClientAuth,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import { Fault } from '../kernel/index.ts';
import { digestHex, type SafeFetch, type Wells } from '../platform/index.ts';
import type { Claims, SignInClient } from '../directory/index.ts';

type ProviderDeps = Pick<Wells, 'fetch' | 'clock' | 'urls'>;

interface RoundTrip {
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
}

/** Where the browser goes to sign in. PKCE, state and nonce always. */
export async function authorizationUrl(
  deps: ProviderDeps,
  provider: SignInClient,
  { state, verifier, nonce, loginHint, afresh }: RoundTrip & { readonly loginHint: string | undefined; readonly afresh: boolean },
): Promise<URL> {
  const configuration = await configurationOf(deps, provider);
  // Some providers refuse a scope they do not know.
  const asksGroups = configuration.serverMetadata().scopes_supported?.includes('groups') ?? false;
  return buildAuthorizationUrl(configuration, {
    redirect_uri: `${deps.urls.public}/sign-in/callback`,
    response_type: 'code',
    scope: `openid email profile${asksGroups ? ' groups' : ''}`,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...(loginHint !== undefined && { login_hint: loginHint }),
    ...(afresh && { prompt: 'login' }),
  });
}

/**
 * Who signed in, from the provider's answer: state, issuer and nonce compared, the code exchanged, the ID token verified.
 * What the ID token leaves out is asked of the user-info endpoint. `provider_failed` where the provider errs, `forbidden`
 * where it refuses or does not say who it is.
 */
export async function askProvider(deps: ProviderDeps, provider: SignInClient, callback: URL, { state, verifier, nonce }: RoundTrip): Promise<Claims> {
  const configuration = await configurationOf(deps, provider);
  const claims = await readClaims(configuration, provider, callback, { state, verifier, nonce }).catch((error: unknown) => {
    throw asFault(error);
  });
  const { sub, email, email_verified: emailVerified, name, [provider.groupsClaim]: groups } = claims;
  if (typeof sub !== 'string' || typeof email !== 'string') {
    throw new Fault('forbidden', { message: 'The identity provider did not say which e-mail address you have.', hint: 'An administrator of the identity provider can release the email claim to Kontext.' });
  }
  return {
    issuer: configuration.serverMetadata().issuer,
    subject: sub,
    email,
    emailVerified: emailVerified === true,
    name: typeof name === 'string' ? name : '',
    groups: Array.isArray(groups) ? groups.filter((group): group is string => typeof group === 'string') : null,
  };
}

async function readClaims(configuration: Configuration, provider: SignInClient, callback: URL, { state, verifier, nonce }: RoundTrip): Promise<Readonly<Record<string, unknown>>> {
  const tokens = await authorizationCodeGrant(configuration, callback, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true });
  const claims = tokens.claims();
  if (!claims) throw new Fault('provider_failed', { message: 'The identity provider answered without an ID token.' });
  const complete = claims['email'] !== undefined && claims[provider.groupsClaim] !== undefined;
  if (complete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
  return { ...(await fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
}

const REMEMBER_MS = 300_000;
const REMEMBER_FAILURE_MS = 5_000;
const MAX_REMEMBERED = 500;
interface Remembered {
  until: number;
  readonly configuration: Promise<Configuration>;
}
/** One memory for each outbound door, so that it lives as long as the door. */
const memories = new WeakMap<SafeFetch, Map<string, Remembered>>();

/**
 * The provider as it describes itself, asked once in five minutes however many sign in: anybody can begin a sign-in, so
 * the asking must not be theirs to multiply. A failure is remembered too, for five seconds.
 */
function configurationOf(deps: ProviderDeps, provider: SignInClient): Promise<Configuration> {
  const memory = memories.get(deps.fetch) ?? new Map<string, Remembered>();
  memories.set(deps.fetch, memory);
  // The secret is part of the name, since it is part of what is remembered: whoever sets another is not answered with the old one.
  const name = digestHex(JSON.stringify([provider.issuer, provider.clientId, provider.clientSecret?.reveal() ?? null]));
  const known = memory.get(name);
  if (known && known.until > deps.clock.now().getTime()) return known.configuration;
  memory.delete(name);
  if (memory.size >= MAX_REMEMBERED) memory.delete(memory.keys().next().value!);
  const entry: Remembered = { until: deps.clock.now().getTime() + REMEMBER_MS, configuration: discover(deps.fetch, provider) };
  memory.set(name, entry);
  entry.configuration.catch(() => (entry.until = deps.clock.now().getTime() + REMEMBER_FAILURE_MS));
  return entry.configuration;
}

async function discover(fetch: SafeFetch, { issuer, clientId, clientSecret }: SignInClient): Promise<Configuration> {
  const url = new URL(issuer);
  const authentication = clientSecret ? authenticate(() => clientSecret.reveal()) : None();
  // Whether plain http may be spoken at all is for the fetch to say.
  const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])];
  return discovery(url, clientId, undefined, authentication, { [customFetch]: toCustomFetch(fetch), execute }).catch((error: unknown) => {
    throw asFault(error);
  });
}

/** The secret in the header, unless the provider wants it in the body alone. */
function authenticate(reveal: () => string): ClientAuth {
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const method = methods.includes('client_secret_basic') || !methods.includes('client_secret_post') ? ClientSecretBasic : ClientSecretPost;
    return method(reveal())(server, client, body, headers);
  };
}

function toCustomFetch(fetch: SafeFetch): CustomFetch {
  return (url, { method, headers, body, signal }) =>
    // Of what the type allows, the library sends forms and nothing else.
    fetch(url, { method, headers, ...(body != null && { body: body as URLSearchParams | string }), ...(signal && { signal }) });
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof AuthorizationResponseError) {
    return new Fault('forbidden', { message: `The identity provider did not sign you in (${error.error.slice(0, 60)}).`, hint: 'Sign in again; if it persists, ask whoever administers the identity provider.', cause: error });
  }
  return new Fault('provider_failed', {
    message: 'The identity provider did not answer as OpenID Connect demands.',
    hint: 'Try again; if it persists, an administrator can compare issuer, client id, secret and redirect URI with the identity provider.',
    cause: error,
  });
}
