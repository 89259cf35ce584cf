import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oauth from 'openid-client';

/** What the sidecar answered. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** PR-Bot, an application of Acme: people sign in to it, and it uses Tracker in their name. It holds no credential of Tracker's. */
export interface PrBot extends AsyncDisposable {
  readonly url: string;
  readonly redirectUri: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Its registration with Kontext. */
  register(registration: Registration): Promise<void>;
  /** The Kontext token of whoever signed in last, renewed where it is about to end. */
  userToken(): Promise<string>;
  /** Asks the sidecar for the user's Tracker token, for one capability. */
  exchange(capability: string): Promise<ExchangeAnswer>;
}

export interface Registration {
  readonly issuer: string;
  readonly sidecarUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What its tokens are for (RFC 8707). */
  readonly resources: readonly string[];
  readonly trackerApi: string;
}

interface SignedIn {
  readonly name: string;
  readonly tokens: oauth.TokenEndpointResponse;
  readonly endsAt: number;
}

export const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  resource: 'tracker',
} as const;

const RENEW_BEFORE_MS = 60_000;

export async function openPrBot(): Promise<PrBot> {
  let registered: { readonly registration: Registration; readonly configuration: oauth.Configuration } | null = null;
  let signedIn: Promise<SignedIn> | null = null;
  const verifiers = new Map<string, string>();
  const server = createServer((req, res) => void answer(req, res).catch((error: unknown) => page(res, 500, 'This did not work', escape(error instanceof Error ? error.message : String(error)))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUri = `${url}/callback`;

  const known = () => {
    if (!registered) throw new Error('PR-Bot is not registered with Kontext yet');
    return registered;
  };
  const pages: Readonly<Record<string, (req: IncomingMessage, res: ServerResponse) => Promise<void>>> = {
    '/': async (_req, res) => page(res, 200, 'PR-Bot', '<a href="/sign-in">Sign in with Acme</a> · <a href="/issues">List my issues in Tracker</a>'),
    '/sign-in': async (_req, res) => {
      const { configuration, registration } = known();
      const verifier = oauth.randomPKCECodeVerifier();
      const state = oauth.randomState();
      verifiers.set(state, verifier);
      const parameters = new URLSearchParams({ redirect_uri: redirectUri, scope: 'openid email profile', state, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
      for (const resource of registration.resources) parameters.append('resource', resource);
      res.writeHead(302, { location: oauth.buildAuthorizationUrl(configuration, parameters).href, 'set-cookie': `pr_bot=${state}; HttpOnly; SameSite=Lax` }).end();
    },
    '/callback': async (req, res) => {
      // Only the browser that began may finish: it carries the state in a cookie too.
      const state = /(?:^|; )pr_bot=([^;]+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
      const pkceCodeVerifier = verifiers.get(state);
      if (pkceCodeVerifier === undefined) throw new Error('This sign-in was not begun in this browser.');
      verifiers.delete(state);
      const tokens = await oauth.authorizationCodeGrant(known().configuration, new URL(req.url ?? '', url), { pkceCodeVerifier, expectedState: state, idTokenExpected: true });
      const name = String(tokens.claims()?.['name'] ?? 'Somebody');
      signedIn = Promise.resolve(remember(name, tokens));
      page(res, 200, `Welcome, ${escape(name)}`, 'PR-Bot may act for you now. <a href="/issues">List my issues in Tracker</a>');
    },
    '/issues': async (_req, res) => {
      const { status, body } = await bot.exchange('tracker:list_issues');
      if (status !== 200) {
        const link = typeof body['connect_url'] === 'string' ? `<p><a href="${escape(body['connect_url'])}">Connect Tracker</a></p>` : '';
        return page(res, 200, 'Kontext refused', `${link}<pre>${escape(JSON.stringify(body, null, 2))}</pre>`);
      }
      const issues = await fetch(known().registration.trackerApi, { headers: { authorization: `Bearer ${String(body['access_token'])}` } });
      page(res, 200, 'Your issues in Tracker', `<pre>${escape(await issues.text())}</pre>`);
    },
  };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const show = pages[new URL(req.url ?? '/', url).pathname];
    if (show) await show(req, res);
    else page(res, 404, 'Nothing here', '<a href="/">PR-Bot</a>');
  };
  const renew = async ({ name, tokens }: SignedIn): Promise<SignedIn> => remember(name, await oauth.refreshTokenGrant(known().configuration, tokens.refresh_token ?? ''));

  const bot: PrBot = {
    url,
    redirectUri,
    get clientId() {
      return known().registration.clientId;
    },
    get clientSecret() {
      return known().registration.clientSecret;
    },
    async register(registration) {
      const configuration = await oauth.discovery(new URL(registration.issuer), registration.clientId, undefined, oauth.ClientSecretBasic(registration.clientSecret), { execute: [oauth.allowInsecureRequests] });
      registered = { registration, configuration };
    },
    async userToken() {
      if (!signedIn) throw new Error('nobody has signed in to PR-Bot yet');
      // Kept as a promise: a refresh token serves once, however many ask.
      signedIn = signedIn.then((current) => (current.endsAt - Date.now() > RENEW_BEFORE_MS ? current : renew(current)));
      return (await signedIn).tokens.access_token;
    },
    async exchange(capability) {
      const { clientId, clientSecret, sidecarUrl } = known().registration;
      const form = new URLSearchParams({ ...EXCHANGE, subject_token: await bot.userToken(), scope: capability });
      const authorization = `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`;
      const response = await fetch(`${sidecarUrl}/oauth2/token`, { method: 'POST', body: form, headers: { authorization } });
      return { status: response.status, body: (await response.json()) as ExchangeAnswer['body'] };
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return bot;
}

const remember = (name: string, tokens: oauth.TokenEndpointResponse): SignedIn => ({ name, tokens, endsAt: Date.now() + (tokens.expires_in ?? 0) * 1000 });

function page(res: ServerResponse, status: number, title: string, content: string): void {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  res.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>body{font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}pre{white-space:pre-wrap}</style><h1>${title}</h1><p>${content}</p></html>`);
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
