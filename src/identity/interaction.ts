import { errors, type Client, type Interaction, type InteractionResults, type Provider } from 'oidc-provider';
import { Fault, isId, type ApplicationId, type OrganizationId } from '../kernel/index.ts';
import { change } from '../audit/index.ts';
import { readForm, resourcesOf, sendHtml, type Call, type Wells } from '../platform/index.ts';
import { applicationDisabled } from '../directory/index.ts';
import { replaceConsentRules } from '../policy/index.ts';
import { findBrowserUser, formToken, isFormToken, toActor, type BrowserUser } from './browser-session.ts';
import { clientMetadata } from './clients.ts';
import { prepareGrant } from './consent-grant.ts';
import { consentPage } from './consent-page.ts';
import { loadOffer, readTicks } from './consent.ts';
import { beginSignIn } from './sign-in.ts';

export type InteractionDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'keyring' | 'fetch' | 'urls'> & { readonly provider: Provider };

/** An authorization request that waits for its user, and what it is about. */
interface Pending {
  readonly interaction: Interaction;
  readonly organizationId: OrganizationId;
  readonly applicationId: ApplicationId;
}

const MAX_FORM = 262_144;
const pathOf = ({ uid }: Interaction): string => `/interaction/${uid}`;

type Prompt = (deps: InteractionDeps, call: Call, pending: Pending) => Promise<void>;

/** What the authorization server can want of a user, by name. */
const PROMPTS: Readonly<Record<string, Prompt>> = { login: answerLogin, consent: showConsent };

/** Where the authorization server sends a browser whose user it must hear: signs in, asks for consent, or goes on at once. */
export async function showInteraction(deps: InteractionDeps, call: Call): Promise<void> {
  const pending = await findPending(deps, call);
  const prompt = PROMPTS[pending.interaction.prompt.name];
  if (!prompt) throw new Error(`no page for the prompt ${pending.interaction.prompt.name}`);
  await prompt(deps, call, pending);
}

async function findPending({ provider }: InteractionDeps, call: Call): Promise<Pending> {
  const interaction = await provider.interactionDetails(call.req, call.res).catch(asFault);
  if (interaction.uid !== call.params['uid']) throw expired();
  const client: Client | undefined = await provider.Client.find(String(interaction.params['client_id']));
  if (!client || !isId('application', client.clientId)) throw applicationDisabled();
  return { interaction, organizationId: clientMetadata(client).organizationId, applicationId: client.clientId };
}

/** Gives the authorization server its answer and the browser back to it. */
const finish = ({ provider }: InteractionDeps, { req, res }: Call, result: InteractionResults): Promise<void> => provider.interactionFinished(req, res, result).catch(asFault);

const expired = (): Fault => new Fault('not_found', { message: 'This request has expired or was begun in another browser.', hint: 'Go back to the application and start again.' });

function asFault(error: unknown): never {
  throw error instanceof errors.SessionNotFound ? expired() : error;
}

async function answerLogin(deps: InteractionDeps, call: Call, { interaction, organizationId }: Pending): Promise<void> {
  const user = await findBrowserUser(deps, call.req);
  const { reasons } = interaction.prompt;
  const afresh = reasons.includes('login_prompt') || reasons.includes('max_age');
  const since = afresh ? await firstShown(deps, interaction) : null;
  const signedIn = user?.organizationId === organizationId && (since === null || user.signedInAt.getTime() > since);
  if (!user || !signedIn) {
    const hint = interaction.params['login_hint'];
    return beginSignIn(deps, call, organizationId, { returnTo: pathOf(interaction), afresh, loginHint: typeof hint === 'string' ? hint : undefined });
  }
  await forgetOtherUser(deps, interaction, user);
  await finish(deps, call, { login: { accountId: user.userId, ts: Math.floor(user.signedInAt.getTime() / 1000) } });
}

/** When this request first asked for its user, to the millisecond: the library keeps the second, in which somebody may have signed in before. */
async function firstShown({ clock }: InteractionDeps, interaction: Interaction): Promise<number> {
  const known = interaction.lastSubmission?.['shownAt'];
  if (typeof known === 'number') return known;
  const shownAt = clock.now().getTime();
  interaction.lastSubmission = { ...interaction.lastSubmission, shownAt };
  await interaction.persist();
  return shownAt;
}

