import { change, type ChangeDeps } from '../audit/index.ts';
import { invalid, requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import { seal, type Secret, type Wells } from '../platform/index.ts';
import { dropAttempts } from './disconnect-all.ts';
import { integrationColumns, lockIntegration, nameOf, type Integration } from './integration.ts';
import { PROVIDERS } from './providers.ts';
import { parseSecret } from './settings.ts';

/** An app of the integration's own, or null: back to the platform's. */
export type SetOAuthApp =
  | { readonly id: IntegrationId; readonly clientId: string; readonly clientSecret: Secret | null }
  | { readonly id: IntegrationId; readonly clientId: null };

/**
 * Sets which OAuth app the integration uses from now on. Connections made through another app stay until their tokens are
 * refreshed; a provider then refuses what it issued to somebody else. Attempts to connect that are under way end.
 */
export async function setOAuthApp(deps: ChangeDeps & Pick<Wells, 'keyring'>, actor: Actor, input: SetOAuthApp): Promise<Integration> {
  requireManagement(actor, 'integrations', 'write');
  if (input.clientId !== null && !/^[\x21-\x7e]{1,256}$/.test(input.clientId)) throw invalid('clientId', 'A client id is 1 to 256 visible ASCII characters.');
  const secret = input.clientId !== null && input.clientSecret ? parseSecret(input.clientSecret, 'clientSecret') : null;
  return change(deps, actor, async (tx) => {
    const integration = await lockIntegration(tx, input.id);
    const provider = integration.provider === null ? undefined : PROVIDERS.get(integration.provider);
    if (input.clientId !== null && !secret && provider?.dialect.secretRequired) throw invalid('clientSecret', `${provider.name} demands a client secret.`);
    if (input.clientId === null && integration.oauth_client_id === null) return { result: integration, unchanged: true };
    const key = await deps.keyring.key(tx, actor.organizationId);
    const result = await tx
      .updateTable('integration')
      .set({ oauth_client_id: input.clientId, oauth_client_secret: secret && seal(key, { row: integration.id, field: 'integration.oauth_client_secret' }, secret) })
      .where('id', '=', integration.id)
      .returning(integrationColumns)
      .executeTakeFirstOrThrow();
    await dropAttempts(tx, integration.id);
    const details = { clientId: input.clientId, secret: secret !== null };
    return { result, events: [{ kind: 'integration.oauth_app_set', integration: nameOf(integration), details }] };
  });
}
