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
  /** Null asks for the whole integration. */
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
  const judged = strict ? null : question.operations;
  const layers = judgeLayers(matching, question, judged);
  const allowed = layers.every(isAllowing);
  const { handle } = question.integration;
  return {
    outcome: allowed ? 'ALLOW' : 'DENY',
    integration: handle,
    capabilities: question.operations?.map((operation) => `${handle}:${operation}`) ?? null,
    mode: question.integration.exchangeMode,
    gatewayOnly: !allowed && strict && question.operations !== null && judgeLayers(matching, question, question.operations).every(isAllowing),
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
    const inLayer = matching.filter((rule) => rule.layer === layer);
    return judgeLayer(layer, inLayer, targets, question.integration.handle);
  });
  return [organization!, user!, application!];
}

/** The layer's answer over all targets: the first that it does not allow, or ALLOW with every deciding rule. */
function judgeLayer(layer: PolicyLayer, rules: readonly Rule[], targets: readonly (string | null)[], handle: string): LayerDecision {
  const deciding = new Set<PolicyId>();
  for (const target of targets) {
    const { result, decidedBy } = judgeTarget(rules, target);
    if (result !== 'ALLOW') return { layer, result, capability: target === null ? null : `${handle}:${target}`, rules: decidedBy };
    for (const id of decidedBy) deciding.add(id);
  }
  return { layer, result: 'ALLOW', capability: null, rules: [...deciding] };
}

const specificity = (rule: Rule): number => (rule.operation !== null ? 2 : rule.integrationId !== null ? 1 : 0);

function judgeTarget(rules: readonly Rule[], target: string | null): { result: 'ALLOW' | 'DENY' | 'NO_RULE'; decidedBy: PolicyId[] } {
  const candidates = rules.filter((rule) => rule.operation === null || rule.operation === target);
  if (candidates.length === 0) return { result: 'NO_RULE', decidedBy: [] };
  const highest = Math.max(...candidates.map(specificity));
  const deciding = candidates.filter((rule) => specificity(rule) === highest);
  const result = deciding.some(({ effect }) => effect === 'DENY') ? 'DENY' : 'ALLOW';
  return { result, decidedBy: deciding.filter(({ effect }) => effect === result).map(({ id }) => id) };
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
