import { change, type ChangeDeps, type EventDraft } from '../audit/index.ts';
import { differences } from '../directory/index.ts';
import { requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import type { Wells } from '../platform/index.ts';
import { authMode } from './auth-mode.ts';
import { disconnectAll, dropAttempts } from './disconnect-all.ts';
import { integrationColumns, lockIntegration, nameOf, type Integration } from './integration.ts';
import { ORIGIN } from './origin.ts';
import { checkSettings, mergeSettings, type SettingsInput } from './settings.ts';

export interface UpdateIntegration extends SettingsInput {
  readonly id: IntegrationId;
}

/** Where the shared token is sent. Whoever may change these may not read it, so it does not follow to an address it was not given for. */
const DESTINATION = ['mcp_url', 'api_base_url'] as const;

/**
 * The integration with the settings that are given; null clears one, what is left out stays. A change of the auth mode or
 * of the authorization server ends, in the same transaction, every connection and every attempt to connect, and clears the
 * OAuth app and the shared token: each was given for the server of before, and is set again for this one by who knows it.
 * The shared token is cleared too where its destination becomes another address.
 */
export async function updateIntegration(deps: ChangeDeps & Pick<Wells, 'urls'>, actor: Actor, input: UpdateIntegration): Promise<Integration> {
  requireManagement(actor, 'integrations', 'write');
  return change(deps, actor, async (tx) => {
    const before = await lockIntegration(tx, input.id);
    const columns = checkSettings(deps.urls, mergeSettings(settingsOf(before), input));
    const changed = differences(before, { ...columns });
    if (Object.keys(changed).length === 0) return { result: before, unchanged: true };

    const moved = ORIGIN.some((name) => name in changed);
    const redirected = DESTINATION.some((name) => name in changed && columns[name] !== null);
    const keepsToken = authMode(columns.auth_mode).storesAtIntegration && !moved && !redirected;
    const disconnected = moved ? await disconnectAll(tx, before, 'settings_changed') : [];
    if (moved) await dropAttempts(tx, before.id);
    const after = await tx
      .updateTable('integration')
      .set({ ...columns, ...(moved && { oauth_client_id: null, oauth_client_secret: null }), ...(!keepsToken && { server_token: null }) })
      .where('id', '=', before.id)
      .returning(integrationColumns)
      .executeTakeFirstOrThrow();
    const updated: EventDraft = { kind: 'integration.updated', integration: nameOf(after), details: { changed, cleared: clearedOf(before, after), disconnected: disconnected.length } };
    return { result: after, events: [updated, ...disconnected] };
  });
}

/** What is to be set again, as the log names it. */
const clearedOf = (before: Integration, after: Integration): string[] => [
  ...(before.oauth_client_id !== null && after.oauth_client_id === null ? ['oauth_app'] : []),
  ...(before.has_server_token && !after.has_server_token ? ['server_token'] : []),
];

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
