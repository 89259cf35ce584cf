import type { Session } from '../graph/index.ts';
import type { Identity, Origin } from '../identity/index.ts';
import { Fault } from '../kernel/index.ts';
import { resourcesOf, type Urls } from '../platform/index.ts';

/** The session of an access token for GraphQL, or `unauthenticated`. */
export type Authenticate = (token: string, origin: Origin) => Promise<Session>;

export function openAuthenticate(identity: Pick<Identity, 'verifyAccessToken' | 'loadActor'>, urls: Urls): Authenticate {
  const audience = resourcesOf(urls).graphql;
  return async (token, origin) => {
    const verified = await identity.verifyAccessToken(token, audience);
    const recheck = () => identity.loadActor(verified, origin);
    return { actor: await recheck(), until: verified.expiresAt, recheck };
  };
}

/** @see RFC 6750 section 2.1 */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** The token in an `Authorization` value, or `unauthenticated`. Tokens come this way alone: no cookie, no query, no form. */
export function readBearer(authorization: unknown): string {
  const token = typeof authorization === 'string' && authorization.length <= 8_192 ? BEARER.exec(authorization)?.[1] : undefined;
  if (token) return token;
  throw new Fault('unauthenticated', authorization === undefined ? { message: 'There is no access token.', hint: 'Send Authorization: Bearer with a token of the token endpoint.' } : {});
}
