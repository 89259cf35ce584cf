import { FORMATS } from './requirements/formats.ts';
import { GRAPHQL } from './requirements/graphql.ts';
import { HOW_IT_WORKS } from './requirements/how-it-works.ts';
import { INTEGRATIONS } from './requirements/integrations.ts';
import { OAUTH } from './requirements/oauth.ts';
import { OPENID } from './requirements/openid.ts';
import type { Requirement } from './requirements/requirement.ts';
import { SPINE } from './requirements/spine.ts';
import { THREATS } from './requirements/threats.ts';

/** Everything that must be so: what the product was described to be, the standards it claims, what it must survive. */
export const REQUIREMENTS: readonly Requirement[] = [...HOW_IT_WORKS, ...INTEGRATIONS, ...OAUTH, ...OPENID, ...GRAPHQL, ...FORMATS, ...THREATS, ...SPINE];
