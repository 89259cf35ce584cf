import { allowInsecureRequests, customFetch, discovery, type ServerMetadata } from 'openid-client';
import { Fault } from '../kernel/index.ts';
import type { IntegrationTable, SafeFetch, Wells } from '../platform/index.ts';
import { plainFetch } from './oauth-fetch.ts';
import { STANDARD_DIALECT, type OAuthDialect, type OAuthQuirks, type Revocation } from './provider.ts';
import { PROVIDERS } from './providers.ts';

/** Where an integration's authorization server is and how it speaks. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly revocation: Revocation | null;
  /** What `iss` must be; null where nobody knows. */
  readonly issuer: string | null;
  /**
   * What to make of `iss` in an authorization answer: `required` where the server advertises it (RFC 9207), `compared`
   * where it may be missing, `ignored` for a preset whose issuer is not published.
   */
  readonly iss: 'required' | 'compared' | 'ignored';
  readonly dialect: OAuthDialect;
  readonly quirks: OAuthQuirks;
}

/** The columns that say where the authorization server is. */
export type EndpointColumns = Pick<IntegrationTable, 'handle' | 'provider' | 'issuer' | 'authorization_endpoint' | 'token_endpoint' | 'revocation_endpoint'>;

/**
 * An integration's own endpoints before its preset's before what its issuer publishes. Asks the network only for an
 * integration that is known by issuer alone, outside any transaction, and remembers the answer for ten minutes.
 * Throws `provider_failed` where discovery fails.
 */
export async function resolveEndpoints(deps: Pick<Wells, 'fetch' | 'clock'>, integration: EndpointColumns): Promise<Endpoints> {
  const preset = integration.provider === null ? undefined : PROVIDERS.get(integration.provider);
  const own = { authorization: integration.authorization_endpoint, token: integration.token_endpoint, revocation: integration.revocation_endpoint };
  if (preset) {
    const moved = own.authorization !== null || own.token !== null;
    const issuer = integration.issuer ?? (moved ? null : preset.issuer);
    return {
      authorization: own.authorization ?? preset.authorizationEndpoint,
      token: own.token ?? preset.tokenEndpoint,
      // A preset's revocation endpoint belongs to the preset's server.
      revocation: own.revocation !== null ? standardRevocation(own.revocation) : moved ? null : preset.revocation,
      issuer,
      iss: issuer === null && !moved ? 'ignored' : 'compared',
      dialect: preset.dialect,
      quirks: preset.dialect.quirks,
    };
  }
  if (own.authorization !== null && own.token !== null) {
    const { quirks } = STANDARD_DIALECT;
    return { authorization: own.authorization, token: own.token, revocation: standardRevocation(own.revocation), issuer: integration.issuer, iss: 'compared', dialect: STANDARD_DIALECT, quirks };
  }
  if (integration.issuer === null) throw new Fault('conflict', { message: `The integration ${integration.handle} names no authorization server.`, hint: 'An administrator can set its provider, issuer or endpoints.' });
  return discovered(integration.issuer, await discover(deps, integration.issuer), own);
}

function discovered(issuer: string, server: ServerMetadata, own: { authorization: string | null; token: string | null; revocation: string | null }): Endpoints {
  const authorization = own.authorization ?? server.authorization_endpoint;
  const token = own.token ?? server.token_endpoint;
  if (!authorization || !token) throw unusable(issuer, 'it publishes no authorization or token endpoint');
  // What is not published is Basic (RFC 8414 section 2).
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return {
    authorization,
    token,
    revocation: standardRevocation(own.revocation ?? server.revocation_endpoint ?? null),
    issuer: server.issuer,
    iss: server.authorization_response_iss_parameter_supported === true ? 'required' : 'compared',
    dialect: { ...STANDARD_DIALECT, clientAuthentication: methods.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post' },
    quirks: STANDARD_DIALECT.quirks,
  };
}

const standardRevocation = (endpoint: string | null): Revocation | null => (endpoint === null ? null : { endpoint, style: 'rfc7009', reach: 'token' });

const REMEMBER_MS = 600_000;
interface Remembered {
  readonly until: number;
  readonly metadata: Promise<ServerMetadata>;
}
/** One memory for each outbound door, so that it lives as long as the door. */
const memories = new WeakMap<SafeFetch, Map<string, Remembered>>();

function discover(deps: Pick<Wells, 'fetch' | 'clock'>, issuer: string): Promise<ServerMetadata> {
  const memory = memories.get(deps.fetch) ?? new Map<string, Remembered>();
  memories.set(deps.fetch, memory);
  const now = deps.clock.now().getTime();
  for (const [key, { until }] of memory) if (until <= now) memory.delete(key);
  const known = memory.get(issuer);
  if (known) return known.metadata;
  const metadata = fetchMetadata(deps.fetch, issuer);
  memory.set(issuer, { until: now + REMEMBER_MS, metadata });
  // A failure is not worth remembering.
  metadata.catch(() => memory.delete(issuer));
  return metadata;
}

/** The issuer's metadata from OpenID Connect's well-known place, else from OAuth's (RFC 8414); its `issuer` must be the one asked for. */
async function fetchMetadata(fetch: SafeFetch, issuer: string): Promise<ServerMetadata> {
  let failure: unknown;
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    try {
      const options = { algorithm, timeout: 10, execute: [allowInsecureRequests], [customFetch]: plainFetch(fetch) };
      const configuration = await discovery(new URL(issuer), 'discovery', undefined, undefined, options);
      return configuration.serverMetadata();
    } catch (error) {
      failure = error;
    }
  }
  throw unusable(issuer, 'it publishes no metadata, or metadata of another issuer', failure);
}

const unusable = (issuer: string, why: string, cause?: unknown): Fault =>
  new Fault('provider_failed', { message: `The issuer ${issuer} cannot be used: ${why}.`, hint: 'An administrator can correct the issuer, or set the endpoints by hand.', cause });
