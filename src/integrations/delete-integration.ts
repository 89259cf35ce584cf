import { change, type ChangeDeps } from '../audit/index.ts';
import { requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import { disconnectAll } from './disconnect-all.ts';
import { lockIntegration, nameOf, type Integration } from './integration.ts';

/** The integration as it was; it is gone with its connections, capabilities, attachments and rules. */
export async function deleteIntegration(deps: ChangeDeps, actor: Actor, input: { readonly id: IntegrationId }): Promise<Integration> {
  requireManagement(actor, 'integrations', 'write');
  return change(deps, actor, async (tx) => {
    const integration = await lockIntegration(tx, input.id);
    // The rows go by cascade; the log still tells each user.
    const disconnected = await disconnectAll(tx, integration, 'integration_deleted');
    await tx.deleteFrom('integration').where('id', '=', integration.id).execute();
    const details = { name: integration.name, disconnected: disconnected.length };
    return { result: integration, events: [{ kind: 'integration.deleted', integration: nameOf(integration), details }, ...disconnected] };
  });
}
