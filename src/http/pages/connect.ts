import { Fault, isId, type UserActor } from '../../kernel/index.ts';
import { escapeHtml, pageHtml, readForm, Secret, sendHtml, sendRedirect, type Call, type Route, type Wells } from '../../platform/index.ts';
import { beginInBrowser, completeConnection, organizationOfState, parseAttempt, startConnection, storeToken } from '../../connections/index.ts';
import { browserMark, formToken, isFormToken, markBrowser, toActor, type Identity } from '../../identity/index.ts';
import { authMode, findIntegrationByHandle, type AuthModeRow, type Integration } from '../../integrations/index.ts';

export type ConnectPageDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'log' | 'keyring' | 'fetch' | 'urls' | 'environment'>;
type Sessions = Pick<Identity, 'currentBrowserUser' | 'beginSignIn'>;

/**
 * The pages of connecting: the link that a refused application hands on (`connect_url`), the link of one attempt, and where
 * the provider sends the browser back.
 */
export function connectRoutes(deps: ConnectPageDeps, identity: Sessions): Route[] {
  return [
    { method: 'GET', path: '/connect/callback/:server', faults: 'page', handle: (call) => finishConnect(deps, identity, call) },
    { method: 'GET', path: '/connect/:organization/:handle', faults: 'page', handle: (call) => offerConnect(deps, identity, call) },
    { method: 'POST', path: '/connect/:organization/:handle', faults: 'page', handle: (call) => acceptOffer(deps, identity, call) },
    { method: 'GET', path: '/connect/:attempt', faults: 'page', handle: (call) => beginConnect(deps, identity, call) },
  ];
}

const MAX_FORM = 32_768;

/**
 * Whoever is signed in connects an account of their own, so this link may be passed on. Nothing begins before its button is
 * pressed: any page of the web can send a browser here, and what a user has ended stays ended until that user says otherwise.
 */
async function offerConnect(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<void> {
  const found = await openOffer(deps, identity, call);
  if (!found) return;
  const { integration, connectsBy } = found;
  const proof = formToken(deps.urls, call.req, purposeOf(integration));
  if (connectsBy === 'token') return sendHtml(call.res, 200, tokenPage(integration, proof));
  // Browsers hold the whole chain of redirects behind a form against the policy, and a provider may lead to any sign-in of its own.
  sendHtml(call.res, 200, providerPage(integration, proof), {}, deps.urls.public.startsWith('http:') ? 'http: https:' : 'https:');
}

/** The form of `offerConnect` comes back: on to the provider, or with a token or key. */
async function acceptOffer(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<void> {
  const found = await openOffer(deps, identity, call);
  if (!found) return;
  const { actor, integration, connectsBy } = found;
  const form = await readForm(call.req, MAX_FORM);
  if (!isFormToken(deps.urls, call.req, purposeOf(integration), form.get('form_token') ?? '')) {
    throw new Fault('forbidden', { message: 'This form was not sent from its page, or you signed in anew meanwhile.', hint: 'Open the link to connect again.' });
  }
  if (connectsBy === 'browser') return sendRedirect(call.res, (await startConnection(deps, actor, { integrationId: integration.id })).authorizationUrl);
  await storeToken(deps, actor, { integrationId: integration.id, token: new Secret(form.get('token') ?? '') });
  sendHtml(call.res, 200, connectedPage(integration.name));
}

interface Offer {
  readonly actor: UserActor;
  readonly integration: Integration;
  readonly connectsBy: NonNullable<AuthModeRow['connectsBy']>;
}

/** The signed-in user and the integration of the path; null where the browser was sent to sign in first. */
async function openOffer(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<Offer | null> {
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
  const { connectsBy } = authMode(integration.auth_mode);
  if (connectsBy === null) throw new Fault('invalid_input', { message: `${integration.name} needs no connection of yours.`, hint: 'You can close this page.' });
  return { actor, integration, connectsBy };
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

/** Where the provider sends the browser back: each authorization server to an address of its own. */
async function finishConnect(deps: ConnectPageDeps, identity: Sessions, call: Call): Promise<void> {
  const state = call.url.searchParams.get('state') ?? '';
  const organizationId = organizationOfState(state);
  const browserDigest = browserMark(deps.urls, call.req);
  if (!organizationId || !browserDigest) {
    throw new Fault('invalid_grant', { message: 'This connection was begun in another browser, or too long ago.', hint: 'Open the link to connect again and stay in one browser.' });
  }
  const user = await identity.currentBrowserUser(call);
  if (user?.organizationId !== organizationId) {
    throw new Fault('invalid_grant', { message: 'The user who began to connect is no longer signed in in this browser.', hint: 'Sign in as that user and open the link to connect again.' });
  }
  const callbackUrl = new URL(`${deps.urls.public}${call.url.pathname}${call.url.search}`);
  const request = { requestId: call.requestId, address: call.address };
  const { connection, integration, returnTo } = await completeConnection(deps, { organizationId, state, browserDigest, userId: user.userId, callbackUrl, request });
  if (returnTo !== null) return sendRedirect(call.res, returnTo);
  sendHtml(call.res, 200, connection ? connectedPage(integration.name) : declinedPage(integration.name));
}

const connectedPage = (name: string): string =>
  pageHtml(`${name} is connected`, `<p>Applications can now use ${escapeHtml(name)} in your name, as far as you and your organization allow.</p><p>You can close this page.</p>`);

const declinedPage = (name: string): string =>
  pageHtml(`${name} is not connected`, `<p>You declined at ${escapeHtml(name)}, and nothing has changed. To connect after all, start again from the application.</p>`);

const providerPage = (integration: Integration, proof: string): string =>
  pageHtml(
    `Connect ${integration.name}`,
    `<form method="post"><p>${escapeHtml(integration.name)} will ask what Kontext may do there in your name. Applications can then use it as far as you and your organization allow.</p>` +
      `<input type="hidden" name="form_token" value="${escapeHtml(proof)}"><p><button>Continue to ${escapeHtml(integration.name)}</button></p></form>`,
  );

const tokenPage = (integration: Integration, proof: string): string =>
  pageHtml(
    `Connect ${integration.name}`,
    `<form method="post"><p>Paste a token or API key of your own for ${escapeHtml(integration.name)}. It is stored encrypted, and applications can use it in your name as far as you and your organization allow.</p>` +
      `<label>Token or key <input type="password" name="token" required maxlength="8192" autocomplete="off"></label>` +
      `<input type="hidden" name="form_token" value="${escapeHtml(proof)}"><p><button>Connect</button></p></form>`,
  );