/** The library remembers the last user of a browser and would ask to sign out first; the browser's session has decided already. */
async function forgetOtherUser({ provider }: InteractionDeps, interaction: Interaction, user: BrowserUser): Promise<void> {
  if (!interaction.session || interaction.session.accountId === user.userId) return;
  await (await provider.Session.findByUid(interaction.session.uid))?.destroy();
  delete interaction.session;
  await interaction.persist();
}

async function showConsent(deps: InteractionDeps, call: Call, { interaction, organizationId, applicationId }: Pending): Promise<void> {
  const user = await findBrowserUser(deps, call.req);
  if (!user) return beginSignIn(deps, call, organizationId, { returnTo: pathOf(interaction) });
  requireSameUser(interaction, user);
  const redirectUri = String(interaction.params['redirect_uri']);
  const page = consentPage({
    offer: await loadOffer(deps, toActor(user, call), applicationId),
    userName: user.name,
    redirectUri,
    scopes: String(interaction.params['scope'] ?? '').split(' ').filter(Boolean),
    managesKontext: [interaction.params['resource']].flat().some((resource) => String(resource).startsWith(resourcesOf(deps.urls).graphql)),
    action: `${pathOf(interaction)}/consent`,
    formToken: formToken(deps.urls, call.req, interaction.uid),
  });
  const { origin, protocol } = new URL(redirectUri);
  // A browser holds the form's own redirects to the policy too, and the last of them goes to the application.
  sendHtml(call.res, 200, page, {}, origin === 'null' ? protocol : origin);
}

/**
 * The answer on the consent page: on Allow the grant is written and what was ticked becomes the user's rules for this
 * application, in one transaction with the event; then the authorization request goes on. If we crash between the two, the
 * grant stands without a token under it, and the application asks again.
 */
export async function answerConsent(deps: InteractionDeps, call: Call): Promise<void> {
  const form = await readForm(call.req, MAX_FORM);
  const pending = await findPending(deps, call);
  const { interaction } = pending;
  const user = await findBrowserUser(deps, call.req);
  requireSameUser(interaction, user);
  if (interaction.prompt.name !== 'consent' || !isFormToken(deps.urls, call.req, interaction.uid, form.get('form_token') ?? '')) {
    throw new Fault('forbidden', { message: 'This answer did not come from our page.', hint: 'Go back to the application and start again.' });
  }
  const answer = ANSWERS.get(form.get('decision') ?? '');
  if (!answer) throw new Fault('invalid_input', { message: 'Answer with allow or decline.', field: 'decision' });
  await answer(deps, call, pending, user, form);
}

type Answer = (deps: InteractionDeps, call: Call, pending: Pending, user: BrowserUser, form: ReadonlyMap<string, string>) => Promise<void>;

const ANSWERS: ReadonlyMap<string, Answer> = new Map(Object.entries({ allow, decline }));

async function allow(deps: InteractionDeps, call: Call, { interaction, organizationId, applicationId }: Pending, user: BrowserUser, form: ReadonlyMap<string, string>): Promise<void> {
  const actor = toActor(user, call);
  const offer = await loadOffer(deps, actor, applicationId);
  const { granted, labels } = readTicks(offer, form);
  const parties = { organizationId, userId: user.userId, applicationId };
  const grant = await prepareGrant(deps, interaction, parties);
  const grantId = await change(deps, actor, async (tx) => {
    const result = await grant.write(tx);
    const policies = await replaceConsentRules(tx, { ...parties, granted, expiresAt: grant.expiresAt });
    const { id, name } = offer.application;
    const { scope, resource } = interaction.params;
    const details = { scope: String(scope ?? ''), resources: [resource ?? []].flat().map(String), allowed: labels, policies, expiresAt: grant.expiresAt.toISOString() };
    return { result, events: [{ kind: 'grant.created', application: { id, name }, details }] };
  });
  await finish(deps, call, { consent: { grantId } });
}

async function decline(deps: InteractionDeps, call: Call, { applicationId }: Pending, user: BrowserUser): Promise<void> {
  const actor = toActor(user, call);
  const { id, name } = (await loadOffer(deps, actor, applicationId)).application;
  await change(deps, actor, async () => ({ result: undefined, events: [{ kind: 'grant.declined', outcome: 'DENIED', application: { id, name } }] }));
  await finish(deps, call, { error: 'access_denied', error_description: 'The user declined.' });
}

function requireSameUser(interaction: Interaction, user: BrowserUser | null): asserts user is BrowserUser {
  if (user && interaction.session?.accountId === user.userId) return;
  throw new Fault('forbidden', { message: 'Somebody else has signed in in this browser since this page was opened.', hint: 'Go back to the application and start again.' });
}
