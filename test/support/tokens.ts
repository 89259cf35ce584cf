import { importJWK, SignJWT } from 'jose';
import { openSigningKeys } from '../../src/identity/signing-keys.ts';
import type { ApplicationId, OrganizationId, UserId } from '../../src/kernel/index.ts';
import { digest, randomToken, resourcesOf, seal, Secret, type Wells } from '../../src/platform/index.ts';

export interface MintedToken {
  readonly token: string;
  readonly grantId: string;
}

export interface TokenWish {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly applicationId: ApplicationId;
  readonly audience?: string | readonly string[];
  readonly expiresInSeconds?: number;
  /** Claims that replace or, where undefined, remove ours. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A user's access token as the authorization server would issue it after sign-in and consent, with its grant; for tests that are about something else. */
export async function mintUserToken(wells: Pick<Wells, 'db' | 'keyring' | 'urls' | 'clock'>, wish: TokenWish): Promise<MintedToken> {
  const { organizationId, userId, applicationId } = wish;
  const grantId = randomToken();
  const idDigest = digest(grantId);
  const now = Math.floor(wells.clock.now().getTime() / 1_000);
  await wells.db.asIdentity(async (tx) => {
    const key = await wells.keyring.platformKey(tx);
    const payload = { jti: grantId, kind: 'Grant', accountId: userId, clientId: applicationId, iat: now, exp: now + 3_600 };
    const sealed = seal(key, { row: Buffer.from(idDigest).toString('hex'), field: 'oidc_record.payload' }, new Secret(JSON.stringify(payload)));
    await tx
      .insertInto('oidc_record')
      .values({ model: 'Grant', id_digest: idDigest, organization_id: organizationId, account_id: userId, client_id: applicationId, payload: sealed, expires_at: new Date((now + 3_600) * 1_000) })
      .execute();
  });
  const [signing] = (await openSigningKeys(wells)).signing;
  if (!signing?.kid) throw new Error('there is no signing key');
  const claims = { org: organizationId, client_id: applicationId, scope: 'openid', grant_id: grantId, ...wish.claims };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signing.kid })
    .setIssuer(wells.urls.public)
    .setSubject(userId)
    .setAudience(wish.audience === undefined ? [resourcesOf(wells.urls).gateway, resourcesOf(wells.urls).sidecar] : [...(typeof wish.audience === 'string' ? [wish.audience] : wish.audience)])
    .setJti(randomToken())
    .setIssuedAt(now)
    .setExpirationTime(now + (wish.expiresInSeconds ?? 900))
    .sign(await importJWK(signing, 'ES256'));
  return { token, grantId };
}
