import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPrBotClient, type PrBotClient, type Registration } from './pr-bot-client.ts';

/** PR-Bot, an application of Acme: people sign in to it, and it uses Tracker in their name. */
export interface PrBot extends AsyncDisposable {
  readonly url: string;
  readonly redirectUri: string;
  /** Throws before it is registered. */
  readonly client: PrBotClient;
  register(registration: Registration): Promise<void>;
}

interface Visit {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
  readonly client: PrBotClient;
  readonly trackerApi: string;
}

/** PR-Bot's pages on a free port; they are the same for the story's browser and for yours. */
export async function openPrBot(trackerApi: string): Promise<PrBot> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let registered: PrBotClient | null = null;
  const known = (): PrBotClient => {
    if (!registered) throw new Error('PR-Bot is not registered with Kontext yet');
    return registered;
  };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const target = new URL(req.url ?? '/', url);
    const show = PAGES[target.pathname] ?? notFound;
    await show({ req, res, url: target, client: known(), trackerApi });
  };
  server.on('request', (req, res) => void answer(req, res).catch((error: unknown) => page(res, 500, 'This did not work', escape(error instanceof Error ? error.message : String(error)))));
  return {
    url,
    redirectUri: `${url}/callback`,
    get client() {
      return known();
    },
    async register(registration) {
      registered = await openPrBotClient(registration);
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const PAGES: Readonly<Record<string, (visit: Visit) => Promise<void>>> = {
  '/': async ({ res }) => page(res, 200, 'PR-Bot', '<a href="/sign-in">Sign in with Acme</a> · <a href="/issues">List my issues in Tracker</a>'),
  '/sign-in': beginSignIn,
  '/callback': finishSignIn,
  '/issues': listIssues,
};

async function beginSignIn({ res, client }: Visit): Promise<void> {
  const { url, state } = await client.beginSignIn();
  res.writeHead(302, { location: url.href, 'set-cookie': `pr_bot=${state}; HttpOnly; SameSite=Lax` }).end();
}

/** Only the browser that began may finish: it carries the state in a cookie too. */
async function finishSignIn({ req, res, url, client }: Visit): Promise<void> {
  const state = /(?:^|; )pr_bot=([^;]+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
  const name = await client.finishSignIn(state, url);
  page(res, 200, `Welcome, ${escape(name)}`, 'PR-Bot may act for you now. <a href="/issues">List my issues in Tracker</a>');
}

async function listIssues({ res, client, trackerApi }: Visit): Promise<void> {
  const { status, body } = await client.exchange('tracker:list_issues');
  if (status !== 200) {
    const link = typeof body['connect_url'] === 'string' ? `<a href="${escape(body['connect_url'])}">Connect Tracker</a>` : '';
    return page(res, 200, 'Kontext refused', `${link}<pre>${escape(JSON.stringify(body, null, 2))}</pre>`);
  }
  const issues = await fetch(trackerApi, { headers: { authorization: `Bearer ${String(body['access_token'])}` } });
  page(res, 200, 'Your issues in Tracker', `<pre>${escape(await issues.text())}</pre>`);
}

const notFound = async ({ res }: Visit): Promise<void> => page(res, 404, 'Nothing here', '<a href="/">PR-Bot</a>');

function page(res: ServerResponse, status: number, title: string, content: string): void {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  res.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>body{font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}pre{white-space:pre-wrap}</style><h1>${title}</h1><div>${content}</div></html>`);
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
