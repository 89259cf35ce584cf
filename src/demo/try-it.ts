import { EXCHANGE } from './pr-bot.ts';
import type { Story } from './story.ts';

const QUERY = `{
  viewer { name organization { name } }
  connections(first: 10) { nodes { status reason user { name } integration { handle } } }
  auditEvents(first: 10) { nodes { sequence kind outcome capability } }
}`;
const FEED = 'subscription { auditFeed { __typename ... on AuditEvent { sequence kind outcome } ... on AuditHeartbeat { cursor } } }';

/** The addresses to try, with live tokens. Everything in it is worth something only as long as the demo runs. */
export async function printAddresses({ tell, kontext, prBot, tracker, administratorToken }: Story): Promise<void> {
  const administrator = await administratorToken();
  const user = await prBot.userToken();
  const form = Object.entries({ ...EXCHANGE, scope: 'tracker:list_issues', subject_token: user }).map(([name, value]) => ` \\\n  -d ${name}=${value}`);

  tell.heading('In a browser: be Alice');
  tell.show(`${prBot.url}\n  sign in as alice@acme.test, or as bob@acme.test whom nothing allows yet; there are no passwords`);
  tell.heading('GraphiQL, with a query');
  tell.show(`${kontext.url}/graphql?query=${encodeURIComponent(QUERY.replaceAll(/\s+/g, ' '))}`);
  tell.show(`  in its tab "Headers":\n{"authorization": "Bearer ${administrator}"}`);
  tell.heading('The live feed');
  tell.show(`curl -N ${kontext.url}/graphql -H 'accept: text/event-stream' -H 'content-type: application/json' \\\n  -H 'authorization: Bearer ${administrator}' \\\n  -d '${JSON.stringify({ query: FEED })}'`);
  tell.heading('An exchange on the sidecar, as PR-Bot for Alice');
  tell.show(`curl ${kontext.sidecarUrl}/oauth2/token -u ${prBot.clientId}:${prBot.clientSecret}${form.join('')}`);
  tell.heading('Tracker, with the access_token of that answer');
  tell.show(`curl ${tracker.api} -H 'authorization: Bearer …'`);
  tell.heading(`Tokens are good for 15 minutes: Enter prints all this with new ones. Ctrl-C ends everything; nothing stays, all of it is throw-away.`);
}
