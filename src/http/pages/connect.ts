import { Fault, isId, type UserActor } from '../../kernel/index.ts';
import { escapeHtml, pageHtml, readForm, Secret, sendHtml, sendRedirect, type Call, type Route, type Wells } from '../../platform/index.ts';
import { beginInBrowser, completeConnection, organizationOfState, parseAttempt, startConnection, storeToken } from '../../connections/index.ts';
import { browserMark, formToken, isFormToken, markBrowser, toActor, type Identity } from '../../identity/index.ts';
import { authMode, findIntegrationByHandle, type Integration } from '../../integrations/index.ts';

export type ConnectPageDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'log' | 'keyring' | 'fetch' | 'urls' | 'environment'>;
type Sessions = Pick<Identity, 'currentBrowserUser' | 'beginSignIn'>;

/**
 * The pages of connecting: the link that a refused application hands on (`connect_url`), the link of one attempt, and where
 * the provider sends the browser back.
 */
export function connectRoutes(deps: ConnectPageDeps, identity: Sessions): Route[] {
  return [
    { method: 'GET', path: '/connect/callback', faults: 'page', handle: (call) => finishConnect(deps, call) },
    { method: 'GET', path: '/connect/:organization/:handle', faults: 'page', handle: (call) => offerConnect(deps, identity, call) },
    { method: 'POST', path: '/connect/:organization/:handle', faults: 'page', handle: (call) => takeToken(deps, identity, call) },
    { method: 'GET', path: '/connect/:attempt', faults: 'page', handle: (call) => beginConnect(deps, identity, call) },
  ];
}

const MAX_FORM = 32_768;

/** Whoever is signed in connects an account of their own, so this link may be passed on: by OAuth at once, or by a form for a token. */
async function offerConnect(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<void> {
  const found = await openOffer(deps, identity, call);
  if (!found) return;
  const { actor, integration } = found;
  switch (authMode(integration.auth_mode).connectsBy) {
    case 'browser':
      return sendRedirect(call.res, (await startConnection(deps, actor, { integrationId: integration.id })).authorizationUrl);
    case 'token':
      return sendHtml(call.res, 200, tokenPage(integration, formToken(deps.urls, call.req, purposeOf(integration))));
    case null:
      throw new Fault('invalid_input', { message: `${integration.name} needs no connection of yours.`, hint: 'You can close this page.' });
  }
}

/** The form of `offerConnect` comes back with a token or key. */
async function takeToken(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<void> {
  const found = await openOffer(deps, identity, call);
  if (!found) return;
  const form = await readForm(call.req, MAX_FORM);
  if (!isFormToken(deps.urls, call.req, purposeOf(found.integration), form.get('form_token') ?? '')) {
    throw new Fault('forbidden', { message: 'This form was not sent from its page, or you signed in anew meanwhile.', hint: 'Open the link to connect again.' });
  }
  await storeToken(deps, found.actor, { integrationId: found.integration.id, token: new Secret(form.get('token') ?? '') });
  sendHtml(call.res, 200, connectedPage(found.integration.name));
}

/** The signed-in user and the integration of the path; null where the browser was sent to sign in first. */
async function openOffer(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<{ actor: UserActor; integration: Integration } | null> {
  const organizationId = call.params['organization'];
  const handle = call.params['handle'] ?? '';
  if (!isId('organization', organizationId)) throw noSuchLink();
  const user = await identity.currentBrowserUser(call);
  if (user?.organizationId !== organizationId) {
    await identity.beginSignIn(call, organizationId, { returnTo: call.url.pathname });
    return null;
  }
  const actor = toActor(user, call);
  const integration = await findIntegrationByHandle(deps, actor, handle);
  if (!integration) throw noSuchLink();
  return { actor, integration };
}

const noSuchLink = (): Fault => new Fault('not_found', { message: 'There is nothing to connect at this link.', hint: 'Copy the whole link, or start again from the application.' });

const purposeOf = ({ id }: Integration): string => `connect ${id}`;

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

const tokenPage = (integration: Integration, proof: string): string =>
  pageHtml(
    `Connect ${integration.name}`,
    `<form method="post"><p>Paste a token or API key of your own for ${escapeHtml(integration.name)}. It is stored encrypted, and applications can use it in your name as far as you and your organization allow.</p>` +
      `<label>Token or key <input type="password" name="token" required maxlength="8192" autocomplete="off"></label>` +
      `<input type="hidden" name="form_token" value="${escapeHtml(proof)}"><p><button>Connect</button></p></form>`,
  );
