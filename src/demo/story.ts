import { randomBytes } from 'node:crypto';
import { openBrowser, type Browser } from './browser.ts';
import { openFeed, type Feed } from './feed.ts';
import type { Graph } from './graph.ts';
import { startKontext, type Kontext } from './kontext.ts';
import { openPrBot, type PrBot } from './pr-bot.ts';
import { start, type Child } from './process.ts';
import type { Teller } from './teller.ts';

/** A service that runs in a process of its own and has Kontext as its OAuth client. */
export interface Service {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Who and what takes part, and what the steps have found out so far, each for those after it. */
export interface Story {
  readonly tell: Teller;
  readonly kontext: Kontext;
  readonly acme: Service;
  readonly tracker: Service & { readonly api: string };
  /** Alice's. */
  readonly browser: Browser;
  readonly prBot: PrBot;
  readonly feed: Feed;
  /** An access token of Acme's service account. */
  administratorToken: () => Promise<string>;
  administrator: Graph;
  applicationId: string;
  integrationId: string;
  connectionId: string;
  aliceId: string;
  /** Tracker's access token, as the last exchange handed it out, and when it ends by our own clock. */
  brokered: { readonly token: string; readonly endsAt: number };
  connectUrl: string;
}

export interface Step {
  readonly title: string;
  /** Throws, in a sentence, where something does not hold. */
  run(story: Story): Promise<void>;
}

/** Starts everything and everyone; what a step has not filled in yet is empty. */
export async function openStory(tell: Teller, stack: AsyncDisposableStack, options: { readonly documentedPorts: boolean }): Promise<Story> {
  const kontext = stack.use(await startKontext(options));
  const [acme, tracker] = await Promise.all([
    startService(stack, 'demo/identity-provider.ts', `${kontext.url}/sign-in/callback`),
    startService(stack, 'demo/upstream.ts', `${kontext.url}/connect/callback`),
  ]);
  const api = `${tracker.issuer}/api/issues`;
  const notYet = (): never => {
    throw new Error('the service account has no token yet');
  };
  return {
    tell,
    kontext,
    acme,
    tracker: { ...tracker, api },
    browser: openBrowser(),
    prBot: stack.use(await openPrBot(api)),
    feed: stack.use(openFeed(kontext.url)),
    administratorToken: notYet,
    administrator: notYet,
    applicationId: '',
    integrationId: '',
    connectionId: '',
    aliceId: '',
    brokered: { token: '', endsAt: 0 },
    connectUrl: '',
  };
}

async function startService(stack: AsyncDisposableStack, program: string, redirectUri: string): Promise<Service> {
  const clientId = 'kontext';
  const clientSecret = randomBytes(18).toString('base64url');
  const child: Child = stack.use(start(program, [], { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, REDIRECT_URI: redirectUri }));
  const { issuer } = await child.line<{ issuer: string }>('issuer');
  return { issuer, clientId, clientSecret };
}

/** What a step claims. */
export function check(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(claim);
}

/** An id as people read it. */
export const short = (id: string): string => `${id.slice(0, 4)}…${id.slice(-6)}`;
