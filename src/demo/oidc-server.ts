import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';

export interface OidcServerSettings {
  /** In cookies: browsers send those of 127.0.0.1 to each of its ports. */
  readonly name: string;
  readonly title: string;
  /** What its one page says above the form, as HTML. */
  readonly text: string;
  readonly yes: string;
  /** Who may be typed into the form; the first is there already. There are no passwords. */
  readonly accounts: readonly string[];
  readonly scopes: readonly string[];
  readonly grantTypes: readonly string[];
  readonly configuration: Configuration;
  readonly observe?: (provider: Provider) => void;
  /** Paths of its own. Answers false for those it does not know. */
  readonly route?: (provider: Provider, req: IncomingMessage, res: ServerResponse) => Promise<boolean>;
}

/**
 * A real OpenID provider on a free port, with one client: the Kontext that this process's variables describe. Signing in is
 * agreeing: its page asks both at once. Prints `{"issuer": …}` once it is ready.
 */
export async function serveOidc(settings: OidcServerSettings): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = await openProvider(issuer, settings);
  settings.observe?.(provider);
  const callback = provider.callback();
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.url?.startsWith('/interaction/')) return interact(provider, settings, req, res);
    if (!(await settings.route?.(provider, req, res))) await callback(req, res);
  };
  server.on('request', (req, res) => void answer(req, res).catch((error: unknown) => res.writeHead(500).end(String(error))));
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
}

async function openProvider(issuer: string, { name, accounts, scopes, grantTypes, configuration }: OidcServerSettings): Promise<Provider> {
  const { CLIENT_ID = '', CLIENT_SECRET = '', REDIRECT_URI = '' } = process.env;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const client = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI], grant_types: [...grantTypes], id_token_signed_response_alg: 'ES256' as const };
  const { features, ...rest } = configuration;
  return new Provider(issuer, {
    clients: [client],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    features: { devInteractions: { enabled: false }, ...features },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: [CLIENT_SECRET], names: { session: `${name}_session`, interaction: `${name}_interaction`, resume: `${name}_resume` } },
    pkce: { required: () => true },
    scopes: [...scopes],
    findAccount: (_ctx, id) => (accounts.includes(id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined),
    // Whoever has signed in has agreed.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session?.accountId, clientId: ctx.oidc.client?.clientId });
      grant.addOIDCScope(scopes.join(' '));
      await grant.save();
      return grant;
    },
    ...rest,
  });
}

async function interact(provider: Provider, settings: OidcServerSettings, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(req, res);
  const form = new URLSearchParams(req.method === 'POST' ? await readBody(req) : '');
  if (form.get('answer') === 'no') return provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'The person declined.' });
  const account = form.get('account');
  if (account !== null && settings.accounts.includes(account)) return provider.interactionFinished(req, res, { login: { accountId: account } });
  const hinted = settings.accounts.find((known) => known === params['login_hint']) ?? settings.accounts[0] ?? '';
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(settings, hinted, account !== null));
}

function page({ title, text, yes, accounts }: OidcServerSettings, account: string, unknown: boolean): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}button{font:inherit;margin:1rem .5rem 0 0;padding:.5rem 1rem}</style>
<h1>${title}</h1><p>${text}</p>${unknown ? `<p><strong>Only ${accounts.join(' and ')} exist here.</strong></p>` : ''}
<form method="post"><label>Account <input name="account" value="${account}" autocomplete="off"></label>
<button name="answer" value="yes">${yes}</button><button name="answer" value="no">No</button></form><p><small>Part of the demo: there are no passwords.</small></p></html>`;
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of req) body += String(chunk);
  return body;
}
