import { createIntegration, deleteIntegration, listIntegrations, pagesOfCapabilities, PROVIDERS, redirectUriOf, setOAuthApp, setServerToken, updateIntegration } from '../../integrations/index.ts';
import { parseId } from '../../kernel/index.ts';
import { Secret } from '../../platform/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Capability, Integration } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { relation } from '../relation.ts';
import { CapabilityConnection } from './capability.ts';
import { AuthMode, ExchangeMode } from './enums.ts';
import { Provider } from './provider.ts';

export const IntegrationConnection = connectionOf('Integration', Integration);
const capabilities = relation(pagesOfCapabilities);

Integration.implement({
  description: 'An external service. No credential of it is ever shown.',
  fields: (t) => ({
    handle: t.exposeString('handle', { description: 'Unique in the organization; the exchange names an integration by it.' }),
    name: t.exposeString('name'),
    authMode: t.expose('auth_mode', { type: AuthMode }),
    exchangeMode: t.expose('exchange_mode', { type: ExchangeMode }),
    provider: t.field({ type: Provider, nullable: true, description: 'The preset, where it is one.', resolve: ({ provider }) => (provider === null ? null : PROVIDERS.get(provider)) }),
    issuer: t.exposeString('issuer', { nullable: true }),
    authorizationEndpoint: t.exposeString('authorization_endpoint', { nullable: true }),
    tokenEndpoint: t.exposeString('token_endpoint', { nullable: true }),
    revocationEndpoint: t.exposeString('revocation_endpoint', { nullable: true }),
    scopes: t.exposeStringList('scopes'),
    mcpUrl: t.exposeString('mcp_url', { nullable: true }),
    apiBaseUrl: t.exposeString('api_base_url', { nullable: true }),
    oauthClientId: t.exposeString('oauth_client_id', { nullable: true, description: 'Of its own OAuth app; null where the platform\'s is used.' }),
    redirectUri: t.string({ description: 'Register it with the OAuth app that this integration uses.', resolve: (integration, _args, { deps }) => redirectUriOf(integration, deps.urls) }),
    hasOAuthClientSecret: t.exposeBoolean('has_oauth_client_secret'),
    hasServerToken: t.exposeBoolean('has_server_token'),
    capabilities: t.connection(
      {
        type: Capability,
        resolve: ({ id }, args, context) => toConnection(args, (page) => capabilities(context, id, page)),
      },
      CapabilityConnection,
    ),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
  }),
});

builder.queryField('integrations', (t) =>
  t.connection({ type: Integration, resolve: (_root, args, context) => toConnection(args, (page) => listIntegrations(context.deps, actorOf(context), page)) }, IntegrationConnection),
);

/** Settings that cannot be empty: null means the same as leaving them out. */
function clearable<T extends { name?: string | null | undefined; exchangeMode?: 'DECLARED' | 'STRICT' | null | undefined; scopes?: readonly string[] | null | undefined }>({ name, exchangeMode, scopes, ...rest }: T) {
  return { ...rest, name: name ?? undefined, exchangeMode: exchangeMode ?? undefined, scopes: scopes ?? undefined };
}

mutation('createIntegration', {
  description: 'Adds a service: a provider of the presets, an OAuth issuer, or explicit endpoints.',
  input: (t) => ({
    handle: t.string({ required: true }),
    name: t.string({ description: 'Left out: the provider\'s.' }),
    authMode: t.field({ type: AuthMode, required: true }),
    exchangeMode: t.field({ type: ExchangeMode }),
    provider: t.string({ description: 'Handle of a preset.' }),
    issuer: t.string({ description: 'OAuth issuer; its endpoints are discovered.' }),
    authorizationEndpoint: t.string(),
    tokenEndpoint: t.string(),
    revocationEndpoint: t.string(),
    scopes: t.stringList(),
    mcpUrl: t.string(),
    apiBaseUrl: t.string(),
  }),
  output: { integration: Integration },
  run: async (deps, actor, { handle, authMode, ...settings }) => ({ integration: await createIntegration(deps, actor, { ...clearable(settings), handle, authMode }) }),
});

mutation('updateIntegration', {
  description: 'Changes what is given; null clears a provider, an issuer, an endpoint or a URL. Another auth mode or authorization server disconnects its connections.',
  input: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    authMode: t.field({ type: AuthMode }),
    exchangeMode: t.field({ type: ExchangeMode }),
    provider: t.string({ description: 'Handle of a preset.' }),
    issuer: t.string(),
    authorizationEndpoint: t.string(),
    tokenEndpoint: t.string(),
    revocationEndpoint: t.string(),
    scopes: t.stringList(),
    mcpUrl: t.string(),
    apiBaseUrl: t.string(),
  }),
  output: { integration: Integration },
  run: async (deps, actor, { id, authMode, ...settings }) => ({
    integration: await updateIntegration(deps, actor, { ...clearable(settings), authMode: authMode ?? undefined, id: parseId('integration', id) }),
  }),
});

mutation('deleteIntegration', {
  description: 'Deletes an integration with its connections, capabilities and rules, and answers it as it was.',
  input: (t) => ({ id: t.id({ required: true }) }),
  output: { integration: Integration },
  run: async (deps, actor, { id }) => ({ integration: await deleteIntegration(deps, actor, { id: parseId('integration', id) }) }),
});

mutation('setServerToken', {
  description: 'Sets the token that every permitted user of a SERVER_TOKEN integration shares. It is never shown again.',
  input: (t) => ({ id: t.id({ required: true }), token: t.string({ required: true }) }),
  output: { integration: Integration },
  run: async (deps, actor, { id, token }) => ({ integration: await setServerToken(deps, actor, { id: parseId('integration', id), token: new Secret(token) }) }),
});

mutation('setOAuthApp', {
  description: 'Gives an integration an OAuth app of its own, or takes it away, so that the platform\'s is used.',
  input: (t) => ({
    id: t.id({ required: true }),
    clientId: t.string({ description: 'Null or left out: the platform\'s app.' }),
    clientSecret: t.string({ description: 'Left out for a public client. It is never shown again.' }),
  }),
  output: { integration: Integration },
  run: async (deps, actor, { id, clientId, clientSecret }) => ({
    integration: await setOAuthApp(deps, actor, clientId == null ? { id: parseId('integration', id), clientId: null } : { id: parseId('integration', id), clientId, clientSecret: clientSecret == null ? null : new Secret(clientSecret) }),
  }),
});
