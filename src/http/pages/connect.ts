import { Fault } from '../../kernel/index.ts';
import { escapeHtml, pageHtml, sendHtml, sendRedirect, type Call, type Route, type Wells } from '../../platform/index.ts';
import { beginInBrowser, completeConnection, organizationOfState, parseAttempt } from '../../connections/index.ts';
import { browserMark, markBrowser, type Identity } from '../../identity/index.ts';

export type ConnectPageDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'log' | 'keyring' | 'fetch' | 'urls' | 'environment'>;
type Sessions = Pick<Identity, 'currentBrowserUser' | 'beginSignIn'>;

/** The two pages of connecting: the link a user follows to the provider, and where the provider sends the browser back. */
export function connectRoutes(deps: ConnectPageDeps, identity: Sessions): Route[] {
  return [
    { method: 'GET', path: '/connect/callback', faults: 'page', handle: (call) => finishConnect(deps, call) },
    { method: 'GET', path: '/connect/:attempt', faults: 'page', handle: (call) => beginConnect(deps, identity, call) },
  ];
}

/** Signs the user in where need be, ties the attempt to this browser, and sends it to the provider. A link of one user never connects another. */
async function beginConnect(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<void> {
  const attempt = parseAttempt(call.params['attempt'] ?? '');
  if (!attempt) throw new Fault('not_found', { message: 'This link to connect is not complete.', hint: 'Copy the whole link, or start connecting again from the application.' });
  const user = await identity.currentBrowserUser(call);
  if (!user || user.organizationId !== attempt.organizationId) return identity.beginSignIn(call, attempt.organizationId, { returnTo: call.url.pathname });
  const mark = markBrowser(deps.urls, call.req);
  const provider = await beginInBrowser(deps, { ...attempt, userId: user.userId, browserDigest: mark.digest });
  sendRedirect(call.res, provider, { 'set-cookie': mark.cookie });
}

async function finishConnect(deps: ConnectPageDeps, call: Call): Promise<void> {
  const state = call.url.searchParams.get('state') ?? '';
  const organizationId = organizationOfState(state);
  const browserDigest = browserMark(deps.urls, call.req);
  if (!organizationId || !browserDigest) {
    throw new Fault('invalid_grant', { message: 'This connection was begun in another browser, or too long ago.', hint: 'Open the link to connect again and stay in one browser.' });
  }
  const callbackUrl = new URL(`${deps.urls.public}/connect/callback${call.url.search}`);
  const request = { requestId: call.requestId, address: call.address };
  const { connection, integration, returnTo } = await completeConnection(deps, { organizationId, state, browserDigest, callbackUrl, request });
  if (returnTo !== null) return sendRedirect(call.res, returnTo);
  sendHtml(call.res, 200, connection ? connectedPage(integration.name) : declinedPage(integration.name));
}

const connectedPage = (name: string): string =>
  pageHtml(`${name} is connected`, `<p>Applications can now use ${escapeHtml(name)} in your name, as far as you and your organization allow.</p><p>You can close this page.</p>`);

const declinedPage = (name: string): string =>
  pageHtml(`${name} is not connected`, `<p>You declined at ${escapeHtml(name)}, and nothing has changed. To connect after all, start again from the application.</p>`);
