import { NO_QUIRKS, STANDARD_DIALECT, type Provider } from '../provider.ts';

/** Tokens do not expire unless the app has token rotation on: then twelve hours and a refresh token for one use. */
export const slack: Provider = {
  handle: 'slack',
  name: 'Slack',
  authModes: ['OAUTH', 'USER_TOKEN', 'SERVER_TOKEN'],
  issuer: null,
  authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
  tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
  revocation: { endpoint: 'https://slack.com/api/auth.revoke', style: 'bearer', reach: 'token' },
  dialect: {
    ...STANDARD_DIALECT,
    secretRequired: true,
    // Slack takes PKCE only from apps that were declared public for good.
    pkce: false,
    // `scope` would ask for a bot.
    scopeParameter: 'user_scope',
    scopeSeparator: ',',
    // Errors come with status 200 and `ok: false`; beside the user's token stands the bot's.
    quirks: {
      ...NO_QUIRKS,
      nestedUnder: 'authed_user',
      errorAliases: {
        invalid_code: 'invalid_grant',
        code_already_used: 'invalid_grant',
        invalid_refresh_token: 'invalid_grant',
        token_expired: 'invalid_grant',
        token_revoked: 'invalid_grant',
        account_inactive: 'invalid_grant',
        invalid_client_id: 'invalid_client',
        bad_client_secret: 'invalid_client',
      },
    },
  },
  defaultScopes: ['users:read', 'channels:read', 'chat:write'],
  scopes: [
    { name: 'users:read', text: 'See the people of the workspace.', risk: 'LOW' },
    { name: 'channels:read', text: 'See public channels.', risk: 'LOW' },
    { name: 'channels:history', text: 'Read public channels.', risk: 'MEDIUM' },
    { name: 'chat:write', text: 'Write messages as the user.', risk: 'MEDIUM' },
    { name: 'files:read', text: 'Read files.', risk: 'MEDIUM' },
    { name: 'files:write', text: 'Add and delete files.', risk: 'MEDIUM' },
    { name: 'groups:history', text: 'Read private channels.', risk: 'HIGH' },
    { name: 'im:history', text: 'Read direct messages.', risk: 'HIGH' },
    { name: 'search:read', text: 'Search everything the user can see.', risk: 'HIGH' },
  ],
  apiBaseUrl: 'https://slack.com/api',
  mcpUrl: 'https://mcp.slack.com/mcp',
  documentationUrl: 'https://docs.slack.dev/authentication/installing-with-oauth',
};
