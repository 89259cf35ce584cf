import { STANDARD_DIALECT, type Provider } from '../provider.ts';

const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`;

/** Access tokens live an hour; the refresh token is reusable and is not sent again with a refresh. */
export const google: Provider = {
  handle: 'google',
  name: 'Google',
  authModes: ['OAUTH'],
  issuer: 'https://accounts.google.com',
  authorizationEndpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenEndpoint: 'https://oauth2.googleapis.com/token',
  // Google ends everything the user granted to the app, whichever token is sent.
  revocation: { endpoint: 'https://oauth2.googleapis.com/revoke', style: 'rfc7009', reach: 'grant' },
  dialect: {
    ...STANDARD_DIALECT,
    clientAuthentication: 'client_secret_post',
    secretRequired: true,
    // Without both, a user who has consented before gets no refresh token.
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    refreshReplay: 'safe',
  },
  defaultScopes: ['openid', 'email'],
  scopes: [
    { name: 'openid', text: 'Know who the user is.', risk: 'LOW' },
    { name: 'email', text: 'Read the e-mail address.', risk: 'LOW' },
    { name: 'profile', text: 'Read the profile.', risk: 'LOW' },
    { name: scope('calendar.readonly'), text: 'Read calendars.', risk: 'MEDIUM' },
    { name: scope('calendar.events'), text: 'Read and write events.', risk: 'MEDIUM' },
    { name: scope('drive.file'), text: 'Read and write the files opened with the app.', risk: 'MEDIUM' },
    { name: scope('drive.readonly'), text: 'Read all files.', risk: 'HIGH' },
    { name: scope('drive'), text: 'Read, write and delete all files.', risk: 'HIGH' },
    { name: scope('gmail.readonly'), text: 'Read all mail.', risk: 'HIGH' },
    { name: scope('gmail.send'), text: 'Send mail as the user.', risk: 'HIGH' },
    { name: scope('gmail.modify'), text: 'Read, write and send mail.', risk: 'HIGH' },
  ],
  apiBaseUrl: 'https://www.googleapis.com',
  mcpUrl: null,
  documentationUrl: 'https://developers.google.com/identity/protocols/oauth2/web-server',
};
