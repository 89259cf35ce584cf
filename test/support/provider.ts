import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

/** What a test may turn on a provider while it runs. */
export interface ProviderSwitches {
  /** Who signs in next; null: the person declines. */
  account: string | null;
  /** Seconds. */
  accessTokenTtl: number;
  /** Whether a refresh token is good for one use. */
  rotates: boolean;
  /** Answer so many of the next token requests with this status, before looking at them. */
  failNext: number;
  failStatus: number;
  /** Hold back each answer of the token endpoint, after the work is done. */
  stallMs: number;
  /** Drop the connection instead of the next so many answers of the token endpoint, after the work is done. */
  loseNext: number;
  /** Leave the refresh token out of answers to a refresh. */
  omitRefreshToken: boolean;
}

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  /** `GET` with a bearer token: `{ sub, scope }` while the token lives, else 401. */
  readonly apiUrl: string;
  readonly switches: ProviderSwitches;
  /** How often each refresh token was sent. */
  readonly refreshes: ReadonlyMap<string, number>;
  /** Tokens that were sent to be revoked. */
  readonly revoked: readonly string[];
  /** Allows one more redirect URI, for integrations whose own is known only once they exist. */
  register(redirectUri: string): void;
  /** All requests to the token endpoint. */
  readonly tokenRequests: () => number;
}

/** A real OAuth server over HTTP on a free port, and the API behind it. Signs in whoever `switches.account` names. */
export async function openTestProvider(redirectUris: readonly string[]): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const switches: ProviderSwitches = { account: 'alice', accessTokenTtl: 3_600, rotates: true, failNext: 0, failStatus: 500, stallMs: 0, loseNext: 0, omitRefreshToken: false };
  const refreshes = new Map<string, number>();
  const revoked: string[] = [];
  let tokenRequests = 0;
  const client = { clientId: 'kontext-test', clientSecret: 'provider-app-secret-for_tests.1' };
  const provider = await openOidcProvider(issuer, client, redirectUris, switches);
  const registered = new Set(redirectUris);
  provider.Client.prototype.redirectUriAllowed = (uri) => registered.has(uri);
  const answer = provider.callback();

  server.on('request', async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', issuer);
    if (pathname.startsWith('/interaction/')) return interact(provider, switches, req, res);
    if (pathname === '/api/me') return me(provider, req, res);
    if (pathname !== '/token' && pathname !== '/token/revocation') return void answer(req, res);

    const form = new URLSearchParams(await readAll(req));
    if (pathname === '/token/revocation') revoked.push(form.get('token') ?? '');
    else {
      tokenRequests++;
      const refreshToken = form.get('refresh_token');
      if (refreshToken !== null) refreshes.set(refreshToken, (refreshes.get(refreshToken) ?? 0) + 1);
      if (switches.failNext > 0) {
        switches.failNext--;
        return void res.writeHead(switches.failStatus).end();
      }
      holdBack(res, switches, refreshToken !== null);
    }
    // The body is read already; the provider takes it from here.
    Object.assign(req, { body: Object.fromEntries(form) });
    answer(req, res);
  });

  return {
    issuer,
    ...client,
    authorizationEndpoint: `${issuer}/auth`,
    tokenEndpoint: `${issuer}/token`,
    revocationEndpoint: `${issuer}/token/revocation`,
    apiUrl: `${issuer}/api/me`,
    switches,
    refreshes,
    revoked,
    register: (redirectUri) => void registered.add(redirectUri),
    tokenRequests: () => tokenRequests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function openOidcProvider(issuer: string, client: { clientId: string; clientSecret: string }, redirectUris: readonly string[], switches: ProviderSwitches): Promise<Provider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [...redirectUris],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['test'] },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    features: { devInteractions: { enabled: false }, revocation: { enabled: true, allowedPolicy: async (_ctx, asking, token) => token.clientId === asking.clientId } },
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    rotateRefreshToken: () => switches.rotates,
    ttl: { AccessToken: () => switches.accessTokenTtl, RefreshToken: 86_400, Grant: 86_400, Session: 86_400, Interaction: 600, AuthorizationCode: 60, IdToken: 600 },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    // Whoever has signed in has consented.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session!.accountId!, clientId: ctx.oidc.client!.clientId });
      grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(' '));
      await grant.save();
      return grant;
    },
  });
}

async function interact(provider: Provider, switches: ProviderSwitches, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const result = switches.account === null ? { error: 'access_denied', error_description: 'The person declined.' } : { login: { accountId: switches.account } };
  await provider.interactionFinished(req, res, result);
}

async function me(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const value = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  const token = value === undefined ? undefined : await provider.AccessToken.find(value);
  const body = token ? { sub: token.accountId, scope: token.scope } : { error: 'invalid_token' };
  res.writeHead(token ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Changes what becomes of an answer after the provider has made it. */
function holdBack(res: ServerResponse, switches: ProviderSwitches, isRefresh: boolean): void {
  const end = res.end.bind(res) as (body?: unknown) => ServerResponse;
  const lose = switches.loseNext > 0;
  if (lose) switches.loseNext--;
  const finish = async (body: unknown): Promise<void> => {
    await sleep(switches.stallMs);
    if (lose) return void res.destroy();
    if (isRefresh && switches.omitRefreshToken) {
      const text = JSON.stringify({ ...(JSON.parse(String(body)) as object), refresh_token: undefined });
      res.setHeader('content-length', Buffer.byteLength(text));
      return void end(text);
    }
    end(body);
  };
  res.end = ((body?: unknown) => {
    void finish(body);
    return res;
  }) as typeof res.end;
}

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A browser that is made of fetch and a jar: goes from `url` where it is sent, and answers the first address that begins with `until`. */
export async function browse(url: URL | string, until: string): Promise<URL> {
  const jars = new Map<string, Map<string, string>>();
  let at = new URL(url);
  for (let hops = 0; hops < 20; hops++) {
    const jar = jars.get(at.host) ?? new Map<string, string>();
    jars.set(at.host, jar);
    const response = await fetch(at, { redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const equals = pair.indexOf('=');
      jar.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${at.pathname} answered ${response.status} and leads nowhere: ${(await response.text()).slice(0, 500)}`);
    at = new URL(location, at);
    if (at.href.startsWith(until)) return at;
  }
  throw new Error(`${at.href} goes round in circles`);
}
