import type { Selectable } from 'kysely';
import type { EventDraft } from '../audit/index.ts';
import { named } from '../directory/index.ts';
import { Fault, mayManage, requireManagement, type Actor, type ApplicationId, type Id, type UserId } from '../kernel/index.ts';
import type { PolicyTable, Tx } from '../platform/index.ts';

/** A rule as it is stored; `evaluate` sees the live ones. */
export type Policy = Selectable<PolicyTable>;

/** What a rule is about: enough to ask who may write it and to name it in the log. */
export type PolicyFacts = Omit<Policy, 'id' | 'organization_id' | 'created_at'>;

/** The people and things a rule names; `undefined` where the rule names none, and where what it names is gone. */
export interface PolicyNames {
  readonly subject: { readonly id: string; readonly name: string } | undefined;
  readonly integration: NonNullable<EventDraft['integration']> | undefined;
  readonly application: NonNullable<EventDraft['application']> | undefined;
}

/** Reads the names a rule needs, through row-level security: what is another organization's is not there. */
export async function namesOf(tx: Tx, policy: Pick<Policy, 'subject_kind' | 'subject_id' | 'integration_id' | 'application_id'>): Promise<PolicyNames> {
  const { subject_kind: kind, subject_id: id, integration_id: integrationId, application_id: applicationId } = policy;
  return {
    subject: id === null ? undefined : await FIND_SUBJECT[kind](tx, id),
    integration: integrationId === null ? undefined : await tx.selectFrom('integration').select(['id', 'handle']).where('id', '=', integrationId).executeTakeFirst(),
    application: applicationId === null ? undefined : await findApplication(tx, applicationId),
  };
}

type FindSubject = (tx: Tx, id: string) => Promise<{ id: string; name: string } | undefined>;

const findApplication = (tx: Tx, id: string): Promise<{ id: ApplicationId; name: string } | undefined> =>
  tx.selectFrom('application').select(['id', 'name']).where('id', '=', id as ApplicationId).executeTakeFirst();

/** Where each kind of subject lives; a role is its own name. */
const FIND_SUBJECT: Record<Policy['subject_kind'], FindSubject> = {
  EVERYONE: async () => undefined,
  ROLE: async (_tx, role) => ({ id: role, name: role }),
  GROUP: (tx, id) => tx.selectFrom('groups').select(['id', 'name']).where('id', '=', id as Id<'group'>).executeTakeFirst(),
  USER: (tx, id) => tx.selectFrom('users').select(['id', 'name']).where('id', '=', id as UserId).executeTakeFirst(),
  APPLICATION: findApplication,
};

/**
 * Throws `forbidden` unless the actor may write this rule: whoever manages policies any; a user the user-layer rules about
 * that user; an application's owner the rules about that application.
 */
export async function requireRightTo(tx: Tx, actor: Actor, policy: Pick<Policy, 'subject_kind' | 'subject_id'>): Promise<void> {
  if (mayManage(actor, 'policies', 'write')) return;
  if (actor.kind === 'user' && policy.subject_kind === 'USER' && policy.subject_id === actor.userId) return;
  if (actor.kind === 'user' && policy.subject_kind === 'APPLICATION') {
    const id = policy.subject_id as ApplicationId;
    const owned = await tx.selectFrom('application').select('id').where('id', '=', id).where('owner_id', '=', actor.userId).executeTakeFirst();
    if (owned) return;
  }
  requireManagement(actor, 'policies', 'write');
}

/** The rule, locked, for whoever may write it; to a member one that is not theirs and one that does not exist are refused alike. */
export async function lockPolicy(tx: Tx, actor: Actor, id: Policy['id']): Promise<Policy> {
  const policy = await tx.selectFrom('policy').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (policy) await requireRightTo(tx, actor, policy);
  else requireManagement(actor, 'policies', 'write');
  if (!policy) throw new Fault('not_found', { field: 'id' });
  return policy;
}

type PolicyEvent = 'policy.created' | 'policy.updated' | 'policy.deleted';

/** The event of a rule, with the names it had; a rule about one user stands on that user's page. */
export function policyEvent(kind: PolicyEvent, policy: Policy, names: PolicyNames, details: EventDraft['details'] = {}): EventDraft {
  const subject = names.subject ?? (policy.subject_id === null ? undefined : { id: policy.subject_id, name: policy.subject_id });
  return {
    kind,
    user: policy.subject_kind === 'USER' && subject ? named({ ...subject, id: subject.id as UserId }) : undefined,
    application: policy.subject_kind === 'APPLICATION' && subject ? named({ ...subject, id: subject.id as ApplicationId }) : names.application,
    integration: names.integration,
    capability: policy.operation !== null && names.integration ? `${names.integration.handle}:${policy.operation}` : undefined,
    details: {
      policy: policy.id,
      layer: policy.layer,
      effect: policy.effect,
      subject: { kind: policy.subject_kind, ...subject },
      state: policy.state,
      origin: policy.origin,
      expiresAt: policy.expires_at?.toISOString(),
      ...details,
    },
  };
}
