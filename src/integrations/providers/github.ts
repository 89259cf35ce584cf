import { NO_QUIRKS, STANDARD_DIALECT, type Provider } from '../provider.ts';

/** OAuth apps get tokens that do not expire; GitHub Apps get eight hours and a refresh token that rotates. */
export const github: Provider = {
  handle: 'github',
  name: 'GitHub',
  authModes: ['OAUTH', 'USER_TOKEN', 'SERVER_TOKEN'],
  issuer: 'https://github.com/login/oauth',
  authorizationEndpoint: 'https://github.com/login/oauth/authorize',
  tokenEndpoint: 'https://github.com/login/oauth/access_token',
  // The endpoint beside it, /grant, ends the user's tokens of every organization that shares the app.
  revocation: { endpoint: 'https://api.github.com/applications/{client_id}/token', style: 'github', reach: 'token' },
  dialect: {
    ...STANDARD_DIALECT,
    clientAuthentication: 'client_secret_post',
    secretRequired: true,
    // Errors come with status 200, in GitHub's own words.
    quirks: {
      ...NO_QUIRKS,
      errorAliases: { bad_verification_code: 'invalid_grant', bad_refresh_token: 'invalid_grant', incorrect_client_credentials: 'invalid_client', redirect_uri_mismatch: 'invalid_request' },
    },
  },
  defaultScopes: ['read:user', 'repo'],
  scopes: [
    { name: 'read:user', text: 'Read the profile.', risk: 'LOW' },
    { name: 'user:email', text: 'Read e-mail addresses.', risk: 'LOW' },
    { name: 'read:org', text: 'Read organizations and teams.', risk: 'LOW' },
    { name: 'notifications', text: 'Read notifications.', risk: 'MEDIUM' },
    { name: 'gist', text: 'Write gists.', risk: 'MEDIUM' },
    { name: 'public_repo', text: 'Read and write public repositories.', risk: 'MEDIUM' },
    { name: 'repo', text: 'Read and write all repositories, private ones too.', risk: 'HIGH' },
    { name: 'workflow', text: 'Change workflow files.', risk: 'HIGH' },
    { name: 'admin:org', text: 'Manage organizations and teams.', risk: 'HIGH' },
    { name: 'delete_repo', text: 'Delete repositories.', risk: 'HIGH' },
  ],
  apiBaseUrl: 'https://api.github.com',
  mcpUrl: 'https://api.githubcopilot.com/mcp/',
  documentationUrl: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
};
