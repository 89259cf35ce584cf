import { createLocalJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { Fault, isId, type ApplicationId, type Id, type OrganizationId, type UserId } from '../kernel/index.ts';
import { digestHex, type Wells } from '../platform/index.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

/** What an access token of ours says; true of the past, so whoever acts on it asks or fences what may have ended since. */
export interface VerifiedToken {
  readonly organizationId: OrganizationId;
  readonly subject: { readonly kind: 'user'; readonly userId: UserId } | { readonly kind: 'service_account'; readonly id: Id<'serviceAccount'> };
  /** Whom it was issued to: the application, or the service account itself. */
  readonly clientId: ApplicationId | Id<'serviceAccount'>;
  readonly scopes: readonly string[];
  /** The grant behind a user's token; null for a service account. */
  readonly grantId: string | null;
  readonly audience: readonly string[];
  readonly expiresAt: Date;
}

export type TokenVerifier = (token: string, audience: string) => Promise<VerifiedToken>;

const MAX_REMEMBERED = 10_000;

/**
 * Checks access tokens: our signature, issuer, type, time and the audience. Asks no database. A verified token is remembered
 * until it expires, since its signature cannot change its mind. Everything else is `unauthenticated`.
 * @see RFC 9068 section 4
 */
export function openTokenVerifier(deps: Pick<Wells, 'clock' | 'urls'>, keys: SigningKeys): TokenVerifier {
  const keySet = createLocalJWKSet({ keys: [...keys.verifying] });
  const remembered = new Map<string, VerifiedToken>();

  const verify = async (token: string): Promise<VerifiedToken> => {
    const { payload } = await jwtVerify(token, keySet, {
      issuer: deps.urls.public,
      algorithms: [SIGNING_ALGORITHM],
      typ: 'at+jwt',
      requiredClaims: ['sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'org'],
      currentDate: deps.clock.now(),
    }).catch((error: unknown) => {
      throw error instanceof errors.JOSEError ? new Fault('unauthenticated', { cause: error }) : error;
    });
    return readClaims(payload);
  };

  return async (token, audience) => {
    // Remembered by digest: the map of a server at work holds no token.
    const name = digestHex(token);
    let verified = remembered.get(name);
    if (!verified) {
      verified = await verify(token);
      // Oldest first, so the one given up is the one closest to its end.
      if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!);
      remembered.set(name, verified);
    } else if (verified.expiresAt <= deps.clock.now()) {
      remembered.delete(name);
      throw new Fault('unauthenticated');
    }
    if (!verified.audience.includes(audience)) throw new Fault('unauthenticated', { message: `The access token is not for ${audience}.`, hint: `Ask the token endpoint for one with resource=${audience}.` });
    return verified;
  };
}

function readClaims(payload: JWTPayload): VerifiedToken {
  const { sub, aud, exp, client_id: clientId, org, scope, grant_id: grantId } = payload;
  const shared = {
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
    audience: typeof aud === 'string' ? [aud] : (aud ?? []),
    expiresAt: new Date((exp ?? 0) * 1000),
  };
  if (isId('organization', org)) {
    if (isId('user', sub) && isId('application', clientId) && typeof grantId === 'string') {
      return { organizationId: org, subject: { kind: 'user', userId: sub }, clientId, grantId, ...shared };
    }
    if (isId('serviceAccount', sub) && clientId === sub) {
      return { organizationId: org, subject: { kind: 'service_account', id: sub }, clientId: sub, grantId: null, ...shared };
    }
  }
  throw new Fault('unauthenticated');
}
