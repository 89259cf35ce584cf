import type { Question, Rule } from '../../src/policy/index.ts';

/**
 * The product page's policy rules once more, written from the page and not from the code: no early exits, no specificity
 * numbers, just the sentences. Slow on purpose.
 */
export function referenceAllows(rules: readonly Rule[], question: Question): boolean {
  const inForce = rules.filter((rule) => {
    const expired = rule.expiresAt ? rule.expiresAt.getTime() <= question.now.getTime() : false;
    const otherApplication = rule.applicationId ? rule.applicationId !== question.application.id : false;
    // "An ALLOW whose condition cannot be evaluated does not match; a DENY whose condition cannot be evaluated does."
    const unknowableAllow = rule.condition !== null && rule.effect === 'ALLOW';
    return !expired && !otherApplication && !unknowableAllow && isAbout(rule, question);
  });
  const here = inForce.filter((rule) => rule.integrationId === null || rule.integrationId === question.integration.id);
  const named = new Set(here.map((rule) => rule.operation).filter((operation) => operation !== null));
  // "Exchange may name capabilities. Without, it asks for the whole integration: every rule that narrows a capability then counts."
  // "An integration in STRICT mode hands its raw credential only when the policy allows all of it."
  const everything = [null, ...named];
  const targets = question.integration.exchangeMode === 'STRICT' && question.rawCredential ? everything : (question.operations ?? everything);
  return targets.every((target) => ['ORGANIZATION', 'USER', 'APPLICATION'].every((layer) => layerAllows(here.filter((rule) => rule.layer === layer), target) || (layer === 'USER' && question.user === null)));
}

function isAbout(rule: Rule, { application, user }: Question): boolean {
  const subjects = new Map<string, readonly (string | null)[]>([
    ['EVERYONE', [null]],
    ['APPLICATION', [application.id]],
    ['USER', user ? [user.id] : []],
    ['ROLE', user ? [user.role] : []],
    ['GROUP', user ? user.groupIds : []],
  ]);
  return (subjects.get(rule.subjectKind) ?? []).includes(rule.subjectId);
}

/** "The most specific target decides: capability over integration over *. At the same target, DENY beats ALLOW." */
function layerAllows(rules: readonly Rule[], target: string | null): boolean {
  const onCapability = rules.filter((rule) => rule.operation !== null && rule.operation === target);
  const onIntegration = rules.filter((rule) => rule.operation === null && rule.integrationId !== null);
  const onEverything = rules.filter((rule) => rule.operation === null && rule.integrationId === null);
  const deciding = [onCapability, onIntegration, onEverything].find((group) => group.length > 0) ?? [];
  return deciding.length > 0 && deciding.every((rule) => rule.effect === 'ALLOW');
}
