import { setTimeout as sleep } from 'node:timers/promises';
import { CreatePolicyDocument, ExplainAccessDocument, PoliciesDocument, RevokeConnectionDocument, type ExplainAccessQuery } from '../../../schema/generated/graphql.ts';
import { made, openGraph } from '../graph.ts';
import type { ExchangeAnswer } from '../pr-bot-client.ts';
import { check, short, type Step, type Story } from '../story.ts';

/** What PR-Bot gets, and what it does not. */
export const ACCESS: readonly Step[] = [
  { title: 'Exchange: PR-Bot asks the sidecar for Alice\'s Tracker token', run: exchange },
  { title: 'PR-Bot calls Tracker with it', run: callTracker },
  { title: 'Refresh: five exchanges at once, one refresh at Tracker', run: refresh },
  { title: 'A denial, explained layer by layer', run: deny },
  { title: 'Alice revokes her connection', run: revoke },
  { title: 'She follows the link of the refusal, and PR-Bot works again', run: reconnect },
];

const READ = 'tracker:list_issues';
const DELETE = 'tracker:delete_issue';
const AT_ONCE = 5;
/** Kontext renews a token this long before its end. */
const MARGIN_MS = 60_000;

async function exchange(story: Story): Promise<void> {
  const { tell, prBot, kontext } = story;
  tell.show(`POST ${kontext.sidecarUrl}/oauth2/token\n  grant_type=…:token-exchange, subject_token=<Alice's Kontext token>,\n  resource=tracker, scope=${READ}`);
  const { body } = keep(story, await prBot.client.exchange(READ));
  tell.show(`200 {access_token: <Tracker's>, token_type: ${String(body['token_type'])}, expires_in: ${String(body['expires_in'])},\n     scope: "${String(body['scope'])}", audit_id: ${short(String(body['audit_id']))}}`);
  tell.say('All three layers allow, and the row of the log was committed before the token left. The refresh token never leaves.');
}

async function callTracker({ tell, tracker, brokered }: Story): Promise<void> {
  const { status, body } = await listIssues(tracker.api, brokered.token);
  check(status === 200 && body.account === 'alice@tracker.test', `Tracker answered ${status} about ${body.account ?? 'nobody'}`);
  tell.show(`GET ${tracker.api}\n200 ${JSON.stringify(body)}`);
  tell.say(`Tracker knows nothing of Kontext or PR-Bot: it answers about ${body.account}, whose token it is.`);
}

async function refresh(story: Story): Promise<void> {
  const { tell, prBot, tracker, brokered } = story;
  // Answers count whole seconds, rounded down.
  const wait = Math.max(0, brokered.endsAt + 1_000 - MARGIN_MS - Date.now()) + 100;
  check(wait < 10_000, `Tracker's token is not due for a refresh for another ${Math.round(wait / 1000)} s`);
  tell.say(`Tracker's tokens live for about a minute, and Kontext renews what ends within one. In ${(wait / 1000).toFixed(1)} s that is due …`);
  await sleep(wait);
  // The next token lives longer, so that on no machine another refresh comes due while these are under way.
  const { refreshes: before } = await watchTracker(tracker.issuer, { lifetime: 600 });
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => prBot.client.exchange(READ)));
  const refreshes = (await watchTracker(tracker.issuer)).refreshes - before;
  const tokens = new Set(answers.map((answer) => keep(story, answer).body['access_token']));
  check(refreshes === 1, `Tracker saw ${refreshes} refreshes for ${AT_ONCE} exchanges at once`);
  check(tokens.size === 1 && !tokens.has(brokered.token), 'the exchanges were not all given the one new token');
  const { status } = await listIssues(tracker.api, story.brokered.token);
  check(status === 200, `Tracker answered ${status} to the new token`);
  tell.say(`${AT_ONCE} exchanges at once, ${refreshes} refresh at Tracker, ${tokens.size} new token for all. Tracker's refresh tokens serve once: a second use would have ended the connection.`);
}

async function deny(story: Story): Promise<void> {
  const { tell, administrator, prBot, applicationId, integrationId, aliceId } = story;
  tell.say(`createPolicy: DENY, everyone, ${DELETE}. PR-Bot asks for it all the same:`);
  const input = { layer: 'ORGANIZATION' as const, effect: 'DENY' as const, subject: { kind: 'EVERYONE' as const }, integrationId, operation: 'delete_issue' };
  await administrator(CreatePolicyDocument, { input });
  const { status, body } = await prBot.client.exchange(DELETE);
  check(status === 403 && body['error'] === 'access_denied' && body['code'] === 'kontext_policy_denied', `the exchange answered ${status} ${String(body['error'])}`);
  check(!('access_token' in body), 'a refusal carried a token');
  tell.show(`403 {error: ${body['error']}, code: ${body['code']}, audit_id: ${short(String(body['audit_id']))}, decision: …}`);

  const question = { userId: aliceId, applicationId, integrationId, operations: ['delete_issue'] };
  const { explainAccess: decision } = await administrator(ExplainAccessDocument, question);
  const results = decision.layers.map(({ layer, result }) => `${layer} ${result}`);
  check(results.join() === 'ORGANIZATION DENY,USER NO_RULE,APPLICATION ALLOW', `the layers say ${results.join(', ')}`);
  check(decidedAlike(body['decision'], decision), 'explainAccess explains another decision than the one that was sent');
  await drawDecision(story, decision);
  const { status: stillAllowed } = keep(story, await prBot.client.exchange(READ));
  tell.say(`All three layers must allow. PR-Bot may still use ${READ}: ${stillAllowed}.`);
}

