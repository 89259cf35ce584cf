import { errors, interactionPolicy, Provider, type Adapter, type Client, type Configuration } from 'oidc-provider';
import { Fault, renderOAuthFault, toFault, type UserId } from '../kernel/index.ts';
import { escapeHtml, faultHtml, newId, pageHtml, type Call, type Wells } from '../platform/index.ts';
import { findBrowserUser } from './browser-session.ts';
import { clientMetadata, compareByDigest, loadClient, OUR_METADATA } from './clients.ts';
import { LIFETIMES } from './lifetimes.ts';
import type { Origin } from './origin.ts';
import { openRecords } from './records.ts';
import { APPLICATION_SCOPES, openResources } from './resources.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

export type ProviderDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'keyring' | 'log' | 'metrics' | 'urls'>;

export interface AuthorizationServer {
  readonly provider: Provider;
  /** Answers everything below /oauth2/ and the discovery documents. */
  handle(call: Call): Promise<void>;
  /** The call behind a request that is being answered. */
  callOf(req: object): Call | undefined;
}

/** The authorization server for applications: one issuer, clients of every organization, everything stored in our tables. */
export function openAuthorizationServer(deps: ProviderDeps, keys: SigningKeys): AuthorizationServer {
  const calls = new WeakMap<object, Call>();
  const originOf = (ctx: { readonly req: object } | undefined): Origin => (ctx && calls.get(ctx.req)) ?? { requestId: newId('request'), address: null };
  const provider = new Provider(deps.urls.public, configure(deps, keys, (model) => openRecords(deps, model, () => ({ ...originOf(Provider.ctx), endpoint: Provider.ctx?.oidc.route ?? null }))));
  provider.proxy = true;
  (provider.Client as { prototype: Pick<Client, 'compareClientSecret'> }).prototype.compareClientSecret = compareByDigest;
  reportErrors(deps, provider, originOf);

  const { protocol, host } = new URL(deps.urls.public);
  const answer = provider.callback();
  return {
    provider,
    callOf: (req) => calls.get(req),
    async handle(call) {
      calls.set(call.req, call);
      // Every URL it writes comes from our settings, never from what the client says of the host.
      Object.assign(call.req.headers, { 'x-forwarded-proto': protocol.slice(0, -1), 'x-forwarded-host': host });
      await answer(call.req, call.res);
    },
  };
}

