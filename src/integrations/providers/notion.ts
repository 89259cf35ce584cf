import { NO_QUIRKS, STANDARD_DIALECT, type Provider } from '../provider.ts';

/** Tokens carry no expiry; what they may do is chosen on Notion's own page, so there are no scopes. */
export const notion: Provider = {
  handle: 'notion',
  name: 'Notion',
  authModes: ['OAUTH', 'USER_TOKEN', 'SERVER_TOKEN'],
  issuer: null,
  authorizationEndpoint: 'https://api.notion.com/v1/oauth/authorize',
  tokenEndpoint: 'https://api.notion.com/v1/oauth/token',
  revocation: { endpoint: 'https://api.notion.com/v1/oauth/revoke', style: 'rfc7009', reach: 'token' },
  dialect: {
    ...STANDARD_DIALECT,
    secretRequired: true,
    // Bodies with members that Notion does not document are refused, `code_verifier` among them.
    pkce: false,
    authorizationParameters: { owner: 'user' },
    quirks: { ...NO_QUIRKS, jsonRequests: true, headers: { 'notion-version': '2025-09-03' } },
  },
  defaultScopes: [],
  scopes: [],
  apiBaseUrl: 'https://api.notion.com',
  // Notion's MCP server has an authorization server of its own and takes no token of this one.
  mcpUrl: null,
  documentationUrl: 'https://developers.notion.com/docs/authorization',
};
