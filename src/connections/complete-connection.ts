import { change, type ChangeDeps } from '../audit/index.ts';
import { redeemCode, redirectUriOf, resolveEndpoints, resolveOAuthApp, type IssuedTokens, type TokenOutcome } from '../integrations/index.ts';
import { Fault, toFault, type IntegrationId, type OrganizationId, type UserActor, type UserId } from '../kernel/index.ts';
import { digest, type Wells } from '../platform/index.ts';
import { openVerifier } from './attempt.ts';
import type { Connection } from './connection.ts';
import { revokeUpstream } from './revoke-upstream.ts';
import { storeCredential } from './store-credential.ts';

type Deps = ChangeDeps & Pick<Wells, 'db' | 'keyring' | 'fetch' | 'environment' | 'urls' | 'log'>;

export interface CompleteConnection {
  readonly organizationId: OrganizationId;
  readonly state: string;
  readonly browserDigest: Uint8Array;
  /** Who is signed in in this browser now; the attempt must be that user's. */
  readonly userId: UserId;
  /** The callback's address with its query, as the browser asked for it. */
  readonly callbackUrl: URL;
  readonly request: { readonly requestId: string; readonly address: string | null };
}

export interface CompletedConnection {
  /** Null: the user declined at the provider, and nothing changed. */
  readonly connection: Connection | null;
  readonly integration: { readonly id: IntegrationId; readonly handle: string; readonly name: string };
  readonly returnTo: string | null;
}

/**
 * The connection that the browser's round trip made. A state counts once, for ten minutes, in the browser that began and for
 * the user who did; else `invalid_grant`, one answer for all. `provider_failed` with the provider's error code where it
 * answered with an error, where the answer is another server's, by `iss` or by the address it came back to, and where the
 * code could not be redeemed.
 */
export async function completeConnection(deps: Deps, input: CompleteConnection): Promise<CompletedConnection> {
  const attempt = await consume(deps, input);
  const { integration, returnTo } = attempt;
  const connected = await connect(deps, input, attempt).catch(async (error: unknown) => {
    await recordFailure(deps, attempt, toFault(error).code);
    throw error;
  });
  if (!('error' in connected)) return { connection: connected, integration, returnTo };
  await recordFailure(deps, attempt, connected.error);
  if (connected.kind === 'declined') return { connection: null, integration, returnTo };
  throw refusal(integration.name, connected.error);
}

async function connect(deps: Deps, input: CompleteConnection, attempt: Attempt) {
  const outcome = await redeem(deps, input, attempt);
  if (outcome.kind !== 'issued') return outcome;
  return keep(deps, attempt, outcome.tokens).catch(async (error: unknown) => {
    // Refused for good, so nobody keeps them. Where the database went away they may have been kept.
    if (error instanceof Fault && error.code !== 'unavailable') await revokeUpstream(deps, { integration: attempt.integration, credential: outcome.tokens });
    throw error;
  });
}

/**
 * If we crash before this commit the provider has issued tokens that nobody keeps, and the user connects again; after it
 * the connection stands, whether or not the browser hears of it.
 */
function keep(deps: Deps, { actor, integration }: Attempt, tokens: IssuedTokens): Promise<Connection> {
  return change(deps, actor, async (tx) => {
    const { connection, event } = await storeCredential(tx, deps.keyring, {
      organizationId: actor.organizationId,
      userId: actor.userId,
      integrationId: integration.id,
      credential: { ...tokens, scopes: grantedScopes(tokens, integration.scopes) },
      expiresAt: tokens.expiresAt,
      origin: integration,
      at: deps.clock.now(),
    });
    return { result: connection, events: [event] };
  });
}

/** What the answer leaves out was granted as asked (RFC 6749 section 5.1). */
const grantedScopes = (tokens: IssuedTokens, asked: readonly string[]): readonly string[] => tokens.scopes ?? asked;

type Attempt = Awaited<ReturnType<typeof consume>>;

/**
 * Uses the attempt up and answers all that the rest needs. Browser and user are part of the condition: a state that leaked
 * can be neither used nor burnt elsewhere. If we crash after this commit the attempt is gone and the user starts again: the code
 * in the callback must never be redeemed twice.
 */
