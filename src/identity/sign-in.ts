import type { Selectable } from 'kysely';
import { randomNonce, randomPKCECodeVerifier } from 'openid-client';
import { Fault, isId, systemActor, toFault, type OrganizationId } from '../kernel/index.ts';
import { change } from '../audit/index.ts';
import { digest, newId, randomToken, seal, Secret, sendRedirect, unseal, type AttemptTable, type Call, type Wells } from '../platform/index.ts';
import { admitUser, getSignIn, type SignInClient } from '../directory/index.ts';
import { browserMark, markBrowser, openBrowserSession } from './browser-session.ts';
import { LIFETIMES } from './lifetimes.ts';
import { askProvider, authorizationUrl } from './sign-in-provider.ts';

type SignInDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'keyring' | 'fetch' | 'urls'>;

/** What the browser was about to do when it had to sign in. */
export interface SignInPurpose {
  /** A path of ours. */
  readonly returnTo: string;
  readonly loginHint?: string | undefined;
  /** True: the provider must ask the person again, whoever is signed in there. */
  readonly afresh?: boolean | undefined;
}

const placeOf = (attemptId: string) => ({ row: attemptId, field: 'attempt.secrets' });

/** Sends the browser to the organization's identity provider, from which it comes back to `returnTo` signed in. */
export async function beginSignIn(deps: SignInDeps, call: Call, organizationId: OrganizationId, purpose: SignInPurpose): Promise<void> {
  const provider = await requireProvider(deps, organizationId);
  const mark = markBrowser(deps.urls, call.req);
  const state = `${organizationId}.${randomToken()}`;
  const secrets = { verifier: randomPKCECodeVerifier(), nonce: randomNonce() };
  const location = await authorizationUrl(deps, provider, { state, ...secrets, loginHint: purpose.loginHint, afresh: purpose.afresh ?? false });
  const id = newId('attempt');
  await deps.db.asOrganization(organizationId, async (tx) => {
    const sealed = seal(await deps.keyring.key(tx, organizationId), placeOf(id), new Secret(JSON.stringify(secrets)));
    const expires_at = new Date(deps.clock.now().getTime() + LIFETIMES.attempt * 1000);
    const values = { id, organization_id: organizationId, kind: 'SIGN_IN', state_digest: digest(state), browser_digest: mark.digest, secrets: sealed, return_to: localPath(purpose.returnTo), expires_at } as const;
    await tx.insertInto('attempt').values(values).execute();
  });
  sendRedirect(call.res, location, { 'set-cookie': mark.cookie });
}

/**
 * Where the identity provider sends the browser back: consumes the attempt, has the code exchanged and the ID token
 * verified, admits the user, and opens the browser's session. If we crash once the attempt is consumed, the person
 * starts again; nothing is half signed in.
 */
export async function finishSignIn(deps: SignInDeps, call: Call): Promise<void> {
  const state = call.url.searchParams.get('state') ?? '';
  const attempt = await consumeAttempt(deps, state, browserMark(deps.urls, call.req));
  const { organization_id: organizationId } = attempt;
  const provider = await requireProvider(deps, organizationId);
  const secrets = await openSecrets(deps, attempt);
  const callback = new URL(`/sign-in/callback${call.url.search}`, deps.urls.public);
  const claims = await askProvider(deps, provider, callback, { state, ...secrets }).catch(async (thrown: unknown) => {
    await recordFailure(deps, call, organizationId, toFault(thrown));
    throw thrown;
  });
  const user = await admitUser(deps, organizationId, claims, { requestId: call.requestId, address: call.address });
  const cookie = await openBrowserSession(deps, call.req, organizationId, user.id);
  sendRedirect(call.res, localPath(attempt.return_to ?? '/'), { 'set-cookie': cookie });
}

async function requireProvider(deps: SignInDeps, organizationId: OrganizationId): Promise<SignInClient> {
  const provider = await getSignIn(deps, organizationId);
  if (provider) return provider;
  throw new Fault('forbidden', {
    message: 'Nobody can sign in to this organization yet: it has no identity provider.',
    hint: 'An administrator of the organization sets one with the mutation configureSignIn, using the service account from the bootstrap.',
  });
}

/** The attempt with this state, begun in this browser and not used before. One answer for all that it is not. */
async function consumeAttempt(deps: SignInDeps, state: string, browser: Uint8Array | null): Promise<Selectable<AttemptTable>> {
  const organizationId = state.split('.')[0];
  const attempt =
    isId('organization', organizationId) && browser
      ? await deps.db.asOrganization(organizationId, (tx) =>
          tx
            .updateTable('attempt')
            .set({ consumed_at: deps.clock.now() })
            .where('kind', '=', 'SIGN_IN')
            .where('state_digest', '=', digest(state))
            .where('browser_digest', '=', browser)
            .where('consumed_at', 'is', null)
            .where('expires_at', '>', deps.clock.now())
            .returningAll()
            .executeTakeFirst(),
        )
      : undefined;
  if (attempt) return attempt;
  throw new Fault('invalid_grant', {
    message: 'This sign-in was used already, has expired, or was begun in another browser.',
    hint: 'Go back to where you came from and sign in again, in one browser.',
  });
}

async function openSecrets(deps: SignInDeps, { id, organization_id: organizationId, secrets }: Selectable<AttemptTable>): Promise<{ verifier: string; nonce: string }> {
  return deps.db.read(organizationId, async (tx) => {
    if (!secrets) throw new Error('a sign-in attempt without secrets');
    return JSON.parse(unseal(await deps.keyring.key(tx, organizationId), placeOf(id), secrets).reveal()) as { verifier: string; nonce: string };
  });
}

async function recordFailure(deps: SignInDeps, call: Call, organizationId: OrganizationId, fault: Fault): Promise<void> {
  const actor = { ...systemActor(organizationId, 'sign-in', call.requestId), address: call.address };
  await change(deps, actor, async () => ({ result: undefined, events: [{ kind: 'sign_in.failed', outcome: 'FAILURE', details: { reason: fault.message } }] }));
}

/** The path if it leads to us and nowhere else, else our front page. */
function localPath(path: string): string {
  const origin = 'http://here';
  return path.startsWith('/') && URL.canParse(path, origin) && new URL(path, origin).origin === origin ? path : '/';
}
