import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { AuditEventsDocument } from '../../schema/generated/graphql.ts';
import { ACCESS } from './steps/access.ts';
import { ALICE } from './steps/alice.ts';
import { SET_UP } from './steps/set-up.ts';
import { VERIFY } from './steps/verify.ts';
import { openStory, type Story } from './story.ts';
import { openTeller } from './teller.ts';
import { printAddresses } from './try-it.ts';

/**
 * `npm run demo` tells what Kontext does by doing it: real processes, HTTP between them, each step checked. Then it stays up
 * for you to try. With `--once` it ends instead: exit code 0 where every step held, 1 at the first that did not.
 */
const STEPS = [...SET_UP, ...ALICE, ...ACCESS, ...VERIFY];
const STEP_LIMIT_MS = 30_000;
const INTERRUPTED = 130;

async function main({ once }: { readonly once: boolean }): Promise<number> {
  const tell = openTeller(process.stdout);
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  await using stack = new AsyncDisposableStack();
  let held = false;
  const run = async (): Promise<number> => {
    tell.heading('Kontext, told by doing it: processes of their own, real HTTP between them. Starting …');
    const story = await openStory(tell, stack, { documentedPorts: !once });
    held = await tellStory(story);
    if (held && !once) await stayUp(story, interrupted);
    return held ? 0 : 1;
  };
  const ended = run().catch((error: unknown) => {
    tell.failed(`The demo could not start: ${messageOf(error)}`);
    return 1;
  });
  const code = await Promise.race([ended, interrupted.then(() => (held ? 0 : INTERRUPTED))]);
  tell.heading('Stopping …');
  return code;
}

/** Whether every step held; the first that does not ends the story. */
async function tellStory(story: Story): Promise<boolean> {
  const { tell, kontext, acme, tracker } = story;
  tell.show(`Kontext             ${kontext.url}, sidecar ${kontext.sidecarUrl}, PGlite in ${kontext.dataDir}`);
  tell.show(`Identity provider   ${acme.issuer}, of the company Acme`);
  tell.show(`Tracker             ${tracker.issuer}, a service with an API behind OAuth`);
  for (const [index, step] of STEPS.entries()) {
    tell.step(index + 1, step.title);
    try {
      await within(STEP_LIMIT_MS, step.run(story));
      if (kontext.running()) await feedIsComplete(story);
    } catch (error) {
      tell.failed(`Step ${index + 1} did not hold (${step.title}): ${messageOf(error)}`);
      tell.show(`The server's last words:\n${kontext.lastWords()}`);
      return false;
    }
  }
  tell.done(`All ${STEPS.length} steps held.`);
  return true;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Nothing that a step did is missing from the feed before the next one begins. */
async function feedIsComplete({ administrator, feed }: Story): Promise<void> {
  const { auditEvents } = await administrator(AuditEventsDocument, { first: 1 });
  await feed.reached(auditEvents.nodes[0]?.sequence ?? 0);
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it did not end within ${limitMs / 1000} s`)), limitMs);
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function stayUp(story: Story, interrupted: Promise<void>): Promise<void> {
  const { tell, kontext } = story;
  tell.heading('The server starts again over the same data …');
  await kontext.restart();
  await printAddresses(story);
  const input = createInterface(process.stdin).on('line', () => void printAddresses(story).catch((error: unknown) => tell.failed(messageOf(error))));
  await interrupted;
  input.close();
}

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
process.exit(await main(values));
