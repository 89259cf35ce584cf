import { errors, type Client, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { resourcesOf, type Urls } from '../platform/index.ts';
import { clientMetadata } from './clients.ts';
import { LIFETIMES } from './lifetimes.ts';
import { SIGNING_ALGORITHM } from './signing-keys.ts';

/** What an application may ask for on a user's behalf; it stands in the access token as it was granted. */
export const APPLICATION_SCOPES = ['openid', 'email', 'profile', 'offline_access', 'mcp:invoke', 'gateway:access'] as const;

/** The resources of RFC 8707: which there are, which a request gets that names none, what each allows. */
export interface Resources {
  /** Without `resource`: gateway and sidecar for a user's application, the graph for a service account. */
  default(ctx: KoaContextWithOIDC, client: Client, oneOf?: readonly string[]): string | string[];
  /** Throws `invalid_target` for whatever is no resource of ours. */
  info(ctx: KoaContextWithOIDC, indicator: string, client: Client): ResourceServer;
  /** Everything the token is for: one resource where the request names it, else all that were granted. */
  audience(ctx: KoaContextWithOIDC): readonly string[] | null;
}

export function openResources(urls: Urls): Resources {
  const { graphql, gateway, sidecar } = resourcesOf(urls);
  /** An indicator that is an origin comes with and without its slash; the audience is always ours, without. */
  const known = (indicator: string): string | undefined => [graphql, gateway, sidecar].find((resource) => resource === indicator || `${resource}/` === indicator);

  return {
    default(_ctx, client, oneOf) {
      // A token has one set of scopes and every resource of an application has the same, so the first stands for all.
      if (oneOf?.[0] !== undefined) return oneOf[0];
      return clientMetadata(client).kind === 'service_account' ? graphql : [gateway, sidecar];
    },
    info(ctx, indicator, client) {
      const resource = known(indicator);
      const { kind, scopes } = clientMetadata(client);
      if (resource === undefined || (kind === 'service_account' && resource !== graphql)) throw new errors.InvalidTarget();
      if (kind === 'service_account') requestHeldScopes(ctx, scopes);
      return {
        audience: resource,
        scope: (kind === 'service_account' ? scopes : APPLICATION_SCOPES).join(' '),
        accessTokenFormat: 'jwt',
        accessTokenTTL: LIFETIMES.accessToken,
        jwt: { sign: { alg: SIGNING_ALGORITHM } },
      };
    },
    audience(ctx) {
      const source = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken;
      if (ctx.oidc.params?.['resource'] !== undefined || !Array.isArray(source?.resource)) return null;
      return [...new Set(source.resource.map((indicator: string) => known(indicator) ?? indicator))];
    },
  };
}

/** A service account that names no scope gets all it holds (RFC 6749 section 3.3); one it does not hold is refused by name. */
function requestHeldScopes(ctx: KoaContextWithOIDC, held: readonly string[]): void {
  const { params } = ctx.oidc;
  if (!params) return;
  params['scope'] ??= held.join(' ');
  const beyond = String(params['scope']).split(' ').find((scope) => !held.includes(scope));
  if (beyond !== undefined) throw new errors.InvalidScope('the service account does not hold this scope', beyond);
}
