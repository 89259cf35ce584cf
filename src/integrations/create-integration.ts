import { change, type ChangeDeps } from '../audit/index.ts';
import { Fault, invalid, parseHandle, requireManagement, type Actor } from '../kernel/index.ts';
import { isUniqueViolation, newId, type AuthMode, type Wells } from '../platform/index.ts';
import { integrationColumns, nameOf, type Integration } from './integration.ts';
import { PROVIDERS } from './providers.ts';
import { checkSettings, mergeSettings, type SettingsInput } from './settings.ts';

export interface CreateIntegration extends SettingsInput {
  readonly handle: string;
  readonly authMode: AuthMode;
}

/**
 * A new integration. A provider gives name, scopes, MCP endpoint and API base URL where they are left out; they are copied,
 * so that a later version of the preset never widens what users have been asked for. Endpoints are not copied: they belong
 * to the preset's way of speaking. `conflict` at `handle` where it is taken.
 */
export async function createIntegration(deps: ChangeDeps & Pick<Wells, 'urls'>, actor: Actor, input: CreateIntegration): Promise<Integration> {
  requireManagement(actor, 'integrations', 'write');
  const handle = parseHandle(input.handle);
  const preset = input.provider == null ? undefined : PROVIDERS.get(input.provider);
  const defaults = {
    name: preset?.name ?? handle,
    authMode: input.authMode,
    exchangeMode: 'DECLARED' as const,
    provider: null,
    issuer: null,
    authorizationEndpoint: null,
    tokenEndpoint: null,
    revocationEndpoint: null,
    scopes: preset?.defaultScopes ?? [],
    mcpUrl: preset?.mcpUrl ?? null,
    apiBaseUrl: preset?.apiBaseUrl ?? null,
  };
  const columns = checkSettings(deps.urls, mergeSettings(defaults, input));
  // The sidecar and the gateway use these names for themselves.
  if (handle === 'mcp-gateway') throw invalid('handle', 'This handle names Kontext\'s own gateway.');
  try {
    return await change(deps, actor, async (tx) => {
      const integration = await tx
        .insertInto('integration')
        .values({ id: newId('integration'), organization_id: actor.organizationId, handle, ...columns, oauth_client_id: null, oauth_client_secret: null, server_token: null })
        .returning(integrationColumns)
        .executeTakeFirstOrThrow();
      const details = { name: integration.name, authMode: integration.auth_mode, provider: integration.provider, issuer: integration.issuer, scopes: integration.scopes };
      return { result: integration, events: [{ kind: 'integration.created', integration: nameOf(integration), details }] };
    });
  } catch (error) {
    throw isUniqueViolation(error) ? new Fault('conflict', { message: 'Another integration has this handle.', field: 'handle' }) : error;
  }
}
