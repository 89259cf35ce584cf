import type { KoaContextWithOIDC } from 'oidc-provider';
import { serveOidc } from './oidc-server.ts';

/**
 * Tracker, a service that knows nothing of Kontext: an API behind OAuth whose access tokens are short-lived and whose refresh
 * tokens serve once; one that is used twice costs the user the whole grant. A process of its own.
 */
const ISSUES: Readonly<Record<string, readonly string[]>> = {
  'alice@tracker.test': ['Login page stays blank', 'Export takes an hour'],
  'bob@tracker.test': ['Invoice goes to the wrong Bob'],
};

/** How long access tokens live, in seconds. Kontext refreshes what ends within 60, so a refresh is due three seconds after each. */
let lifetime = 63;
/** Where Kontext may have browsers come back to. Its integration here has an address of its own, known once it exists. */
const redirectUris = new Set([process.env['REDIRECT_URI']]);
/** How often a refresh token was sent here, whatever became of it. */
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
    ttl: { AccessToken: () => lifetime, RefreshToken: 86_400, Grant: 86_400, Session: 86_400, Interaction: 600, AuthorizationCode: 60, IdToken: 600 },
  },
  observe(provider) {
    provider.Client.prototype.redirectUriAllowed = (uri) => redirectUris.has(uri);
    const count = ({ oidc }: KoaContextWithOIDC): void => void (refreshes += oidc.params?.['grant_type'] === 'refresh_token' ? 1 : 0);
    provider.on('grant.success', count);
    provider.on('grant.error', count);
  },
  async route(provider, req, res) {
    const send = (status: number, body: object): true => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
      return true;
    };
    const { pathname, searchParams } = new URL(req.url ?? '/', provider.issuer);
    // POST /demo?redirect_uri=… registers one. For whoever watches: POST /demo?lifetime=600 changes the lifetime of the tokens to come.
    if (pathname === '/demo') {
      if (req.method === 'POST') {
        lifetime = Number(searchParams.get('lifetime')) || lifetime;
        const redirectUri = searchParams.get('redirect_uri');
        if (redirectUri !== null) redirectUris.add(redirectUri);
      }
      return send(200, { refreshes, lifetime });
    }
    if (pathname !== '/api/issues') return false;
    const value = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1];
    const token = value === undefined ? undefined : await provider.AccessToken.find(value);
    const account = token?.accountId;
    return account === undefined ? send(401, { error: 'invalid_token' }) : send(200, { account, issues: ISSUES[account] ?? [] });
  },
});
