import { change, type ChangeDeps } from '../audit/index.ts';
import { Fault, invalid, parseId, parseOperation, ROLES, type Actor, type ApplicationId, type IntegrationId } from '../kernel/index.ts';
import { newId, type Clock, type PolicyEffect, type PolicyLayer, type PolicySubjectKind, type Tx } from '../platform/index.ts';
import { namesOf, policyEvent, requireRightTo, type Policy, type PolicyFacts, type PolicyNames } from './policy.ts';

export interface PolicyInput {
  readonly layer: PolicyLayer;
  readonly effect: PolicyEffect;
  /** The id of a user, group or application, or a role's name; null for everyone. */
  readonly subject: { readonly kind: PolicySubjectKind; readonly id: string | null };
  /** Null: every integration. */
  readonly integrationId: IntegrationId | null;
  /** Null: every capability. It need not be known yet, so that a rule can stand before what it is about. */
  readonly operation: string | null;
  /** User layer only: the one application the rule is about. Null: every application. */
  readonly applicationId: ApplicationId | null;
  readonly expiresAt: Date | null;
  /** A draft is recorded beside the live rules and never enforced. */
  readonly draft?: boolean | undefined;
}

/**
 * A new rule, written by hand. Whoever manages policies may write any; a user those of the user layer about itself; an
 * application's owner those about the application. What a rule names must exist in the organization.
 */
export async function createPolicy(deps: ChangeDeps, actor: Actor, input: PolicyInput): Promise<Policy> {
  const facts = parsePolicy(deps.clock, input);
  return change(deps, actor, async (tx) => {
    await requireRightTo(tx, actor, facts);
    const names = await requireNames(tx, facts);
    await requireRoom(tx, actor, facts);
    const result = await insertPolicy(tx, actor, facts);
    return { result, events: [policyEvent('policy.created', result, names)] };
  });
}

/** Drafts and expired rules count too, so that what is written later or revived finds room. */
const MAX_RULES = 500;

/** Every decision about a subject reads all of its rules: nobody may make one subject's decisions slow for everybody. */
async function requireRoom(tx: Tx, { organizationId }: Actor, { subject_id }: PolicyFacts): Promise<void> {
  const { rules } = await tx
    .selectFrom('policy')
    .select((eb) => eb.fn.countAll<number>().as('rules'))
    .where('organization_id', '=', organizationId)
    .where('subject_id', 'is not distinct from', subject_id)
    .executeTakeFirstOrThrow();
  if (rules >= MAX_RULES) throw new Fault('conflict', { message: `There are ${MAX_RULES} rules about this subject already.`, hint: 'Delete rules that are expired or covered by broader ones.', field: 'subject' });
}

/** Writes a rule whose right and names have been asked for. */
export function insertPolicy(tx: Tx, { organizationId }: Pick<Actor, 'organizationId'>, facts: PolicyFacts): Promise<Policy> {
  return tx.insertInto('policy').values({ id: newId('policy'), organization_id: organizationId, ...facts }).returningAll().executeTakeFirstOrThrow();
}

/** Whom each layer's rules can be about; the database holds the same. */
const SUBJECTS: Record<PolicyLayer, readonly PolicySubjectKind[]> = {
  ORGANIZATION: ['EVERYONE', 'GROUP'],
  USER: ['USER', 'GROUP', 'ROLE'],
  APPLICATION: ['APPLICATION'],
};

function parsePolicy(clock: Clock, input: PolicyInput): PolicyFacts {
  const { layer, effect, subject, integrationId, operation, applicationId } = input;
  if (!SUBJECTS[layer].includes(subject.kind)) throw invalid('subject.kind', `A rule of the ${layer} layer is about ${SUBJECTS[layer].join(' or ')}.`);
  if (operation !== null && integrationId === null) throw invalid('integrationId', 'A rule about an operation says of which integration.');
  if (applicationId !== null && layer !== 'USER') throw invalid('applicationId', 'Only a rule of the USER layer can be about one application of many.');
  return {
    layer,
    effect,
    subject_kind: subject.kind,
    subject_id: parseSubjectId(subject),
    integration_id: integrationId,
    operation: operation === null ? null : parseOperation(operation),
    application_id: applicationId,
    condition: null,
    expires_at: parseExpiry(clock, input.expiresAt),
    state: input.draft ? 'DRAFT' : 'LIVE',
    origin: 'MANUAL',
  };
}

const SUBJECT_IDS = { USER: 'user', GROUP: 'group', APPLICATION: 'application' } as const;

function parseSubjectId({ kind, id }: PolicyInput['subject']): string | null {
  if (kind === 'EVERYONE') {
    if (id === null) return null;
    throw invalid('subject.id', 'A rule about everyone names nobody.');
  }
  if (kind !== 'ROLE') return parseId(SUBJECT_IDS[kind], id, 'subject.id');
  if (ROLES.some((role) => role === id)) return id;
  throw invalid('subject.id', `A role is one of ${ROLES.join(', ')}.`);
}

/** A time that has not come yet, or null for a rule without end. */
export function parseExpiry(clock: Clock, expiresAt: Date | null): Date | null {
  if (expiresAt === null || expiresAt > clock.now()) return expiresAt;
  throw invalid('expiresAt', 'A rule ends in the future.');
}

async function requireNames(tx: Tx, facts: PolicyFacts): Promise<PolicyNames> {
  const names = await namesOf(tx, facts);
  if (facts.subject_id !== null && !names.subject) throw new Fault('not_found', { field: 'subject.id' });
  if (facts.integration_id !== null && !names.integration) throw new Fault('not_found', { field: 'integrationId' });
  if (facts.application_id !== null && !names.application) throw new Fault('not_found', { field: 'applicationId' });
  return names;
}
