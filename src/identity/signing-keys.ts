import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { seal, Secret, unseal, type IdentityTx, type Wells } from '../platform/index.ts';

export const SIGNING_ALGORITHM = 'ES256';

/** The server's signing keys, newest first: the first signs, all verify. */
export interface SigningKeys {
  /** With their private parts, for the authorization server alone. */
  readonly signing: readonly JWK[];
  readonly verifying: readonly JWK[];
}

/** Every process that starts on an empty database proposes its key under this name, and the table keeps one of them. */
const FIRST_KID = 'es256-1';

const placeOf = (kid: string) => ({ row: kid, field: 'signing_key.private_jwk' });

/** All signing keys of the database; the first is made where there is none, the same for all processes that start at once. */
export async function openSigningKeys(deps: Pick<Wells, 'db' | 'keyring'>): Promise<SigningKeys> {
  const known = await deps.db.asIdentity((tx) => loadKeys(deps, tx));
  if (known.signing.length > 0) return known;
  const proposed = await makeKey();
  return deps.db.asIdentity(async (tx) => {
    await tx
      .insertInto('signing_key')
      .values({
        kid: FIRST_KID,
        algorithm: SIGNING_ALGORITHM,
        public_jwk: JSON.stringify(proposed.publicJwk),
        private_jwk: seal(await deps.keyring.platformKey(tx), placeOf(FIRST_KID), new Secret(JSON.stringify(proposed.privateJwk))),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return loadKeys(deps, tx);
  });
}

async function loadKeys(deps: Pick<Wells, 'keyring'>, tx: IdentityTx): Promise<SigningKeys> {
  const rows = await tx.selectFrom('signing_key').selectAll().orderBy('created_at', 'desc').orderBy('kid', 'desc').execute();
  const key = await deps.keyring.platformKey(tx);
  return {
    signing: rows.map((row) => JSON.parse(unseal(key, placeOf(row.kid), row.private_jwk).reveal()) as JWK),
    verifying: rows.map((row) => row.public_jwk as JWK),
  };
}

async function makeKey(): Promise<{ publicJwk: JWK; privateJwk: JWK }> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const named = { kid: FIRST_KID, alg: SIGNING_ALGORITHM, use: 'sig' };
  return { publicJwk: { ...(await exportJWK(publicKey)), ...named }, privateJwk: { ...(await exportJWK(privateKey)), ...named } };
}
