import type { IntegrationTable, Urls } from '../platform/index.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './providers.ts';

/**
 * Where a credential comes from. Once any of these columns changes, what was stored for the integration belongs to another
 * service, and must not be sent to this one.
 */
export const ORIGIN = ['auth_mode', 'provider', 'issuer', 'authorization_endpoint', 'token_endpoint', 'revocation_endpoint'] as const;
export type Origin = Pick<IntegrationTable, (typeof ORIGIN)[number]>;

export const isSameOrigin = (one: Origin, other: Origin): boolean => ORIGIN.every((column) => one[column] === other[column]);

/** The columns that say whose authorization server an integration uses. */
export type ServerColumns = Omit<Origin, 'auth_mode'>;

/** The preset whose authorization server the integration uses as it stands; null where it names one, or any part of one, itself. */
export function presetServer({ provider, issuer, authorization_endpoint, token_endpoint, revocation_endpoint }: ServerColumns): Provider | null {
  const own = issuer ?? authorization_endpoint ?? token_endpoint ?? revocation_endpoint;
  return provider === null || own !== null ? null : (PROVIDERS.get(provider) ?? null);
}

/**
 * Our redirect URI at the integration's authorization server, to be registered there. Each server has one of its own: an
 * answer that comes back elsewhere is another server's, also where it says no `iss`.
 * @see RFC 9700 section 4.4.2.2
 */
export function redirectUriOf(integration: ServerColumns & Pick<IntegrationTable, 'id'>, urls: Pick<Urls, 'public'>): string {
  return `${urls.public}/connect/callback/${presetServer(integration)?.handle ?? integration.id}`;
}
