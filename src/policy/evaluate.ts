import type { ApplicationId, IntegrationId, PolicyId, Role, UserId } from '../kernel/index.ts';
import type { ExchangeMode, PolicyEffect, PolicyLayer, PolicySubjectKind } from '../platform/index.ts';

/** A live rule, as the evaluator sees it. Null targets mean "every". */
export interface Rule {
  readonly id: PolicyId;
  readonly layer: PolicyLayer;
  readonly effect: PolicyEffect;
  readonly subjectKind: PolicySubjectKind;
  readonly subjectId: string | null;
  readonly integrationId: IntegrationId | null;
  readonly operation: string | null;
  /** User layer: the one application the rule is about. */
  readonly applicationId: ApplicationId | null;
  readonly condition: string | null;
  readonly expiresAt: Date | null;
}

/** May this application use these operations of this integration, as this user, now? */
export interface Question {
  readonly application: { readonly id: ApplicationId };
  /** Null for the organization's shared token: then there is no user layer. */
  readonly user: { readonly id: UserId; readonly role: Role; readonly groupIds: readonly string[] } | null;
  readonly integration: { readonly id: IntegrationId; readonly handle: string; readonly exchangeMode: ExchangeMode };
  /** Null or none asks for the whole integration. */
  readonly operations: readonly string[] | null;
  /** Whether the raw credential is to leave: only then does STRICT demand the whole integration. */
  readonly rawCredential: boolean;
  readonly now: Date;
}

export type LayerResult = 'ALLOW' | 'DENY' | 'NO_RULE' | 'NOT_APPLICABLE';

export interface LayerDecision {
  readonly layer: PolicyLayer;
  readonly result: LayerResult;
  /** The first capability this layer does not allow; null where it allows all that was asked, or refuses the whole integration. */
  readonly capability: string | null;
  /** The rules that decided; empty where there were none. */
  readonly rules: readonly PolicyId[];
}

/** Who can change the outcome and how, in words for people. */
export interface Remedy {
  readonly layer: PolicyLayer;
  readonly who: 'ADMINISTRATOR' | 'USER' | 'APPLICATION_OWNER';
  readonly how: string;
}

/** A decision that explains itself: stored in the log, shown by `explainAccess`, sent to the caller. */
export interface Decision {
  readonly outcome: 'ALLOW' | 'DENY';
  readonly integration: string;
  /** What was asked for, as `handle:operation`; null for the whole integration. */
  readonly capabilities: readonly string[] | null;
  /** DECLARED: of the raw credential only the named capabilities were judged, and the application is trusted to keep to them. */
  readonly mode: ExchangeMode;
  /** True where only STRICT stands in the way: the gateway would allow what was named. */
  readonly gatewayOnly: boolean;
  readonly layers: readonly [LayerDecision, LayerDecision, LayerDecision];
  readonly remedies: readonly Remedy[];
}

const LAYERS = ['ORGANIZATION', 'USER', 'APPLICATION'] as const;

/**
 * Decides by the rules alone: in each layer the most specific target (capability over integration over every integration)
 * decides, at one target DENY beats ALLOW, a layer with no rule does not allow, and all three must allow.
 * Pure: the same rules and question always give the same decision.
 */
export function evaluate(rules: readonly Rule[], question: Question): Decision {
  const matching = rules.filter((rule) => applies(rule, question));
  const strict = question.integration.exchangeMode === 'STRICT' && question.rawCredential;
  const asked = question.operations?.length ? question.operations : null;
  const judged = strict ? null : asked;
  const layers = judgeLayers(matching, question, judged);
  const allowed = layers.every(isAllowing);
  const { handle } = question.integration;
  return {
    outcome: allowed ? 'ALLOW' : 'DENY',
    integration: handle,
    capabilities: asked?.map((operation) => `${handle}:${operation}`) ?? null,
    mode: question.integration.exchangeMode,
    gatewayOnly: !allowed && strict && asked !== null && judgeLayers(matching, question, asked).every(isAllowing),
    layers,
    remedies: layers.filter((layer) => !isAllowing(layer)).map((layer) => remedy(layer, handle)),
  };
}

const isAllowing = ({ result }: LayerDecision): boolean => result === 'ALLOW' || result === 'NOT_APPLICABLE';

