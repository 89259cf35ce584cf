import type { ExchangeMode } from '../../src/platform/index.ts';
import type { LayerResult } from '../../src/policy/index.ts';

/**
 * One decision: rules as `layer effect subject target`, where the target is `*`, `github` or `github:create_issue`, then
 * `for:app_other`, `expired` or `when` as needed. The question is PR-Bot for Alice (MEMBER, in Engineering) at github.
 */
export interface PolicyVector {
  readonly says: string;
  readonly rules: readonly string[];
  readonly asks?: readonly string[] | null;
  readonly mode?: ExchangeMode;
  readonly door?: 'exchange' | 'gateway';
  readonly withoutUser?: true;
  readonly expect: 'ALLOW' | 'DENY';
  readonly layers?: readonly [LayerResult, LayerResult, LayerResult];
  readonly gatewayOnly?: true;
}

const ORG = 'ORGANIZATION ALLOW everyone github';
const USER = 'USER ALLOW user:alice github';
const APP = 'APPLICATION ALLOW application github';

export const POLICY_VECTORS: readonly PolicyVector[] = [
  { says: 'no rule at all denies', rules: [], expect: 'DENY', layers: ['NO_RULE', 'NO_RULE', 'NO_RULE'] },
  { says: 'all three layers allow', rules: [ORG, USER, APP], expect: 'ALLOW', layers: ['ALLOW', 'ALLOW', 'ALLOW'] },
  { says: 'the organization layer is missing', rules: [USER, APP], expect: 'DENY', layers: ['NO_RULE', 'ALLOW', 'ALLOW'] },
  { says: 'the user layer is missing', rules: [ORG, APP], expect: 'DENY', layers: ['ALLOW', 'NO_RULE', 'ALLOW'] },
  { says: 'the application layer is missing', rules: [ORG, USER], expect: 'DENY', layers: ['ALLOW', 'ALLOW', 'NO_RULE'] },
  { says: 'the engineering group can use GitHub', rules: ['ORGANIZATION ALLOW group:engineering github', USER, APP], expect: 'ALLOW' },
  { says: 'a rule for another group is no rule', rules: ['ORGANIZATION ALLOW group:sales github', USER, APP], expect: 'DENY', layers: ['NO_RULE', 'ALLOW', 'ALLOW'] },
  { says: 'the user layer can come from a role', rules: [ORG, 'USER ALLOW role:MEMBER github', APP], expect: 'ALLOW' },
  { says: 'the user layer can come from a group', rules: [ORG, 'USER ALLOW group:engineering github', APP], expect: 'ALLOW' },
  { says: 'another role gives nothing', rules: [ORG, 'USER ALLOW role:ADMIN github', APP], expect: 'DENY', layers: ['ALLOW', 'NO_RULE', 'ALLOW'] },
  { says: 'explicit deny beats allow at the same target', rules: [ORG, USER, 'USER DENY user:alice github', APP], expect: 'DENY', layers: ['ALLOW', 'DENY', 'ALLOW'] },
  { says: 'deny of one subject beats allow of another at the same target', rules: [ORG, USER, 'USER DENY group:engineering github', APP], expect: 'DENY', layers: ['ALLOW', 'DENY', 'ALLOW'] },
  { says: 'a capability allow is more specific than an integration deny', rules: [ORG, 'USER DENY user:alice github', 'USER ALLOW user:alice github:create_issue', APP], asks: ['create_issue'], expect: 'ALLOW' },
  { says: 'an integration allow is more specific than a deny of everything', rules: ['ORGANIZATION DENY everyone *', ORG, USER, APP], expect: 'ALLOW' },
  { says: 'a deny of everything alone denies', rules: ['ORGANIZATION DENY everyone *', USER, APP], expect: 'DENY', layers: ['DENY', 'ALLOW', 'ALLOW'] },
  { says: 'a capability deny narrows an integration allow', rules: [ORG, USER, 'USER DENY user:alice github:delete_repo', APP], asks: ['delete_repo'], expect: 'DENY', layers: ['ALLOW', 'DENY', 'ALLOW'] },
  { says: 'and leaves the other capabilities alone', rules: [ORG, USER, 'USER DENY user:alice github:delete_repo', APP], asks: ['create_issue'], expect: 'ALLOW' },
  { says: 'of several capabilities all must be allowed', rules: [ORG, USER, 'USER DENY user:alice github:delete_repo', APP], asks: ['create_issue', 'delete_repo'], expect: 'DENY' },
  { says: 'the whole integration counts every narrowing rule', rules: [ORG, USER, 'USER DENY user:alice github:delete_repo', APP], asks: null, expect: 'DENY', layers: ['ALLOW', 'DENY', 'ALLOW'] },
  { says: 'the whole integration needs more than capability allows', rules: [ORG, 'USER ALLOW user:alice github:create_issue', APP], asks: null, expect: 'DENY', layers: ['ALLOW', 'NO_RULE', 'ALLOW'] },
  { says: 'everything can be allowed at once', rules: ['ORGANIZATION ALLOW everyone *', 'USER ALLOW user:alice *', 'APPLICATION ALLOW application *'], expect: 'ALLOW' },
  { says: 'a rule about another integration is no rule', rules: [ORG, USER, 'APPLICATION ALLOW application slack'], expect: 'DENY', layers: ['ALLOW', 'ALLOW', 'NO_RULE'] },
  { says: 'an expired allow is no rule', rules: [ORG, `${USER} expired`, APP], expect: 'DENY', layers: ['ALLOW', 'NO_RULE', 'ALLOW'] },
  { says: 'an expired deny is no rule either', rules: [ORG, USER, 'USER DENY user:alice github expired', APP], expect: 'ALLOW' },
  { says: 'a condition that cannot be evaluated spoils an allow', rules: [ORG, `${USER} when`, APP], expect: 'DENY', layers: ['ALLOW', 'NO_RULE', 'ALLOW'] },
  { says: 'and not a deny', rules: [ORG, USER, 'USER DENY user:alice github when', APP], expect: 'DENY', layers: ['ALLOW', 'DENY', 'ALLOW'] },
  { says: 'consent given to this application counts', rules: [ORG, `${USER} for:this`, APP], expect: 'ALLOW' },
  { says: 'consent given to another application does not', rules: [ORG, `${USER} for:other`, APP], expect: 'DENY', layers: ['ALLOW', 'NO_RULE', 'ALLOW'] },
  { says: 'without a user there is no user layer, and the decision says so', rules: [ORG, APP], withoutUser: true, expect: 'ALLOW', layers: ['ALLOW', 'NOT_APPLICABLE', 'ALLOW'] },
  { says: 'without a user a group rule of the organization does not apply', rules: ['ORGANIZATION ALLOW group:engineering github', APP], withoutUser: true, expect: 'DENY', layers: ['NO_RULE', 'NOT_APPLICABLE', 'ALLOW'] },
  { says: 'STRICT hands the raw credential when all of it is allowed', rules: [ORG, USER, APP], asks: ['create_issue'], mode: 'STRICT', expect: 'ALLOW' },
  { says: 'STRICT refuses the raw credential where a capability is denied, and points at the gateway', rules: [ORG, USER, APP, 'USER DENY user:alice github:delete_repo'], asks: ['create_issue'], mode: 'STRICT', expect: 'DENY', gatewayOnly: true },
  { says: 'STRICT through the gateway judges the capability alone', rules: [ORG, USER, APP, 'USER DENY user:alice github:delete_repo'], asks: ['create_issue'], mode: 'STRICT', door: 'gateway', expect: 'ALLOW' },
];
