import { change, type ChangeDeps } from '../audit/index.ts';
import { invalid, requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import { newId } from '../platform/index.ts';
import { parseDefinition, type Capability, type CapabilityInput } from './capability.ts';
import { lockIntegration, nameOf } from './integration.ts';

export interface DeclareCapabilities {
  readonly integrationId: IntegrationId;
  readonly capabilities: readonly CapabilityInput[];
  /** Remove those that are not in the list. Without it nothing is ever removed. */
  readonly replace?: boolean | undefined;
}

/** Of one integration. More than any MCP server lists, and few enough to be judged and shown at once. */
const MAX_CAPABILITIES = 1_000;

/** The declared capabilities, new or brought up to date, in the order of the input. The same declaration twice changes nothing. */
export async function declareCapabilities(deps: ChangeDeps, actor: Actor, input: DeclareCapabilities): Promise<Capability[]> {
  requireManagement(actor, 'integrations', 'write');
  if (input.capabilities.length > MAX_CAPABILITIES) throw tooMany();
  const definitions = input.capabilities.map((capability, index) => parseDefinition(capability, `capabilities.${index}`));
  definitions.forEach(({ operation }, index) => {
    if (definitions.findIndex((other) => other.operation === operation) !== index) throw invalid(`capabilities.${index}.operation`, 'This operation is declared twice.');
  });

  return change(deps, actor, async (tx) => {
    const integration = await lockIntegration(tx, input.integrationId);
    const standing = await tx.selectFrom('capability').selectAll().where('integration_id', '=', integration.id).execute();
    const hashes = new Map(standing.map((row) => [row.operation, row.definition_hash]));
    const differing = definitions.filter(({ operation, definition_hash }) => hashes.get(operation) !== definition_hash);
    const declared = new Set(definitions.map(({ operation }) => operation));
    const removed = input.replace ? standing.filter(({ operation }) => !declared.has(operation)) : [];
    const byOperation = new Map(standing.map((row) => [row.operation, row]));
    if (new Set([...byOperation.keys(), ...declared]).size - removed.length > MAX_CAPABILITIES) throw tooMany();

    if (differing.length > 0) {
      const rows = await tx
        .insertInto('capability')
        .values(differing.map((definition) => ({ id: newId('capability'), organization_id: actor.organizationId, integration_id: integration.id, origin: 'DECLARED' as const, ...definition })))
        .onConflict((conflict) =>
          conflict.columns(['integration_id', 'operation']).doUpdateSet((eb) => ({
            description: eb.ref('excluded.description'),
            input_schema: eb.ref('excluded.input_schema'),
            annotations: eb.ref('excluded.annotations'),
            definition_hash: eb.ref('excluded.definition_hash'),
            origin: eb.ref('excluded.origin'),
          })),
        )
        .returningAll()
        .execute();
      for (const row of rows) byOperation.set(row.operation, row);
    }
    if (removed.length > 0) await tx.deleteFrom('capability').where('id', 'in', removed.map(({ id }) => id)).execute();

    const result = definitions.map(({ operation }) => byOperation.get(operation)!);
    if (differing.length + removed.length === 0) return { result, unchanged: true };
    const names = (rows: readonly { readonly operation: string }[]): string[] => rows.map(({ operation }) => operation);
    const added = differing.filter(({ operation }) => !hashes.has(operation));
    const details = { added: names(added), changed: names(differing.filter(({ operation }) => hashes.has(operation))), removed: names(removed) };
    return { result, events: [{ kind: 'integration.capabilities_declared', integration: nameOf(integration), details }] };
  });
}

const tooMany = () => invalid('capabilities', `An integration has at most ${MAX_CAPABILITIES} capabilities.`);
