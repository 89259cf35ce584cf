import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApplicationId, IntegrationId, PolicyId, UserId } from '../../src/kernel/index.ts';
import { evaluate, type Question, type Rule } from '../../src/policy/index.ts';
import { POLICY_VECTORS, type PolicyVector } from '../vectors/policy.ts';
import { referenceAllows } from './reference-model.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const ID = {
  app: 'app_this' as ApplicationId,
  otherApp: 'app_other' as ApplicationId,
  alice: 'usr_alice' as UserId,
  github: 'int_github' as IntegrationId,
  slack: 'int_slack' as IntegrationId,
};

function toRule(text: string, index: number): Rule {
  const [layer, effect, subject = '', target = '', ...extras] = text.split(' ');
  const [kind, name] = subject.split(':');
  const [handle, operation] = target.split(':');
  const subjects: Record<string, Pick<Rule, 'subjectKind' | 'subjectId'>> = {
    everyone: { subjectKind: 'EVERYONE', subjectId: null },
    group: { subjectKind: 'GROUP', subjectId: `grp_${name}` },
    user: { subjectKind: 'USER', subjectId: `usr_${name}` },
    role: { subjectKind: 'ROLE', subjectId: name ?? null },
    application: { subjectKind: 'APPLICATION', subjectId: ID.app },
  };
  return {
    id: `pol_${index}` as PolicyId,
    layer: layer as Rule['layer'],
    effect: effect as Rule['effect'],
    ...subjects[kind ?? '']!,
    integrationId: handle === '*' ? null : (`int_${handle}` as IntegrationId),
    operation: operation ?? null,
    applicationId: extras.includes('for:this') ? ID.app : extras.includes('for:other') ? ID.otherApp : null,
    condition: extras.includes('when') ? 'arguments.owner == "acme"' : null,
    expiresAt: extras.includes('expired') ? NOW : null,
  };
}

const toQuestion = (vector: PolicyVector): Question => ({
  application: { id: ID.app },
  user: vector.withoutUser ? null : { id: ID.alice, role: 'MEMBER', groupIds: ['grp_engineering'] },
  integration: { id: ID.github, handle: 'github', exchangeMode: vector.mode ?? 'DECLARED' },
  operations: vector.asks === undefined ? null : vector.asks,
  rawCredential: vector.door !== 'gateway',
  now: NOW,
});

describe('policy vectors', () => {
  test.each(POLICY_VECTORS)('$says', (vector) => {
    const rules = vector.rules.map(toRule);
    const decision = evaluate(rules, toQuestion(vector));
    expect(decision.outcome).toBe(vector.expect);
    if (vector.layers) expect(decision.layers.map(({ result }) => result)).toEqual(vector.layers);
    expect(decision.gatewayOnly).toBe(vector.gatewayOnly ?? false);
    expect(referenceAllows(rules, toQuestion(vector)), 'the reference model agrees').toBe(vector.expect === 'ALLOW');
  });
});

describe('a decision explains itself', () => {
  const rules = ['ORGANIZATION ALLOW everyone github', 'USER ALLOW user:alice github', 'USER DENY user:alice github:delete_repo'].map(toRule);
  const decision = evaluate(rules, toQuestion({ says: '', rules: [], asks: ['delete_repo'], expect: 'DENY' }));

  test('names each layer, the deciding rules and the capability that fails', () => {
    expect(decision.layers).toEqual([
      { layer: 'ORGANIZATION', result: 'ALLOW', capability: null, rules: ['pol_0'] },
      { layer: 'USER', result: 'DENY', capability: 'github:delete_repo', rules: ['pol_2'] },
      { layer: 'APPLICATION', result: 'NO_RULE', capability: 'github:delete_repo', rules: [] },
    ]);
  });
  test('says for each refusing layer who can fix it and how', () => {
    expect(decision.remedies.map(({ layer, who }) => [layer, who])).toEqual([['USER', 'USER'], ['APPLICATION', 'APPLICATION_OWNER']]);
    expect(decision.remedies[0]?.how).toContain('pol_2 denies it');
    expect(decision.remedies[1]?.how).toContain('attachIntegration');
  });
});