type Decision = ExplainAccessQuery['explainAccess'];

/** The same results by the same rules, as the refusal carried them and as the graph explains them. */
function decidedAlike(sent: unknown, explained: Decision): boolean {
  const { layers } = sent as { layers: readonly { layer: string; result: string; rules: readonly string[] }[] };
  return JSON.stringify(layers.map(({ layer, result, rules }) => [layer, result, rules])) === JSON.stringify(explained.layers.map(({ layer, result, ruleIds }) => [layer, result, ruleIds]));
}

async function drawDecision({ tell, administrator }: Story, { layers, remedies }: Decision): Promise<void> {
  const { policies } = await administrator(PoliciesDocument, { first: 100 });
  const describe = (id: string): string => {
    const rule = policies.nodes.find((policy) => policy.id === id);
    return `${short(id)} ${rule ? `${rule.effect} ${rule.operation ?? 'everything'} to ${rule.subject.kind.toLowerCase()}` : ''}`;
  };
  tell.table(['Layer', 'Result', 'By which rule', 'Who can change it'], layers.map(({ layer, result, ruleIds }) => [layer, result, ruleIds.map(describe).join(', ') || 'none', remedies.find((remedy) => remedy.layer === layer)?.who ?? '']));
  for (const { layer, how } of remedies) tell.say(`${layer}: ${how}`);
}

async function revoke(story: Story): Promise<void> {
  const { tell, prBot, kontext, connectionId, tracker, brokered } = story;
  tell.say('revokeConnection, with her own token: Kontext forgets her Tracker tokens and has Tracker end them.');
  const alice = openGraph(kontext.url, prBot.client.userToken);
  const { connection } = (await alice(RevokeConnectionDocument, { input: { id: connectionId } })).revokeConnection;
  check(made(connection).status === 'DISCONNECTED', 'the connection is not disconnected');
  const { status } = await listIssues(tracker.api, brokered.token);
  check(status === 401, `Tracker answered ${status} to the token of a revoked connection`);
  tell.say(`Tracker answers ${status} to the one that PR-Bot was handed before. The next exchange is refused, and says what to do:`);
  const { status: refused, body } = await prBot.client.exchange(READ);
  check(refused === 400 && body['error'] === 'integration_required' && body['failure_reason'] === 'disconnected', `the exchange answered ${refused} ${String(body['error'])}`);
  check(typeof body['connect_url'] === 'string', 'the refusal has no connect_url');
  story.connectUrl = body['connect_url'];
  tell.show(`400 {error: ${body['error']}, failure_reason: ${body['failure_reason']},\n     connect_url: ${story.connectUrl}}`);
}

async function reconnect(story: Story): Promise<void> {
  const { tell, browser, connectUrl, kontext, prBot, tracker } = story;
  tell.say('In her browser, where she is signed in, it asks her whether to go on, and leads to Tracker and back.');
  const offer = await browser.open(connectUrl);
  check(offer.url.origin === kontext.url && offer.forms.length > 0, `connect_url led to ${offer.url.origin}${offer.url.pathname} (${offer.status})`);
  let page = await browser.submit(offer);
  // Tracker may still know her, and then does not ask again.
  if (page.url.origin === tracker.issuer) page = await browser.submit(page, { fields: { account: 'alice@tracker.test' }, button: { name: 'answer', value: 'yes' } });
  check(page.url.origin === kontext.url && page.status === 200, `connect_url led to ${page.url.origin}${page.url.pathname} (${page.status})`);
  keep(story, await prBot.client.exchange(READ));
  const { status, body } = await listIssues(tracker.api, story.brokered.token);
  check(status === 200 && body.account === 'alice@tracker.test', `Tracker answered ${status} to the token of the new connection`);
  tell.say(`Connected anew, exchanged anew, and Tracker answers about ${body.account}.`);
}

/** Takes over what a successful exchange answered. */
function keep(story: Story, answer: ExchangeAnswer): ExchangeAnswer {
  const { status, body } = answer;
  const { access_token: token, expires_in: seconds } = body;
  check(status === 200 && typeof token === 'string', `the exchange answered ${status}: ${String(body['error_description'] ?? body['error'])}`);
  check(typeof seconds === 'number' && body['refresh_token'] === undefined, 'the answer does not say when the token ends, or carries a refresh token');
  story.brokered = { token, endsAt: Date.now() + seconds * 1000 };
  return answer;
}

async function listIssues(api: string, token: string): Promise<{ status: number; body: { account?: string } }> {
  const response = await fetch(api, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as { account?: string } };
}

/** What Tracker says to whoever watches it: how often it was asked to refresh. */
async function watchTracker(issuer: string, change?: { readonly lifetime: number }): Promise<{ refreshes: number }> {
  const response = change ? await fetch(`${issuer}/demo?lifetime=${change.lifetime}`, { method: 'POST' }) : await fetch(`${issuer}/demo`);
  return (await response.json()) as { refreshes: number };
}
