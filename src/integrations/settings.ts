import { parseName } from '../directory/index.ts';
import { invalid } from '../kernel/index.ts';
import type { AuthMode, ExchangeMode, IntegrationTable, Secret, Urls } from '../platform/index.ts';
import { AUTH_MODES, authMode } from './auth-mode.ts';
import { getProvider } from './providers.ts';

/** What an administrator chooses of an integration; null: nothing chosen. */
export interface IntegrationSettings {
  readonly name: string;
  readonly authMode: AuthMode;
  readonly exchangeMode: ExchangeMode;
  readonly provider: string | null;
  readonly issuer: string | null;
  readonly authorizationEndpoint: string | null;
  readonly tokenEndpoint: string | null;
  readonly revocationEndpoint: string | null;
  readonly scopes: readonly string[];
  readonly mcpUrl: string | null;
  readonly apiBaseUrl: string | null;
}

/** Settings as an input carries them: what is left out stays, or takes its default. */
export type SettingsInput = { readonly [K in keyof IntegrationSettings]?: IntegrationSettings[K] | undefined };

/** The settings in the input over those that stand. */
export function mergeSettings(standing: IntegrationSettings, input: SettingsInput): IntegrationSettings {
  const given = Object.entries(input).filter(([name, value]) => name in standing && value !== undefined);
  return { ...standing, ...Object.fromEntries(given) };
}

type SettingColumns = Pick<
  IntegrationTable,
  'name' | 'auth_mode' | 'provider' | 'issuer' | 'authorization_endpoint' | 'token_endpoint' | 'revocation_endpoint' | 'mcp_url' | 'api_base_url'
> & { readonly exchange_mode: ExchangeMode; readonly scopes: string[] };

/** The settings as columns, once every one of them and all of them together hold; else `invalid_input` at the field. */
export function checkSettings(urls: Pick<Urls, 'public'>, settings: IntegrationSettings): SettingColumns {
  const url = (field: keyof IntegrationSettings & ('issuer' | `${string}Endpoint` | `${string}Url`)): string | null => {
    const text = settings[field];
    return text === null ? null : parseServiceUrl(urls, text, field);
  };
  if (!Object.hasOwn(AUTH_MODES, settings.authMode)) throw invalid('authMode', `An auth mode is one of ${Object.keys(AUTH_MODES).join(', ')}.`);
  if (settings.exchangeMode !== 'DECLARED' && settings.exchangeMode !== 'STRICT') throw invalid('exchangeMode', 'An exchange mode is DECLARED or STRICT.');
  const provider = settings.provider === null ? null : getProvider(settings.provider);
  if (provider && !provider.authModes.includes(settings.authMode) && settings.authMode !== 'NONE') {
    throw invalid('authMode', `${provider.name} is used with ${provider.authModes.join(', ')}.`);
  }
  if (authMode(settings.authMode).usesOAuth && !provider && settings.issuer === null && (settings.authorizationEndpoint === null || settings.tokenEndpoint === null)) {
    throw invalid('provider', 'An OAuth integration needs a provider, an issuer, or both an authorization and a token endpoint.');
  }
  return {
    name: parseName(settings.name),
    auth_mode: settings.authMode,
    exchange_mode: settings.exchangeMode,
    provider: settings.provider,
    issuer: url('issuer'),
    authorization_endpoint: url('authorizationEndpoint'),
    token_endpoint: url('tokenEndpoint'),
    revocation_endpoint: url('revocationEndpoint'),
    scopes: parseScopes(settings.scopes),
    mcp_url: url('mcpUrl'),
    api_base_url: url('apiBaseUrl'),
  };
}

/** `scope-token` of RFC 6749 section 3.3, less the comma that some providers separate with. */
const SCOPE = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,256}$/;

function parseScopes(scopes: readonly string[]): string[] {
  if (scopes.length > 100) throw invalid('scopes', 'An integration asks for at most 100 scopes.');
  scopes.forEach((scope, index) => {
    if (!SCOPE.test(scope)) throw invalid(`scopes.${index}`, 'A scope is 1 to 256 visible characters without space, comma, quote or backslash.');
  });
  return [...new Set(scopes)];
}

const UNCLEAR = /[\s\p{Cc}\\#]/u;

/** An absolute address of a service: https; http too where we ourselves are served by http, which is development alone. */
function parseServiceUrl(urls: Pick<Urls, 'public'>, text: string, field: string): string {
  const url = text.length <= 2048 ? URL.parse(text) : null;
  const schemes = urls.public.startsWith('http:') ? ['https:', 'http:'] : ['https:'];
  // The parser would drop white space and control characters and turn backslashes; then what was checked is not what is compared and shown.
  if (url && schemes.includes(url.protocol) && !url.username && !url.password && /^https?:\/\/[^/]/i.test(text) && !UNCLEAR.test(text) && text.isWellFormed()) return text;
  throw invalid(field, `Expected an absolute ${schemes.includes('http:') ? 'http or https' : 'https'} URL without credentials and fragment.`);
}

/** A token, key or secret as somebody entered it: what fits in a header, with nothing around it. */
export function parseSecret(secret: Secret, field: string): Secret {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?$/.test(secret.reveal())) return secret;
  throw invalid(field, 'Expected 1 to 8192 printable ASCII characters without white space around them.');
}
