import type { ApplicationId, IntegrationId, OrganizationId, PolicyId, UserId } from '../kernel/index.ts';
import { newId, type Tx } from '../platform/index.ts';

/** What a user has ticked for one application; nothing ticked withdraws what was consented to before. */
export interface Consent {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly applicationId: ApplicationId;
  /** A null operation is the whole integration. */
  readonly granted: readonly { readonly integrationId: IntegrationId; readonly operation: string | null }[];
  readonly expiresAt: Date | null;
}

/**
 * Makes the user-layer ALLOWs that consent wrote for this user and application those of this consent, and answers their
 * ids; rules written by hand stay. The caller appends the event that tells of it, which must alter access.
 */
export async function replaceConsentRules(tx: Tx, consent: Consent): Promise<PolicyId[]> {
  const { organizationId, userId, applicationId, expiresAt } = consent;
  // Two consents at once take turns, so that the later replaces the earlier instead of adding to it.
  await tx.selectFrom('users').select('id').where('id', '=', userId).forUpdate().execute();
  await tx
    .deleteFrom('policy')
    .where('organization_id', '=', organizationId)
    .where('origin', '=', 'CONSENT')
    .where('subject_id', '=', userId)
    .where('application_id', '=', applicationId)
    .execute();
  const granted = [...new Map(consent.granted.map((grant) => [`${grant.integrationId} ${grant.operation ?? ''}`, grant])).values()];
  if (granted.length === 0) return [];
  const rules = granted.map(({ integrationId, operation }) => ({
    id: newId('policy'),
    organization_id: organizationId,
    layer: 'USER' as const,
    effect: 'ALLOW' as const,
    subject_kind: 'USER' as const,
    subject_id: userId,
    integration_id: integrationId,
    operation,
    application_id: applicationId,
    condition: null,
    expires_at: expiresAt,
    origin: 'CONSENT' as const,
  }));
  await tx.insertInto('policy').values(rules).execute();
  return rules.map(({ id }) => id);
}
