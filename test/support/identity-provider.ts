import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, type Adapter, type AdapterPayload } from 'oidc-provider';

export interface Person {
  readonly subject?: string;
  readonly email: string;
  readonly name: string;
  readonly emailVerified?: boolean;
  readonly groups?: readonly string[];
}

export interface IdentityProviderSettings {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** Who exists; the list is read anew at each sign-in. */
  readonly people: readonly Person[];
}

export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Allows one more redirect URI. */
  register(redirectUri: string): void;
}

/**
 * An organization's own OpenID provider on a free port. It signs in whom `login_hint` names, else whoever is typed into its
 * form (`email`); its button `decline` refuses. Claims email, email_verified and name come from user-info, groups too.
 */
export async function openIdentityProvider(settings: IdentityProviderSettings): Promise<IdentityProvider> {
  let answer: (req: IncomingMessage, res: ServerResponse) => unknown = (_req, res) => res.end();
  const server = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = await openProvider(issuer, settings);
  const registered = new Set([settings.redirectUri]);
  provider.Client.prototype.redirectUriAllowed = (uri) => registered.has(uri);
  const callback = provider.callback();
  answer = (req, res) => (req.url?.startsWith('/interaction/') ? interact(provider, settings, req, res) : callback(req, res));
  return {
    issuer,
    register: (redirectUri) => void registered.add(redirectUri),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function openProvider(issuer: string, { clientId, clientSecret, redirectUri, people }: IdentityProviderSettings): Promise<Provider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(issuer, {
    adapter: openMemory(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    cookies: { keys: ['test'] },
    pkce: { required: () => true },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 300, Session: 3600, Grant: 3600 },
    renderError: (ctx, out) => void (ctx.body = JSON.stringify(out)),
    async loadExistingGrant(ctx) {
      const grant = new provider.Grant({ accountId: ctx.oidc.session?.accountId, clientId: ctx.oidc.client?.clientId });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
    findAccount(_ctx, id) {
      const person = people.find(({ email, subject }) => (subject ?? email) === id);
      return person && { accountId: id, claims: () => ({ sub: id, email: person.email, email_verified: person.emailVerified ?? true, name: person.name, ...(person.groups && { groups: [...person.groups] }) }) };
    },
  });
  return provider;
}

async function interact(provider: Provider, { people }: IdentityProviderSettings, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(req, res);
  const form = new URLSearchParams(req.method === 'POST' ? await readBody(req) : '');
  if (form.get('answer') === 'decline') return provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'declined' });
  const wanted = form.get('email') ?? params['login_hint'];
  const person = people.find(({ email }) => email === wanted);
  if (person) return provider.interactionFinished(req, res, { login: { accountId: person.subject ?? person.email } });
  res.setHeader('content-type', 'text/html');
  res.end('<form method="post"><input name="email"><button name="answer" value="sign-in">Sign in</button><button name="answer" value="decline">No</button></form>');
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of req) body += String(chunk);
  return body;
}

/** The library's own memory is shared by all its instances in a process. */
function openMemory(): (model: string) => Adapter {
  const rows = new Map<string, AdapterPayload>();
  const find = (test: (payload: AdapterPayload) => boolean) => [...rows.values()].find(test);
  return (model) => ({
    upsert: async (id, payload) => void rows.set(`${model} ${id}`, payload),
    find: async (id) => rows.get(`${model} ${id}`),
    findByUid: async (uid) => find((payload) => payload.kind === 'Session' && payload.uid === uid),
    findByUserCode: async (code) => find((payload) => payload.userCode === code),
    consume: async (id) => void Object.assign(rows.get(`${model} ${id}`) ?? {}, { consumed: Math.floor(Date.now() / 1000) }),
    destroy: async (id) => void rows.delete(`${model} ${id}`),
    async revokeByGrantId(grantId) {
      for (const [key, payload] of rows) if (payload.grantId === grantId) rows.delete(key);
    },
  });
}
