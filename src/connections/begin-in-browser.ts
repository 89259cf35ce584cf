import { calculatePKCECodeChallenge } from 'openid-client';
import { redirectUriOf, resolveEndpoints, resolveOAuthApp, type Endpoints, type OAuthApp } from '../integrations/index.ts';
import { Fault, type Id, type OrganizationId, type UserId } from '../kernel/index.ts';
import { digest, randomToken, Secret, type Wells } from '../platform/index.ts';
import { sealVerifier } from './attempt.ts';

export interface BeginInBrowser {
  readonly organizationId: OrganizationId;
  readonly attemptId: Id<'attempt'>;
  /** Who is signed in in this browser; the attempt must be that user's. */
  readonly userId: UserId;
  /** Of the cookie that binds the answer to this browser. */
  readonly browserDigest: Uint8Array;
}

/**
 * The provider's page to send the browser to. Each call begins afresh, with a state and a PKCE verifier of its own, so that
 * a page can be loaded again; the state before it is worth nothing then. `not_found` where the attempt is consumed,
 * expired, another user's, or none at all: one answer for all.
 */
export async function beginInBrowser(deps: Pick<Wells, 'db' | 'keyring' | 'fetch' | 'clock' | 'urls' | 'environment'>, input: BeginInBrowser): Promise<URL> {
  const { integration, app } = await readAttempt(deps, input);
  const endpoints = await resolveEndpoints(deps, integration);
  const state = `${input.organizationId}.${randomToken()}`;
  const codeVerifier = new Secret(randomToken());

  // If we crash before the commit nothing began; after it, a state exists that nobody was sent with: the page begins again.
  await deps.db.asOrganization(input.organizationId, async (tx) => {
    const key = await deps.keyring.key(tx, input.organizationId);
    const begun = await tx
      .updateTable('attempt')
      .set({ state_digest: digest(state), browser_digest: input.browserDigest, secrets: sealVerifier(key, input.attemptId, codeVerifier) })
      .where('id', '=', input.attemptId)
      .where('kind', '=', 'CONNECT')
      .where('user_id', '=', input.userId)
      .where('consumed_at', 'is', null)
      .where('expires_at', '>', deps.clock.now())
      .returning('id')
      .executeTakeFirst();
    if (!begun) throw gone();
  });
  return authorizationUrl(endpoints, app, { redirectUri: redirectUriOf(integration, deps.urls), scopes: integration.scopes, state, codeChallenge: await calculatePKCECodeChallenge(codeVerifier.reveal()) });
}

function readAttempt(deps: Pick<Wells, 'db' | 'keyring' | 'clock' | 'environment'>, input: BeginInBrowser) {
  return deps.db.read(input.organizationId, async (tx) => {
    const integration = await tx
      .selectFrom('attempt')
      .innerJoin('integration', 'integration.id', 'attempt.integration_id')
      .selectAll('integration')
      .where('attempt.id', '=', input.attemptId)
      .where('attempt.kind', '=', 'CONNECT')
      .where('attempt.user_id', '=', input.userId)
      .where('attempt.consumed_at', 'is', null)
      .where('attempt.expires_at', '>', deps.clock.now())
      .executeTakeFirst();
    if (!integration) throw gone();
    return { integration, app: await resolveOAuthApp(tx, deps.keyring, deps.environment, integration) };
  });
}

const gone = (): Fault =>
  new Fault('not_found', { message: 'This link to connect is used up, has expired, or belongs to somebody else.', hint: 'Start connecting again from the application.' });

interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly codeChallenge: string;
}

function authorizationUrl({ authorization, dialect }: Endpoints, app: OAuthApp, request: AuthorizationRequest): URL {
  const url = new URL(authorization);
  const parameters = {
    ...dialect.authorizationParameters,
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: request.redirectUri,
    state: request.state,
    ...(request.scopes.length > 0 && { [dialect.scopeParameter]: request.scopes.join(dialect.scopeSeparator) }),
    ...(dialect.pkce && { code_challenge: request.codeChallenge, code_challenge_method: 'S256' }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}