/** Whether the rule is in force and about this subject, application and integration. */
function applies(rule: Rule, { application, user, integration, now }: Question): boolean {
  if (rule.integrationId !== null && rule.integrationId !== integration.id) return false;
  if (rule.expiresAt !== null && rule.expiresAt <= now) return false;
  if (rule.applicationId !== null && rule.applicationId !== application.id) return false;
  // Conditions cannot be evaluated yet: then an ALLOW does not match and a DENY does.
  if (rule.condition !== null && rule.effect === 'ALLOW') return false;
  switch (rule.subjectKind) {
    case 'EVERYONE':
      return true;
    case 'APPLICATION':
      return rule.subjectId === application.id;
    case 'USER':
      return rule.subjectId === user?.id;
    case 'ROLE':
      return rule.subjectId === user?.role;
    case 'GROUP':
      return rule.subjectId !== null && user !== null && user.groupIds.includes(rule.subjectId);
  }
}

function judgeLayers(matching: readonly Rule[], question: Question, operations: readonly string[] | null): Decision['layers'] {
  // The whole integration: itself, and each capability that some rule singles out.
  const targets = operations ?? [null, ...new Set(matching.flatMap(({ operation }) => operation ?? []))];
  const [organization, user, application] = LAYERS.map((layer): LayerDecision => {
    if (layer === 'USER' && question.user === null) return { layer, result: 'NOT_APPLICABLE', capability: null, rules: [] };
    return judgeLayer(layer, byTarget(matching.filter((rule) => rule.layer === layer)), targets, question.integration.handle);
  });
  return [organization!, user!, application!];
}

/** A layer's rules by what they are about: every integration, the integration, or one operation of it. */
interface LayerRules {
  readonly everything: Rule[];
  readonly integration: Rule[];
  readonly operations: Map<string, Rule[]>;
}

function byTarget(rules: readonly Rule[]): LayerRules {
  const sorted: LayerRules = { everything: [], integration: [], operations: new Map() };
  for (const rule of rules) {
    if (rule.operation === null) {
      (rule.integrationId === null ? sorted.everything : sorted.integration).push(rule);
      continue;
    }
    const same = sorted.operations.get(rule.operation);
    if (same) same.push(rule);
    else sorted.operations.set(rule.operation, [rule]);
  }
  return sorted;
}

/** A decision names this many of the rules that made it; more tell nobody more. */
const MAX_NAMED_RULES = 20;

/** The layer's answer over all targets: the first that it does not allow, or ALLOW with the deciding rules. */
function judgeLayer(layer: PolicyLayer, rules: LayerRules, targets: readonly (string | null)[], handle: string): LayerDecision {
  const deciding = new Set<PolicyId>();
  for (const target of targets) {
    const { result, decidedBy } = judgeTarget(rules, target);
    if (result !== 'ALLOW') return { layer, result, capability: target === null ? null : `${handle}:${target}`, rules: decidedBy };
    for (const id of decidedBy) if (deciding.size < MAX_NAMED_RULES) deciding.add(id);
  }
  return { layer, result: 'ALLOW', capability: null, rules: [...deciding] };
}

/** The most specific rules there are about the target decide; among them DENY beats ALLOW. */
function judgeTarget(rules: LayerRules, target: string | null): { result: 'ALLOW' | 'DENY' | 'NO_RULE'; decidedBy: PolicyId[] } {
  const deciding = [(target !== null && rules.operations.get(target)) || [], rules.integration, rules.everything].find(({ length }) => length > 0);
  if (!deciding) return { result: 'NO_RULE', decidedBy: [] };
  const result = deciding.some(({ effect }) => effect === 'DENY') ? 'DENY' : 'ALLOW';
  return { result, decidedBy: deciding.filter(({ effect }) => effect === result).slice(0, MAX_NAMED_RULES).map(({ id }) => id) };
}

const OWNER_OF_LAYER = {
  ORGANIZATION: { who: 'ADMINISTRATOR', allow: 'An administrator of the organization can allow {target} with createPolicy in the ORGANIZATION layer.' },
  USER: { who: 'USER', allow: 'The user can allow {target}: by ticking it when the application asks for consent again, or with createPolicy in the USER layer.' },
  APPLICATION: { who: 'APPLICATION_OWNER', allow: 'The application\'s owner or an administrator can allow {target}: with attachIntegration, or with createPolicy in the APPLICATION layer.' },
} as const satisfies Record<PolicyLayer, { who: Remedy['who']; allow: string }>;

function remedy({ layer, result, capability, rules }: LayerDecision, handle: string): Remedy {
  const { who, allow } = OWNER_OF_LAYER[layer];
  const how = allow.replace('{target}', capability ?? `all of ${handle}`);
  return { layer, who, how: result === 'DENY' ? `${rules.join(', ')} denies it. ${how.replace(' can allow', ' can change or delete that rule, or allow')}` : how };
}
