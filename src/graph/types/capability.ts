import { declareCapabilities, listCapabilities } from '../../integrations/index.ts';
import { parseId } from '../../kernel/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Capability, Integration } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { CapabilityOrigin } from './enums.ts';

export const CapabilityConnection = connectionOf('Capability', Capability);

Capability.implement({
  description: 'One operation of an integration: the atom of policy.',
  fields: (t) => ({
    integration: t.field({ type: Integration, nullable: true, resolve: ({ integration_id }) => integration_id }),
    operation: t.exposeString('operation'),
    description: t.exposeString('description', { nullable: true }),
    inputSchema: t.expose('input_schema', { type: 'JSON', nullable: true }),
    annotations: t.expose('annotations', { type: 'JSON', nullable: true }),
    definitionHash: t.exposeString('definition_hash', { description: 'Of description, input schema and annotations: a changed definition has another.' }),
    origin: t.expose('origin', { type: CapabilityOrigin }),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
  }),
});

builder.queryField('capabilities', (t) =>
  t.connection(
    {
      type: Capability,
      args: { integrationId: t.arg.id() },
      resolve: (_root, { integrationId, ...args }, context) => {
        const filter = { integrationId: integrationId == null ? undefined : parseId('integration', integrationId, 'integrationId') };
        return toConnection(args, (page) => listCapabilities(context.deps, actorOf(context), page, filter));
      },
    },
    CapabilityConnection,
  ),
);

const CapabilityInput = builder.inputType('CapabilityInput', {
  fields: (t) => ({
    operation: t.string({ required: true }),
    description: t.string(),
    inputSchema: t.field({ type: 'JSON', description: 'A JSON Schema of its arguments.' }),
    annotations: t.field({ type: 'JSON' }),
  }),
});

mutation('declareCapabilities', {
  description: 'Writes capabilities by hand, for a service that does not tell of them.',
  input: (t) => ({ integrationId: t.id({ required: true }), capabilities: t.field({ type: [CapabilityInput], required: true }) }),
  output: { capabilities: [Capability] },
  rows: ({ capabilities }) => capabilities.length,
  run: async (deps, actor, { integrationId, capabilities }) => ({
    capabilities: await declareCapabilities(deps, actor, { integrationId: parseId('integration', integrationId, 'integrationId'), capabilities }),
  }),
});
