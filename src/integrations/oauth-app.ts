import { Fault } from '../kernel/index.ts';
import { Secret, unseal, type IntegrationTable, type Keyring, type Tx, type Wells } from '../platform/index.ts';
import { presetServer, type ServerColumns } from './origin.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './providers.ts';

/** The client that we are at a provider. */
export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: Secret | null;
  /** `PLATFORM`: shared by every organization of this server. */
  readonly source: 'INTEGRATION' | 'PLATFORM';
}

/** The columns that say which OAuth app an integration uses. */
export type OAuthAppColumns = ServerColumns & Pick<IntegrationTable, 'id' | 'organization_id' | 'handle' | 'oauth_client_id' | 'oauth_client_secret'>;

/** The names of the two environment variables that hold the platform's app for a provider. */
export function platformAppVariables(provider: string): { readonly clientId: string; readonly clientSecret: string } {
  const prefix = `KONTEXT_OAUTH_${provider.toUpperCase().replaceAll('-', '_')}`;
  return { clientId: `${prefix}_CLIENT_ID`, clientSecret: `${prefix}_CLIENT_SECRET` };
}

/**
 * The integration's own OAuth app, else the platform's for its provider. The two never mix: an id of one never goes with
 * the secret of the other. The platform's is the secret of every organization, so it goes to the preset's own server alone:
 * an integration that names an issuer or an endpoint itself has no use of it. Where there is none, or the provider demands a
 * secret that is not set: `oauth_app_missing`, which names both ways to fix it.
 */
export async function resolveOAuthApp(tx: Tx, keyring: Keyring, environment: Wells['environment'], integration: OAuthAppColumns): Promise<OAuthApp> {
  const provider = integration.provider === null ? undefined : PROVIDERS.get(integration.provider);
  const preset = presetServer(integration);
  const app = (await ownApp(tx, keyring, integration)) ?? (preset && platformApp(environment, preset.handle));
  if (app && (app.clientSecret || !provider?.dialect.secretRequired)) return app;

  const lacks = app ? 'a client secret, which the provider demands' : provider && !preset ? OWN_SERVER : 'an OAuth app';
  throw new Fault('oauth_app_missing', {
    message: `The integration ${integration.handle} lacks ${lacks}.`,
    hint: `An administrator can set the integration's own client id and secret with the mutation setOAuthApp${otherWay(provider, preset)}`,
    extensions: { integration: integration.handle },
  });
}

const OWN_SERVER = 'an OAuth app of its own: it names an issuer or endpoints itself, and the platform\'s app is for the preset\'s server alone';

function otherWay(provider: Provider | undefined, preset: Provider | null): string {
  if (!provider) return '. A service without a preset has no platform-wide app.';
  if (!preset) return `, or clear its issuer and endpoints to use ${provider.name}'s.`;
  const { clientId, clientSecret } = platformAppVariables(preset.handle);
  return `; or the operator can set the environment variables ${clientId} and ${clientSecret} for the whole platform.`;
}

async function ownApp(tx: Tx, keyring: Keyring, integration: OAuthAppColumns): Promise<OAuthApp | null> {
  if (integration.oauth_client_id === null) return null;
  const sealed = integration.oauth_client_secret;
  const place = { row: integration.id, field: 'integration.oauth_client_secret' };
  const clientSecret = sealed && unseal(await keyring.key(tx, integration.organization_id), place, sealed);
  return { clientId: integration.oauth_client_id, clientSecret, source: 'INTEGRATION' };
}

function platformApp(environment: Wells['environment'], provider: string): OAuthApp | null {
  const names = platformAppVariables(provider);
  const clientId = environment[names.clientId]?.trim();
  const clientSecret = environment[names.clientSecret]?.trim();
  return clientId ? { clientId, clientSecret: clientSecret ? new Secret(clientSecret) : null, source: 'PLATFORM' } : null;
}
