import type { GraphQLSchema } from 'graphql';
import { withBudget } from './budget.ts';
import { builder } from './builder.ts';
import './types/application.ts';
import './types/audit-event.ts';
import './types/audit-feed.ts';
import './types/capability.ts';
import './types/connection.ts';
import './types/decision.ts';
import './types/integration.ts';
import './types/node.ts';
import './types/organization.ts';
import './types/policy.ts';
import './types/provider.ts';
import './types/service-account.ts';
import './types/user.ts';
import './types/viewer.ts';

/** The whole graph. Built once; everything of a request comes with its context. */
export const schema: GraphQLSchema = withBudget(builder.toSchema());
