import { change, type ChangeDeps, type EventDraft } from '../audit/index.ts';
import { differences } from '../directory/index.ts';
import { requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import type { Wells } from '../platform/index.ts';
import { authMode } from './auth-mode.ts';
import { disconnectAll } from './disconnect-all.ts';
import { integrationColumns, lockIntegration, nameOf, type Integration } from './integration.ts';
import { checkSettings, mergeSettings, type SettingsInput } from './settings.ts';

export interface UpdateIntegration extends SettingsInput {
  readonly id: IntegrationId;
}

/**
 * Where a credential comes from. Once any of these changes, what users stored belongs to another service, and must not be
 * sent to this one.
 */
const ORIGIN = ['auth_mode', 'provider', 'issuer', 'authorization_endpoint', 'token_endpoint', 'revocation_endpoint'] as const;

/**
 * The integration with the settings that are given; null clears one, what is left out stays. A change of the auth mode or
 * of the authorization server ends every connection in the same transaction; leaving a mode clears the token stored for it.
 */
export async function updateIntegration(deps: ChangeDeps & Pick<Wells, 'urls'>, actor: Actor, input: UpdateIntegration): Promise<Integration> {
  requireManagement(actor, 'integrations', 'write');
  return change(deps, actor, async (tx) => {
    const before = await lockIntegration(tx, input.id);
    const columns = checkSettings(deps.urls, mergeSettings(settingsOf(before), input));
    const changed = differences(before, { ...columns });
    if (Object.keys(changed).length === 0) return { result: before, unchanged: true };

    const moved = ORIGIN.some((name) => name in changed);
    const disconnected = moved ? await disconnectAll(tx, before, 'settings_changed') : [];
    const after = await tx
      .updateTable('integration')
      .set({ ...columns, ...(!authMode(columns.auth_mode).storesAtIntegration && { server_token: null }) })
      .where('id', '=', before.id)
      .returning(integrationColumns)
      .executeTakeFirstOrThrow();
    const updated: EventDraft = { kind: 'integration.updated', integration: nameOf(after), details: { changed, disconnected: disconnected.length } };
    return { result: after, events: [updated, ...disconnected] };
  });
}

const settingsOf = (row: Integration) => ({
  name: row.name,
  authMode: row.auth_mode,
  exchangeMode: row.exchange_mode,
  provider: row.provider,
  issuer: row.issuer,
  authorizationEndpoint: row.authorization_endpoint,
  tokenEndpoint: row.token_endpoint,
  revocationEndpoint: row.revocation_endpoint,
  scopes: row.scopes,
  mcpUrl: row.mcp_url,
  apiBaseUrl: row.api_base_url,
});
