import { ConnectionsDocument, StartConnectionDocument, ViewerDocument } from '../../../schema/generated/graphql.ts';
import type { Page } from '../browser.ts';
import { made, openGraph } from '../graph.ts';
import { check, short, type Step, type Story } from '../story.ts';

/** What Alice does, in her browser. */
export const ALICE: readonly Step[] = [
  { title: 'Alice signs in to PR-Bot and says what it may do in her name', run: signIn },
  { title: 'Alice connects her Tracker account by OAuth', run: connect },
];

const YES = { button: { name: 'answer', value: 'yes' } };
const TICKED = ['list_issues', 'create_issue'];

async function signIn(story: Story): Promise<void> {
  const { tell, browser, prBot, acme, kontext, integrationId } = story;
  const form = await browser.open(`${prBot.url}/sign-in`);
  check(form.url.origin === acme.issuer && form.forms.length > 0, `the browser was to reach Acme's sign-in form and is at ${where(form)}`);
  tell.say(`PR-Bot sends her to Kontext (authorization code with PKCE), and Kontext on to ${acme.issuer}. She signs in there as alice@acme.test.`);

  const consent = await browser.submit(form, { fields: { account: 'alice@acme.test' }, ...YES });
  const boxes = consent.forms[0]?.boxes ?? {};
  check(consent.url.origin === kontext.url && Object.keys(boxes).length > 0, `the browser was to reach Kontext's consent page and is at ${where(consent)}`);
  const tick = TICKED.map((operation) => `allow:${integrationId}:${operation}`);
  tell.say('Kontext\'s consent page offers what is attached to PR-Bot:');
  tell.show(Object.entries(boxes).map(([name, label]) => `  [${tick.includes(name) ? 'x' : ' '}] ${label}`).join('\n'));

  const landed = await browser.submit(consent, { tick, button: { name: 'decision', value: 'allow' } });
  check(landed.url.origin === prBot.url && landed.status === 200, `the browser was to come back to PR-Bot and is at ${where(landed)}`);
  const { viewer } = await openGraph(kontext.url, prBot.client.userToken)(ViewerDocument, {});
  check(viewer.user?.email === 'alice@acme.test' && viewer.user.role === 'OWNER', 'PR-Bot\'s token is not Alice\'s');
  story.aliceId = viewer.user.id;
  tell.say(`What she ticked became rules of the user layer. PR-Bot holds a token that says: ${viewer.name} (${short(story.aliceId)}), through PR-Bot, at Acme.`);
}

async function connect(story: Story): Promise<void> {
  const { tell, browser, prBot, tracker, kontext, integrationId } = story;
  const alice = openGraph(kontext.url, prBot.client.userToken);
  const link = made((await alice(StartConnectionDocument, { input: { integrationId } })).startConnection.authorizationUrl);
  tell.say('startConnection, asked with her token, answers a link that serves once and only in a browser where she is signed in.');
  const form = await browser.open(link);
  check(form.url.origin === tracker.issuer && form.forms.length > 0, `the browser was to reach Tracker's consent form and is at ${where(form)}`);
  const page = await browser.submit(form, { fields: { account: 'alice@tracker.test' }, ...YES });
  check(page.url.origin === kontext.url && page.status === 200, `the browser was to come back to Kontext and is at ${where(page)}`);
  const { connections } = await alice(ConnectionsDocument, { first: 10 });
  const [connection] = connections.nodes;
  check(connection?.status === 'CONNECTED' && connections.nodes.length === 1, 'Alice does not have exactly one live connection');
  story.connectionId = connection.id;
  tell.say(`At Tracker she agrees as alice@tracker.test. Kontext keeps the tokens sealed; nobody else has them. ${short(connection.id)} is ${connection.status}.`);
}

/** Where the browser is, and what stands there. */
const where = ({ url, status, html }: Page): string => `${url.origin}${url.pathname} (${status}): ${html.replace(/<style[\s\S]*?<\/style>|<[^>]+>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 300)}`;