const ruleArbitrary: fc.Arbitrary<Rule> = fc
  .record({
    id: fc.nat().map((n) => `pol_${n}` as PolicyId),
    layer: fc.constantFrom('ORGANIZATION', 'USER', 'APPLICATION'),
    effect: fc.constantFrom('ALLOW', 'ALLOW', 'DENY'),
    subject: fc.constantFrom(['EVERYONE', null], ['GROUP', 'grp_a'], ['GROUP', 'grp_b'], ['USER', ID.alice], ['USER', 'usr_bob'], ['ROLE', 'MEMBER'], ['ROLE', 'ADMIN'], ['APPLICATION', ID.app], ['APPLICATION', ID.otherApp]),
    target: fc.constantFrom([null, null], [ID.github, null], [ID.github, 'read'], [ID.github, 'write'], [ID.slack, null], [ID.slack, 'read']),
    applicationId: fc.constantFrom(null, null, null, ID.app, ID.otherApp),
    condition: fc.constantFrom(null, null, null, null, 'x'),
    expiresAt: fc.constantFrom(null, null, null, NOW, new Date(NOW.getTime() + 1), new Date(NOW.getTime() - 1)),
  })
  .map(({ subject, target, ...rest }) => ({ ...rest, subjectKind: subject[0], subjectId: subject[1], integrationId: target[0], operation: target[1] }) as Rule);

/** Random rules beside none, some or all of three broad allows, so that both outcomes are common. */
const rulesArbitrary: fc.Arbitrary<Rule[]> = fc
  .tuple(fc.subarray(['ORGANIZATION ALLOW everyone *', 'USER ALLOW role:MEMBER github', 'USER ALLOW role:ADMIN *', 'APPLICATION ALLOW application github']), fc.array(ruleArbitrary, { maxLength: 10 }))
  .map(([broad, random]) => [...broad.map((text, index) => toRule(text, 1_000_000 + index)), ...random]);

const questionArbitrary: fc.Arbitrary<Question> = fc.record({
  application: fc.constant({ id: ID.app }),
  user: fc.constantFrom(null, { id: ID.alice, role: 'MEMBER' as const, groupIds: [] }, { id: ID.alice, role: 'MEMBER' as const, groupIds: ['grp_a'] }, { id: ID.alice, role: 'ADMIN' as const, groupIds: ['grp_a', 'grp_b'] }),
  integration: fc.constantFrom('DECLARED' as const, 'STRICT' as const).map((exchangeMode) => ({ id: ID.github, handle: 'github', exchangeMode })),
  operations: fc.constantFrom(null, ['read'], ['write'], ['read', 'write'], ['unnamed']),
  rawCredential: fc.boolean(),
  now: fc.constant(NOW),
});

test('agrees with the reference model over 100,000 generated cases, with a fair share of both outcomes', () => {
  const seen = { ALLOW: 0, DENY: 0 };
  fc.assert(
    fc.property(rulesArbitrary, questionArbitrary, (rules, question) => {
      const { outcome } = evaluate(rules, question);
      seen[outcome]++;
      expect(outcome === 'ALLOW').toBe(referenceAllows(rules, question));
    }),
    { numRuns: 100_000 },
  );
  expect(Math.min(seen.ALLOW, seen.DENY), JSON.stringify(seen)).toBeGreaterThan(5_000);
});

test('the order of the rules does not matter', () => {
  fc.assert(
    fc.property(rulesArbitrary, questionArbitrary, (rules, question) => {
      const { outcome } = evaluate(rules, question);
      expect(evaluate([...rules].reverse(), question).outcome).toBe(outcome);
    }),
    { numRuns: 2_000 },
  );
});

test('no named capability is the whole integration, never nothing', () => {
  const question = toQuestion({ says: '', rules: [], asks: [], expect: 'DENY' });
  expect(evaluate([], question)).toMatchObject({ outcome: 'DENY', capabilities: null });
});

test('ten thousand rules are judged in one pass and named in part', () => {
  const rules = Array.from({ length: 10_000 }, (_, index) => toRule(`USER ALLOW user:alice github:op_${index}`, index));
  const all = ['ORGANIZATION ALLOW everyone github', 'USER ALLOW user:alice github', 'APPLICATION ALLOW application github'].map((text, index) => toRule(text, 20_000 + index));
  let looked = 0;
  const counted = [...rules, ...all].map((rule) => new Proxy(rule, { get: (target, key) => (looked++, Reflect.get(target, key)) }));
  const decision = evaluate(counted, toQuestion({ says: '', rules: [], expect: 'ALLOW' }));
  expect(decision.outcome).toBe('ALLOW');
  expect(decision.layers[1].rules.length).toBeLessThanOrEqual(20);
  expect(looked).toBeLessThan(40 * counted.length);
});
