import { EXCHANGE } from './pr-bot-client.ts';
import type { Story } from './story.ts';

const QUERY = '{ viewer { name organization { name } } connections(first: 10) { nodes { status reason user { name } integration { handle } } } auditEvents(first: 10) { nodes { sequence kind outcome capability } } }';
const FEED = 'subscription ($after: String) { auditFeed(after: $after) { __typename ... on AuditEvent { sequence kind outcome } ... on AuditHeartbeat { cursor } } }';

/** The addresses to try, with live tokens. Nothing in it is worth anything once the demo has ended. */
export async function printAddresses({ tell, kontext, prBot, tracker, feed, administratorToken }: Story): Promise<void> {
  const administrator = await administratorToken();
  const { client } = prBot;
  const [who, person] = [await client.userName(), await client.userToken()];
  const form = Object.entries({ ...EXCHANGE, scope: 'tracker:list_issues' }).map(([name, value]) => ` \\\n  -d ${name}=${value}`);
  const json = '-H \'content-type: application/json\' -H "authorization: Bearer $ADMIN"';

  tell.heading('Try it. All of this is throw-away and ends with the demo.');
  tell.heading('In a browser, as Alice');
  tell.show(`${prBot.url}\n  Sign in as alice@acme.test, or as bob@acme.test, who has connected nothing. There are no passwords.\n  At Tracker they are alice@tracker.test and bob@tracker.test.`);
  tell.heading('In GraphiQL, as Acme\'s administrator');
  tell.show(`${kontext.url}/graphql?query=${encodeURIComponent(QUERY)}\n  Its tab "Headers" needs this:`);
  tell.show(`{"authorization": "Bearer ${administrator}"}`);
  tell.heading('In a shell: first the tokens, good for 15 minutes');
  tell.show(`ADMIN=${administrator}`);
  tell.show(`PERSON=${person}`);
  const [first] = feed.events;
  tell.heading(`The live feed, again from right after event #${first?.sequence ?? 0}`);
  tell.show(`curl -N ${kontext.url}/graphql -H 'accept: text/event-stream' ${json} \\\n  -d '${JSON.stringify({ query: FEED, variables: { after: first?.cursor } })}'`);
  tell.heading(`An exchange on the sidecar, as PR-Bot for ${who}`);
  tell.show(`curl ${kontext.sidecarUrl}/oauth2/token -u ${client.registration.clientId}:${client.registration.clientSecret} \\\n  -d subject_token=$PERSON${form.join('')}`);
  tell.heading('Tracker itself, with the access_token of that answer');
  tell.show(`curl ${tracker.api} -H 'authorization: Bearer …'`);
  tell.heading('Enter prints this with new tokens. Ctrl-C ends everything. What happens in the log shows below:');
}
