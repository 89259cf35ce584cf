import { change, type ChangeDeps } from '../audit/index.ts';
import { invalid, requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import { seal, type Secret, type Wells } from '../platform/index.ts';
import { authMode } from './auth-mode.ts';
import { integrationColumns, lockIntegration, nameOf, type Integration } from './integration.ts';
import { parseSecret } from './settings.ts';

/** Stores, or replaces, the token that every permitted user of the integration is handed. */
export async function setServerToken(
  deps: ChangeDeps & Pick<Wells, 'keyring'>,
  actor: Actor,
  input: { readonly id: IntegrationId; readonly token: Secret },
): Promise<Integration> {
  requireManagement(actor, 'integrations', 'write');
  const token = parseSecret(input.token, 'token');
  return change(deps, actor, async (tx) => {
    const integration = await lockIntegration(tx, input.id);
    if (!authMode(integration.auth_mode).storesAtIntegration) throw invalid('id', 'Only an integration with auth mode SERVER_TOKEN keeps a shared token.');
    const key = await deps.keyring.key(tx, actor.organizationId);
    const result = await tx
      .updateTable('integration')
      .set({ server_token: seal(key, { row: integration.id, field: 'integration.server_token' }, token) })
      .where('id', '=', integration.id)
      .returning(integrationColumns)
      .executeTakeFirstOrThrow();
    return { result, events: [{ kind: 'integration.server_token_set', integration: nameOf(integration), details: { replaced: integration.has_server_token } }] };
  });
}
