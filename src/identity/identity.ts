import type { Actor, OrganizationId } from '../kernel/index.ts';
import type { Call, Route, Wells } from '../platform/index.ts';
import { findBrowserUser, type BrowserUser } from './browser-session.ts';
import { registerExchangeGrant, type ExchangeHandler } from './exchange-grant.ts';
import { answerConsent, showInteraction } from './interaction.ts';
import { loadActor } from './load-actor.ts';
import type { Origin } from './origin.ts';
import { openAuthorizationServer } from './provider.ts';
import { beginSignIn, finishSignIn, type SignInPurpose } from './sign-in.ts';
import { openSigningKeys } from './signing-keys.ts';
import { openSweeper } from './sweep.ts';
import { openTokenVerifier, type TokenVerifier, type VerifiedToken } from './verify-token.ts';

export type IdentityDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'keyring' | 'fetch' | 'log' | 'metrics' | 'urls'>;

/** Who is who: the authorization server for applications, sign-in and consent for users, tokens turned into actors. */
export interface Identity extends AsyncDisposable {
  readonly routes: readonly Route[];
  /** What an access token for this audience says; asks no database. `unauthenticated` for whatever is none. */
  readonly verifyAccessToken: TokenVerifier;
  /** Who stands behind it as they are now; `unauthenticated` once user, application, grant or service account has ended. */
  loadActor(token: VerifiedToken, origin: Origin): Promise<Actor>;
  currentBrowserUser(call: Call): Promise<BrowserUser | null>;
  /** Answers the call by sending the browser to sign in, from where it comes back. */
  beginSignIn(call: Call, organizationId: OrganizationId, purpose: SignInPurpose): Promise<void>;
  /** Has the token endpoint serve token exchange. */
  registerExchange(handler: ExchangeHandler): void;
}

export async function openIdentity(deps: IdentityDeps): Promise<Identity> {
  const keys = await openSigningKeys(deps);
  const server = openAuthorizationServer(deps, keys);
  let exchange: ExchangeHandler | undefined;
  registerExchangeGrant(server.provider, () => exchange, server.callOf);
  const interaction = { ...deps, provider: server.provider };
  const sweeper = openSweeper(deps);
  return {
    routes: [
      ...['/oauth2/*', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/.well-known/jwks.json'].map(
        (path): Route => ({ method: 'ALL', path, faults: 'oauth', handle: server.handle }),
      ),
      { method: 'GET', path: '/interaction/:uid', faults: 'page', handle: (call) => showInteraction(interaction, call) },
      { method: 'POST', path: '/interaction/:uid/consent', faults: 'page', handle: (call) => answerConsent(interaction, call) },
      { method: 'GET', path: '/sign-in/callback', faults: 'page', handle: (call) => finishSignIn(deps, call) },
    ],
    verifyAccessToken: openTokenVerifier(deps, keys),
    loadActor: (token, origin) => loadActor(deps, token, origin),
    currentBrowserUser: (call) => findBrowserUser(deps, call.req),
    beginSignIn: (call, organizationId, purpose) => beginSignIn(deps, call, organizationId, purpose),
    registerExchange: (handler) => void (exchange = handler),
    [Symbol.asyncDispose]: () => sweeper[Symbol.asyncDispose](),
  };
}
