import { Fault, invalid, mayManage, parseOperation, type Actor, type ApplicationId, type IntegrationId, type UserId } from '../kernel/index.ts';
import type { Wells } from '../platform/index.ts';
import type { Decision } from '../policy/index.ts';
import { assess } from './assess.ts';
import { loadFacts } from './facts.ts';

export interface Explain {
  readonly applicationId: ApplicationId;
  readonly integrationId: IntegrationId;
  /** Null: without a user, as for the organization's shared token. */
  readonly userId: UserId | null;
  /** Null: the whole integration. */
  readonly operations: readonly string[] | null;
}

const MAX_OPERATIONS = 50;

/**
 * The decision that an exchange would get now, by the same function over the same facts; nothing is logged and nothing
 * leaves. A member may ask about itself, an administrator about everybody. What stands in the way before any rule is asked
 * (disabled, detached, unknown) is `invalid_input` or `not_found`, naming the field.
 */
export async function explainAccess(deps: Pick<Wells, 'db' | 'keyring' | 'clock'>, actor: Actor, question: Explain): Promise<Decision> {
  const own = actor.kind === 'user' && question.userId === actor.userId;
  if (!own && !mayManage(actor, 'policies', 'read')) throw new Fault('forbidden', { message: 'This explains the access of somebody else.' });
  const { organizationId } = actor;
  const facts = await deps.db.read(organizationId, async (tx) => {
    const integration = await tx.selectFrom('integration').select('handle').where('id', '=', question.integrationId).executeTakeFirst();
    if (!integration) throw new Fault('not_found', { field: 'integrationId' });
    return loadFacts(deps, tx, { organizationId, applicationId: question.applicationId, userId: question.userId, grantId: null, target: integration.handle });
  });
  if (!facts.application) throw new Fault('not_found', { field: 'applicationId' });
  if (question.userId !== null && !facts.user) throw new Fault('not_found', { field: 'userId' });
  const handle = facts.integration?.handle ?? '';
  if ((question.operations?.length ?? 0) > MAX_OPERATIONS) throw invalid('operations', `At most ${MAX_OPERATIONS} operations can be named at once.`);
  const capabilities = question.operations?.map((operation, index) => ({ handle, operation: parseOperation(operation, `operations.${index}`) })) ?? null;
  const assessment = assess(facts, { withUser: question.userId !== null, grantless: true, capabilities, rawCredential: true, now: deps.clock.now() });
  if (assessment.kind === 'decision') return assessment.decision;
  throw new Fault('conflict', { message: OBSTACLE_TEXT[assessment.obstacle] });
}

const OBSTACLE_TEXT: Record<Extract<ReturnType<typeof assess>, { kind: 'obstacle' }>['obstacle'], string> = {
  application_ended: 'The application is disabled: every request of it is refused before any rule is asked.',
  subject_ended: 'The user is deactivated: every request for this user is refused before any rule is asked.',
  unknown_integration: 'There is no such integration.',
  ambiguous_target: 'Two integrations answer to this address.',
  not_attached_to_application: 'The integration is not attached to the application: every request for it is refused before any rule is asked.',
  foreign_capability: 'A capability names another integration.',
  user_required: 'Without a user only integrations with a shared token can be asked for.',
};
