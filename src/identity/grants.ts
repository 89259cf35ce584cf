import { systemActor, type ApplicationId, type UserId } from '../kernel/index.ts';
import { change, type ChangeDeps } from '../audit/index.ts';
import type { Tx, Wells } from '../platform/index.ts';
import type { Origin } from './origin.ts';

export type GrantDeps = ChangeDeps & Pick<Wells, 'db'>;

/**
 * Ends what a user granted to an application: the grant and every code and refresh token under it, in one transaction with
 * the event that raises the access revision, so that no decision made on the grant outruns it. Idempotent.
 */
export async function revokeGrant(deps: GrantDeps, grantDigest: Uint8Array, origin: Origin, reason: 'revoked' | 'replayed'): Promise<void> {
  const found = await deps.db.asIdentity((tx) =>
    tx.selectFrom('oidc_record').select('organization_id').where('model', '=', 'Grant').where('id_digest', '=', grantDigest).executeTakeFirst(),
  );
  if (!found?.organization_id) return;
  const actor = { ...systemActor(found.organization_id, 'authorization server', origin.requestId), address: origin.address };
  await change(deps, actor, async (tx) => {
    const grant = await tx.deleteFrom('oidc_record').where('model', '=', 'Grant').where('id_digest', '=', grantDigest).returning(['account_id', 'client_id']).executeTakeFirst();
    if (!grant) return { result: undefined, unchanged: true };
    await tx.deleteFrom('oidc_record').where('grant_digest', '=', grantDigest).execute();
    return { result: undefined, events: [{ kind: 'grant.revoked', ...(await namesOf(tx, grant.account_id, grant.client_id)), details: { reason } }] };
  });
}

async function namesOf(tx: Tx, userId: string | null, applicationId: string | null) {
  const user = await tx.selectFrom('users').select(['id', 'name']).where('id', '=', userId as UserId).executeTakeFirst();
  const application = await tx.selectFrom('application').select(['id', 'name']).where('id', '=', applicationId as ApplicationId).executeTakeFirst();
  return { user, application };
}
