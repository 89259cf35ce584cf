import { STANDARD_DIALECT, type Provider } from '../provider.ts';

/** Access tokens live a day; the refresh token rotates, and the one before it still works for half an hour. */
export const linear: Provider = {
  handle: 'linear',
  name: 'Linear',
  authModes: ['OAUTH', 'USER_TOKEN', 'SERVER_TOKEN'],
  issuer: null,
  authorizationEndpoint: 'https://linear.app/oauth/authorize',
  tokenEndpoint: 'https://api.linear.app/oauth/token',
  revocation: { endpoint: 'https://api.linear.app/oauth/revoke', style: 'bearer', reach: 'token' },
  dialect: {
    ...STANDARD_DIALECT,
    clientAuthentication: 'client_secret_post',
    secretRequired: true,
    scopeSeparator: ',',
    // Shows the choice of workspace also to a user who has consented before.
    authorizationParameters: { prompt: 'consent' },
    refreshReplay: 'safe',
  },
  defaultScopes: ['read'],
  scopes: [
    { name: 'read', text: 'Read everything the user can see.', risk: 'MEDIUM' },
    { name: 'issues:create', text: 'Create issues.', risk: 'LOW' },
    { name: 'comments:create', text: 'Create comments.', risk: 'LOW' },
    { name: 'timeSchedule:write', text: 'Change time schedules.', risk: 'MEDIUM' },
    { name: 'write', text: 'Change everything the user can change.', risk: 'HIGH' },
    { name: 'admin', text: 'Administer the workspace.', risk: 'HIGH' },
  ],
  apiBaseUrl: 'https://api.linear.app',
  mcpUrl: 'https://mcp.linear.app/mcp',
  documentationUrl: 'https://linear.app/developers/oauth-2-0-authentication',
};
