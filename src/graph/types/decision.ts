import { explainAccess } from '../../access/index.ts';
import { invalid, parseId, parseOperation } from '../../kernel/index.ts';
import type { Decision as DecisionValue, LayerDecision as LayerDecisionValue, Remedy as RemedyValue } from '../../policy/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { Policy } from '../nodes.ts';
import { ExchangeMode, LayerResult, PolicyEffect, PolicyLayer, RemedyOwner } from './enums.ts';

const LayerDecision = builder.objectRef<LayerDecisionValue>('LayerDecision').implement({
  description: 'What one layer says.',
  fields: (t) => ({
    layer: t.expose('layer', { type: PolicyLayer }),
    result: t.expose('result', { type: LayerResult }),
    capability: t.exposeString('capability', { nullable: true, description: 'The first capability that is not allowed.' }),
    ruleIds: t.field({ type: ['ID'], description: 'The rules that decided.', resolve: ({ rules }) => [...rules] }),
    rules: t.field({ type: [Policy], nullable: { list: false, items: true }, description: 'The same as far as they still exist and may be seen.', resolve: ({ rules }) => [...rules] }),
  }),
});

const Remedy = builder.objectRef<RemedyValue>('Remedy').implement({
  description: 'Who can change the outcome, and how.',
  fields: (t) => ({
    layer: t.expose('layer', { type: PolicyLayer }),
    who: t.expose('who', { type: RemedyOwner }),
    how: t.exposeString('how'),
  }),
});

export const Decision = builder.objectRef<DecisionValue>('Decision').implement({
  description: 'A decision that explains itself: the value that an exchange gets, that the log keeps and that `explainAccess` shows.',
  fields: (t) => ({
    outcome: t.expose('outcome', { type: PolicyEffect }),
    integration: t.exposeString('integration', { description: 'Its handle.' }),
    capabilities: t.field({ type: ['String'], nullable: true, description: 'What was asked for; null for the whole integration.', resolve: ({ capabilities }) => capabilities && [...capabilities] }),
    mode: t.expose('mode', { type: ExchangeMode }),
    gatewayOnly: t.exposeBoolean('gatewayOnly', { description: 'Only STRICT stands in the way: the gateway would allow it.' }),
    layers: t.field({ type: [LayerDecision], resolve: ({ layers }) => [...layers] }),
    missing: t.field({ type: [PolicyLayer], description: 'The layers in which no rule speaks of it.', resolve: ({ layers }) => layers.filter(({ result }) => result === 'NO_RULE').map(({ layer }) => layer) }),
    remedies: t.field({ type: [Remedy], resolve: ({ remedies }) => [...remedies] }),
  }),
});

const MAX_OPERATIONS = 50;

function parseOperations(operations: readonly string[]): readonly string[] | null {
  if (operations.length > MAX_OPERATIONS) throw invalid('operations', `At most ${MAX_OPERATIONS} operations at once.`);
  return operations.length === 0 ? null : operations.map((operation, index) => parseOperation(operation, `operations.${index}`));
}

builder.queryField('explainAccess', (t) =>
  t.field({
    type: Decision,
    description: 'The decision that an exchange would get now. Nothing is logged and nothing leaves.',
    args: {
      userId: t.arg.id({ description: 'Left out: without a user, as for the organization\'s shared token.' }),
      applicationId: t.arg.id({ required: true }),
      integrationId: t.arg.id({ required: true }),
      operations: t.arg.stringList({ description: 'At most 50; left out, or none: the whole integration.' }),
    },
    resolve: (_root, { userId, applicationId, integrationId, operations }, context) =>
      explainAccess(context.deps, actorOf(context), {
        userId: userId == null ? null : parseId('user', userId, 'userId'),
        applicationId: parseId('application', applicationId, 'applicationId'),
        integrationId: parseId('integration', integrationId, 'integrationId'),
        operations: parseOperations(operations ?? []),
      }),
  }),
);
