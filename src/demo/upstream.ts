import type { KoaContextWithOIDC } from 'oidc-provider';
import { serveOidc } from './oidc-server.ts';

/**
 * Tracker, a service that knows nothing of Kontext: an API behind OAuth whose access tokens live for about a minute and
 * whose refresh tokens serve once; one that is used twice costs the user the whole grant. A process of its own.
 */
const ISSUES: Readonly<Record<string, readonly string[]>> = {
  'alice@tracker.test': ['Login page stays blank', 'Export takes an hour'],
  'bob@tracker.test': ['Invoice goes to the wrong Bob'],
};

/** Seconds. Kontext refreshes what ends within 60, so that a refresh is due three seconds after each token. */
const ACCESS_TOKEN_TTL = 63;

let refreshes = 0;

await serveOidc({
  name: 'tracker',
  title: 'Tracker',
  text: 'Kontext asks to read and write issues in your name.',
  yes: 'Allow',
  accounts: Object.keys(ISSUES),
  scopes: ['issues:read', 'issues:write'],
  grantTypes: ['authorization_code', 'refresh_token'],
  configuration: {
    features: { revocation: { enabled: true } },
    issueRefreshToken: async () => true,
    rotateRefreshToken: () => true,
    ttl: { AccessToken: ACCESS_TOKEN_TTL, RefreshToken: 86_400, Grant: 86_400, Session: 86_400, Interaction: 600, AuthorizationCode: 60, IdToken: 600 },
  },
  observe(provider) {
    const count = ({ oidc }: KoaContextWithOIDC): void => void (refreshes += oidc.params?.['grant_type'] === 'refresh_token' ? 1 : 0);
    provider.on('grant.success', count);
    provider.on('grant.error', count);
  },
  async route(provider, req, res) {
    const send = (status: number, body: object): true => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
      return true;
    };
    // How often a refresh token was sent here, whatever became of it: what the demo holds Kontext to.
    if (req.url === '/demo/refreshes') return send(200, { refreshes });
    if (req.url !== '/api/issues') return false;
    const value = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1];
    const token = value === undefined ? undefined : await provider.AccessToken.find(value);
    const account = token?.accountId;
    return account === undefined ? send(401, { error: 'invalid_token' }) : send(200, { account, issues: ISSUES[account] ?? [] });
  },
});
