import { isId, systemActor, type ApplicationId, type OrganizationId, type UserId } from '../kernel/index.ts';
import { change, type ChangeDeps } from '../audit/index.ts';
import type { Tx, Wells } from '../platform/index.ts';
import { replaceConsentRules } from '../policy/index.ts';
import type { Origin } from './origin.ts';

export type GrantDeps = ChangeDeps & Pick<Wells, 'db'>;

/**
 * Ends what a user granted to an application: the grant, every code and refresh token under it and, unless another grant
 * of the two stands, the rules that consent wrote; in one transaction with the event that raises the access revision, so
 * that no decision made on the grant outruns it. Idempotent.
 */
export async function revokeGrant(deps: GrantDeps, grantDigest: Uint8Array, origin: Origin, reason: 'revoked' | 'replayed'): Promise<void> {
  const found = await deps.db.asIdentity((tx) =>
    tx.selectFrom('oidc_record').select(['organization_id', 'account_id']).where('model', '=', 'Grant').where('id_digest', '=', grantDigest).executeTakeFirst(),
  );
  if (!found?.organization_id) return;
  const actor = { ...systemActor(found.organization_id, 'authorization server', origin.requestId), address: origin.address };
  await change(deps, actor, async (tx) => {
    // The user first, as consent does, so that the two take turns and neither waits for the other's next lock.
    await tx.selectFrom('users').select('id').where('id', '=', found.account_id as UserId).forUpdate().execute();
    const grant = await tx.deleteFrom('oidc_record').where('model', '=', 'Grant').where('id_digest', '=', grantDigest).returning(['account_id', 'client_id']).executeTakeFirst();
    if (!grant) return { result: undefined, unchanged: true };
    // A request that waits for its user names the grant too, and goes on to another.
    await tx.deleteFrom('oidc_record').where('grant_digest', '=', grantDigest).where('model', '!=', 'Interaction').execute();
    const consent = (await withdrawConsent(deps, tx, actor.organizationId, grant)) ? 'withdrawn' : 'kept';
    return { result: undefined, events: [{ kind: 'grant.revoked', ...(await namesOf(tx, grant.account_id, grant.client_id)), details: { reason, consent } }] };
  });
}

/** Deletes the rules the user's consent to the application wrote; false where another grant of the two still stands on them. */
async function withdrawConsent({ clock }: GrantDeps, tx: Tx, organizationId: OrganizationId, ended: { readonly account_id: string | null; readonly client_id: string | null }): Promise<boolean> {
  const { account_id: userId, client_id: applicationId } = ended;
  if (!isId('user', userId) || !isId('application', applicationId)) return false;
  const another = await tx
    .selectFrom('oidc_record')
    .select('model')
    .where('organization_id', '=', organizationId)
    .where('account_id', '=', userId)
    .where('model', '=', 'Grant')
    .where('client_id', '=', applicationId)
    .where('expires_at', '>', clock.now())
    .limit(1)
    .executeTakeFirst();
  if (another) return false;
  await replaceConsentRules(tx, { organizationId, userId, applicationId, granted: [], expiresAt: null });
  return true;
}

async function namesOf(tx: Tx, userId: string | null, applicationId: string | null) {
  const user = await tx.selectFrom('users').select(['id', 'name']).where('id', '=', userId as UserId).executeTakeFirst();
  const application = await tx.selectFrom('application').select(['id', 'name']).where('id', '=', applicationId as ApplicationId).executeTakeFirst();
  return { user, application };
}
