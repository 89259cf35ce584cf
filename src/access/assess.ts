import type { CapabilityName } from '../kernel/index.ts';
import { evaluate, type Decision, type Question } from '../policy/index.ts';
import type { Facts } from './facts.ts';

/** Why a request ends before any rule is asked. */
export type Obstacle =
  /** The application is disabled or gone. */
  | 'application_ended'
  /** The user is deactivated or gone, or the grant was revoked. */
  | 'subject_ended'
  | 'unknown_integration'
  | 'ambiguous_target'
  | 'not_attached_to_application'
  /** A capability names another integration. */
  | 'foreign_capability'
  /** Without a user only the organization's shared tokens can be asked for. */
  | 'user_required';

export type Assessment = { readonly kind: 'obstacle'; readonly obstacle: Obstacle } | { readonly kind: 'decision'; readonly decision: Decision };

export interface Asked {
  readonly withUser: boolean;
  /** Asked for explanation alone: no token, so no grant, stands behind the question. */
  readonly grantless?: true;
  readonly capabilities: readonly CapabilityName[] | null;
  /** Whether the raw credential is to leave (exchange) or to be injected (gateway). */
  readonly rawCredential: boolean;
  readonly now: Date;
}

/** What the facts say of the request: the first obstacle, or the decision of the rules. Pure. */
export function assess(facts: Facts, asked: Asked): Assessment {
  const { application, user, integration } = facts;
  const obstacle = findObstacle(facts, asked);
  if (obstacle || !application || !integration) return { kind: 'obstacle', obstacle: obstacle ?? 'unknown_integration' };
  const question: Question = {
    application,
    user: asked.withUser ? user : null,
    integration: { id: integration.id, handle: integration.handle, exchangeMode: integration.exchange_mode },
    operations: asked.capabilities?.map(({ operation }) => operation) ?? null,
    rawCredential: asked.rawCredential,
    now: asked.now,
  };
  return { kind: 'decision', decision: decide(facts, question) };
}

interface Remembered {
  readonly decision: Decision;
  /** When the first of the rules runs out. */
  readonly until: number;
}

const decisions = new WeakMap<Facts, Map<string, Remembered>>();
const MAX_REMEMBERED = 100;

/**
 * The decision, remembered with the facts it follows from and forgotten with them: the same facts and question give the
 * same decision until a rule runs out, and what fences the facts fences it.
 */
function decide(facts: Facts, question: Question): Decision {
  const remembered = decisions.get(facts) ?? new Map<string, Remembered>();
  decisions.set(facts, remembered);
  const name = `${question.rawCredential} ${question.user === null} ${question.operations?.join(' ') ?? '*'}`;
  const known = remembered.get(name);
  if (known && question.now.getTime() < known.until) return known.decision;
  // Frozen, so that its text in the log is made once.
  const decision = Object.freeze(evaluate(facts.rules, question));
  if (remembered.size < MAX_REMEMBERED) {
    const ends = facts.rules.flatMap(({ expiresAt }) => (expiresAt && expiresAt > question.now ? [expiresAt.getTime()] : []));
    remembered.set(name, { decision, until: Math.min(Number.POSITIVE_INFINITY, ...ends) });
  }
  return decision;
}

function findObstacle(facts: Facts, { withUser, grantless, capabilities, now }: Asked): Obstacle | null {
  const { integration } = facts;
  if (!facts.application?.active) return 'application_ended';
  if (withUser && !facts.user?.active) return 'subject_ended';
  if (withUser && !grantless && !(facts.grantUntil && facts.grantUntil > now)) return 'subject_ended';
  if (facts.ambiguous) return 'ambiguous_target';
  if (!integration) return 'unknown_integration';
  if (!facts.attached) return 'not_attached_to_application';
  if (capabilities?.some(({ handle }) => handle !== integration.handle)) return 'foreign_capability';
  if (!withUser && integration.auth_mode !== 'SERVER_TOKEN') return 'user_required';
  return null;
}