async function consume(deps: Deps, input: CompleteConnection) {
  return deps.db.asOrganization(input.organizationId, async (tx) => {
    const now = deps.clock.now();
    const attempt = await tx
      .updateTable('attempt')
      .set({ consumed_at: now })
      .where('state_digest', '=', digest(input.state))
      .where('browser_digest', '=', input.browserDigest)
      .where('user_id', '=', input.userId)
      .where('kind', '=', 'CONNECT')
      .where('consumed_at', 'is', null)
      .where('expires_at', '>', now)
      .returning(['id', 'user_id', 'integration_id', 'secrets', 'return_to'])
      .executeTakeFirst();
    if (!attempt?.user_id || !attempt.integration_id || !attempt.secrets) {
      throw new Fault('invalid_grant', { message: 'This attempt to connect is unknown, used up, expired, or was begun in another browser or by another user than the one signed in here.', hint: 'Start connecting again from the application.' });
    }
    // Both exist: their attempts go with them.
    const user = await tx.selectFrom('users').selectAll().where('id', '=', attempt.user_id).executeTakeFirstOrThrow();
    const integration = await tx.selectFrom('integration').selectAll().where('id', '=', attempt.integration_id).executeTakeFirstOrThrow();
    if (user.status !== 'ACTIVE') throw new Fault('forbidden', { message: 'This user is deactivated.' });
    const actor: UserActor = {
      kind: 'user',
      organizationId: input.organizationId,
      userId: user.id,
      name: user.name,
      role: user.role,
      applicationId: null,
      grantId: null,
      ...input.request,
    };
    const codeVerifier = openVerifier(await deps.keyring.key(tx, input.organizationId), attempt.id, attempt.secrets);
    return { actor, integration, returnTo: attempt.return_to, codeVerifier };
  });
}

async function redeem(deps: Deps, input: CompleteConnection, { integration, codeVerifier }: Attempt): Promise<TokenOutcome> {
  // What the provider redirected to, whatever name a proxy knows us by.
  const url = new URL(redirectUriOf(integration, deps.urls));
  if (input.callbackUrl.pathname !== url.pathname) return { kind: 'failed', error: 'callback_mismatch' };
  url.search = input.callbackUrl.search;
  const app = await deps.db.read(input.organizationId, (tx) => resolveOAuthApp(tx, deps.keyring, deps.environment, integration));
  const endpoints = await resolveEndpoints(deps, integration);
  return redeemCode(deps, endpoints, app, { url, state: input.state, codeVerifier: endpoints.dialect.pkce ? codeVerifier : null });
}

function recordFailure(deps: Deps, { actor, integration }: Attempt, error: string): Promise<null> {
  const name = { id: integration.id, handle: integration.handle };
  return change(deps, actor, async () => ({ result: null, events: [{ kind: 'connection.failed', outcome: 'FAILURE', integration: name, details: { error } }] }));
}

/** What the codes mean that the user or the administrator can do something about. */
const EXPLANATIONS: Readonly<Record<string, { readonly message: string; readonly hint: string }>> = {
  callback_mismatch: { message: 'The answer came back to the address of another authorization server.', hint: 'Start again; if it persists, an administrator can compare the redirect URI registered at the provider.' },
  issuer_mismatch: { message: 'The answer came from another authorization server than the integration names.', hint: 'Start again; if it persists, an administrator can correct the integration\'s issuer.' },
  invalid_client: { message: 'The provider does not accept our OAuth app.', hint: 'An administrator can correct the integration\'s client id and secret, or the operator the platform\'s.' },
  invalid_scope: { message: 'The provider refuses the scopes asked for.', hint: 'An administrator can change the integration\'s scopes.' },
};

function refusal(name: string, error: string): Fault {
  const explanation = EXPLANATIONS[error] ?? { message: `${name} did not complete the connection (${error}).`, hint: 'Start connecting again; if it persists, an administrator can check the integration.' };
  return new Fault('provider_failed', { ...explanation, extensions: { provider_error: error } });
}
