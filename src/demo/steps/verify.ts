import { AuditEventsDocument } from '../../../schema/generated/graphql.ts';
import { check, type Step, type Story } from '../story.ts';

export const VERIFY: readonly Step[] = [{ title: 'The server stops, and its log is verified offline', run: verify }];

async function verify({ tell, administrator, feed, kontext }: Story): Promise<void> {
  const { auditEvents } = await administrator(AuditEventsDocument, { first: 1 });
  const [head] = auditEvents.nodes;
  check(head !== undefined, 'the log is empty');
  await feed.reached(head.sequence);
  tell.say(`The feed brought every event up to #${head.sequence}, once and in order; its hash is written down here, outside of the server.`);

  const code = await kontext.stop();
  check(code === 0, `the server ended with ${code ?? 'a signal'} after SIGTERM:\n${kontext.lastWords()}`);
  const verification = await kontext.verify(head);
  tell.show(`node src/main.ts audit verify --organization … --expect ${head.sequence}:${head.hash.slice(0, 8)}…`);
  check(verification.exitCode === 0 && verification.intact, `the log does not hold: ${verification.broken ?? 'no reason given'}`);
  check(verification.sequence === head.sequence && verification.hash === head.hash, `the log ends at event ${verification.sequence}, the feed at ${head.sequence}`);
  tell.say(`${verification.sequence} events, no gap, every hash recomputed from the first one on, the last one the one written down.`);
}
