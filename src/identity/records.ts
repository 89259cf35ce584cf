import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { ApplicationId, UserId } from '../kernel/index.ts';
import { digest, seal, Secret, unseal, type DataKey, type IdentityTx, type Wells } from '../platform/index.ts';
import { revokeGrant, type GrantDeps } from './grants.ts';
import type { Origin } from './origin.ts';

/** Where the work on a record came from, and through which endpoint of the library. */
export type RecordOrigin = Origin & { readonly endpoint: string | null };

type RecordDeps = GrantDeps & Pick<Wells, 'keyring'>;

const placeOf = (idDigest: Uint8Array) => ({ row: Buffer.from(idDigest).toString('hex'), field: 'oidc_record.payload' });
const digestOf = (value: unknown): Uint8Array | null => (typeof value === 'string' ? digest(value) : null);

/**
 * What the authorization server keeps, one model of it. Ids are bearer secrets: only their digests are stored, and the
 * payload, which repeats some of them, is sealed for its row. What has expired is not found. Each write names user,
 * client and organization where they are known, so that ending one of them ends what it holds.
 */
export function openRecords(deps: RecordDeps, model: string, origin: () => RecordOrigin): Adapter {
  const now = (): Date => deps.clock.now();
  const read = async (tx: IdentityTx, column: 'id_digest' | 'uid_digest' | 'user_code_digest', value: string): Promise<AdapterPayload | undefined> => {
    const row = await tx
      .selectFrom('oidc_record')
      .select(['id_digest', 'payload', 'consumed_at'])
      .where('model', '=', model)
      .where(column, '=', digest(value))
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now())]))
      .executeTakeFirst();
    if (!row) return undefined;
    const payload = JSON.parse(unseal(await deps.keyring.platformKey(tx), placeOf(row.id_digest), row.payload).reveal()) as AdapterPayload;
    return row.consumed_at ? { ...payload, consumed: Math.floor(row.consumed_at.getTime() / 1000) } : payload;
  };
  const find = (column: Parameters<typeof read>[1]) => (value: string) => deps.db.asIdentity((tx) => read(tx, column, value));

  return {
    find: find('id_digest'),
    findByUid: find('uid_digest'),
    findByUserCode: find('user_code_digest'),
    async upsert(id, payload, expiresIn) {
      // Written again after its end it would come back to life; `prepareGrant` writes it together with the consent.
      if (model === 'Grant') throw new Error('a grant is written by the consent that makes it');
      await deps.db.asIdentity((tx) => write(deps, tx, model, digest(id), payload, expiresIn));
    },
    async consume(id) {
      const lost = await deps.db.asIdentity((tx) => consumeOnce(tx, model, digest(id), now()));
      if (!lost) return;
      // Two redeemed it at once and this one came second: a replay like any other, so everything that came of it ends.
      if (lost.grantDigest) await endGrant(deps, lost.grantDigest, origin());
      throw new errors.InvalidGrant(`${model} was used before`);
    },
    async destroy(id) {
      if (model === 'Grant') return endGrant(deps, digest(id), origin());
      await deps.db.asIdentity((tx) => tx.deleteFrom('oidc_record').where('model', '=', model).where('id_digest', '=', digest(id)).execute());
    },
    async revokeByGrantId(grantId) {
      await deps.db.asIdentity((tx) => tx.deleteFrom('oidc_record').where('model', '=', model).where('grant_digest', '=', digest(grantId)).execute());
    },
  };
}

/** The token endpoint ends a grant for one reason: something of it was used twice. */
const endGrant = (deps: RecordDeps, grantDigest: Uint8Array, origin: RecordOrigin): Promise<void> => revokeGrant(deps, grantDigest, origin, origin.endpoint === 'token' ? 'replayed' : 'revoked');

/** A payload as its row keeps it: sealed under the platform's key, with the columns by which it is found and ended. */
export function toColumns(platformKey: DataKey, idDigest: Uint8Array, payload: AdapterPayload, expiresAt: Date | null) {
  const params = payload['params'] as { client_id?: string } | undefined;
  const session = payload['session'] as { accountId?: string } | undefined;
  return {
    account_id: payload.accountId ?? session?.accountId ?? null,
    client_id: payload.clientId ?? params?.client_id ?? null,
    grant_digest: digestOf(payload.grantId),
    uid_digest: digestOf(payload.uid),
    user_code_digest: digestOf(payload.userCode),
    payload: seal(platformKey, placeOf(idDigest), new Secret(JSON.stringify(payload))),
    expires_at: expiresAt,
  };
}

async function write(deps: RecordDeps, tx: IdentityTx, model: string, idDigest: Uint8Array, payload: AdapterPayload, expiresIn?: number): Promise<void> {
  const expiresAt = expiresIn === undefined ? null : new Date(deps.clock.now().getTime() + expiresIn * 1000);
  const values = toColumns(await deps.keyring.platformKey(tx), idDigest, payload, expiresAt);
  await tx
    .insertInto('oidc_record')
    .values((eb) => ({
      model,
      id_digest: idDigest,
      ...values,
      organization_id: eb.fn.coalesce(
        // Compared as text: what is no id of theirs finds none.
        eb.selectFrom('application').select('organization_id').where('id', '=', values.client_id as ApplicationId),
        eb.selectFrom('users').select('organization_id').where('id', '=', values.account_id as UserId),
      ),
    }))
    .onConflict((conflict) =>
      conflict.columns(['model', 'id_digest']).doUpdateSet((eb) => ({ ...values, organization_id: eb.ref('excluded.organization_id') })),
    )
    .execute();
}

/** Marks it used, by one statement; where it was used before, the grant it belongs to. */
async function consumeOnce(tx: IdentityTx, model: string, idDigest: Uint8Array, now: Date): Promise<{ grantDigest: Uint8Array | null } | null> {
  const consumed = await tx
    .updateTable('oidc_record')
    .set({ consumed_at: now })
    .where('model', '=', model)
    .where('id_digest', '=', idDigest)
    .where('consumed_at', 'is', null)
    .returning('model')
    .executeTakeFirst();
  if (consumed) return null;
  const row = await tx.selectFrom('oidc_record').select('grant_digest').where('model', '=', model).where('id_digest', '=', idDigest).executeTakeFirst();
  return { grantDigest: row?.grant_digest ?? null };
}