function configure(deps: ProviderDeps, keys: SigningKeys, records: (model: string) => Adapter): Configuration {
  const resources = openResources(deps.urls);
  return {
    adapter: (model) => (model === 'Client' ? { ...records(model), find: (id) => loadClient(deps, id) } : records(model)),
    jwks: { keys: [...keys.signing] },
    routes: {
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      revocation: '/oauth2/revoke',
      introspection: '/oauth2/introspect',
      pushed_authorization_request: '/oauth2/par',
      end_session: '/oauth2/logout',
      jwks: '/.well-known/jwks.json',
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: requireOwnToken },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: { enabled: true, defaultResource: resources.default, getResourceServerInfo: resources.info },
      rpInitiatedLogout: { enabled: false },
      // Every access token names its audience, so none opens a user-info endpoint; the ID token carries the claims.
      userinfo: { enabled: false },
      dPoP: { enabled: false },
    },
    formats: {
      customizers: {
        jwt(ctx, token, jwt) {
          const audience = resources.audience(ctx);
          if (audience) jwt.payload['aud'] = audience.length === 1 ? audience[0] : audience;
          jwt.payload['org'] = ctx.oidc.client && clientMetadata(ctx.oidc.client).organizationId;
          if ('grantId' in token) jwt.payload['grant_id'] = token.grantId;
        },
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}`, policy: promptPolicy(deps) },
    findAccount: async (ctx, id) => {
      const user = await findUser(deps, id);
      // A session of another organization is no session here.
      if (!user || !ctx.oidc.client || clientMetadata(ctx.oidc.client).organizationId !== user.organization_id) return undefined;
      return { accountId: user.id, claims: () => ({ sub: user.id, org: user.organization_id, email: user.email, name: user.name }) };
    },
    scopes: [...APPLICATION_SCOPES],
    claims: { openid: ['sub', 'org'], email: ['email'], profile: ['name'] },
    extraClientMetadata: { properties: [OUR_METADATA] },
    responseTypes: ['code'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM },
    enabledJWA: { idTokenSigningAlgValues: [SIGNING_ALGORITHM], introspectionSigningAlgValues: [SIGNING_ALGORITHM], authorizationSigningAlgValues: [SIGNING_ALGORITHM] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    // An application works while its user is away: that is what it is for. The grant bounds it, and ends it.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: () => true,
    clientBasedCORS: (_ctx, origin, client) => client.clientAuthMethod === 'none' && (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin && origin !== 'null'),
    cookies: { names: { session: 'kontext_grants', interaction: 'kontext_interaction', resume: 'kontext_resume' } },
    ttl: {
      AccessToken: LIFETIMES.accessToken,
      ClientCredentials: LIFETIMES.accessToken,
      AuthorizationCode: LIFETIMES.code,
      IdToken: LIFETIMES.idToken,
      RefreshToken: LIFETIMES.refreshToken,
      Interaction: LIFETIMES.interaction,
      Session: LIFETIMES.browserSession,
      Grant: LIFETIMES.grant,
    },
    renderError: (ctx, out) => {
      const content = `<p>${escapeHtml(String(out['error_description'] ?? out.error))}</p><p>Go back to the application and try again. If it persists, show its developer this: <small>${escapeHtml(out.error)}</small></p>`;
      ctx.type = 'html';
      ctx.set({ 'content-security-policy': 'default-src \'none\'; style-src \'unsafe-inline\'; frame-ancestors \'none\'; base-uri \'none\'', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
      ctx.body = pageHtml('This request cannot be answered', content);
    },
  };
}

/** Whoever holds another client's token may not end it, and is told so (RFC 7009 section 2.1). */
function requireOwnToken(_ctx: unknown, client: Client, token: { readonly clientId?: string | undefined }): true {
  if (token.clientId === client.clientId) return true;
  throw new errors.InvalidRequest('this token was issued to another client');
}

/** Who is signed in is for our browser session alone to say; what the library remembers of the browser must agree with it. */
function promptPolicy(deps: ProviderDeps): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  const login = policy.get('login');
  login?.checks.remove('no_session');
  login?.checks.add(
    new Check('no_session', 'End-User authentication is required', 'login_required', async ({ oidc, req }) => {
      if (!oidc.account) return Check.REQUEST_PROMPT;
      const user = await findBrowserUser(deps, req);
      return user?.userId === oidc.account.accountId ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  return policy;
}

function findUser(deps: ProviderDeps, id: string) {
  return deps.db.asIdentity((tx) =>
    tx
      .selectFrom('users')
      .select(['id', 'organization_id', 'email', 'name'])
      .where('id', '=', id as UserId) // compared as text: what is no user's id finds none
      .where('status', '=', 'ACTIVE')
      .executeTakeFirst(),
  );
}

/** What the library calls a server error is either a fault of ours, which it must show as one, or goes to the log whole. */
function reportErrors(deps: ProviderDeps, provider: Provider, originOf: (ctx: { readonly req: object }) => Origin): void {
  const faults = new WeakMap<object, Fault>();
  provider.on('server_error', (ctx, thrown) => {
    const fault = toFault(thrown);
    faults.set(ctx, fault);
    if (fault.code === 'internal') deps.log.error({ err: thrown, requestId: originOf(ctx).requestId, endpoint: ctx.oidc.route }, 'the authorization server failed');
  });
  provider.on('grant.error', (_ctx, error) => {
    if (error.message === 'invalid_client') deps.metrics.clientFailures.inc({ door: 'authorization_server' });
  });
  // The framework under the library would print it.
  provider.onerror = (error) => deps.log.error({ err: error }, 'the authorization server failed');
  provider.use(async (ctx, next) => {
    await next();
    const { requestId } = originOf(ctx);
    const refused = refusalIn(ctx.body);
    const fault = ctx.status === 500 ? faults.get(ctx) : refused?.error === 'invalid_client' ? new Fault('invalid_client') : undefined;
    if (fault) {
      const { status, headers, body } = renderOAuthFault(fault, requestId);
      ctx.status = status;
      ctx.set({ ...headers });
      ctx.body = ctx.response.is('html') ? faultHtml(fault, requestId) : body;
    } else if (refused) ctx.body = { ...refused, request_id: requestId };
  });
}

/** The library's own error answer; null where the body is anything else. */
const refusalIn = (body: unknown): { readonly error: unknown } | null => (typeof body === 'object' && body !== null && 'error' in body ? body : null);
