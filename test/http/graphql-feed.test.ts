import { createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AuditFeedDocument } from '../../schema/generated/graphql.ts';
import type { UserActor } from '../../src/kernel/index.ts';
import { openTestDoor, type TestDoor } from './graphql-support.ts';
import type { Tenant } from '../graph/support.ts';

let door: TestDoor;
let acme: Tenant;
let token: string;
beforeAll(async () => {
  door = await openTestDoor();
  acme = await door.graph.addTenant('Acme');
  token = door.tokenOf(acme.owner, 3_600_000);
});
afterAll(() => door[Symbol.asyncDispose]());

interface Item {
  readonly kind: 'event' | 'heartbeat' | 'reset';
  readonly cursor: string;
  readonly sequence?: number;
  readonly user?: string;
}

interface Subscription {
  /** Whatever has come, of events only. */
  readonly events: Item[];
  readonly items: Item[];
  readonly errors: { message: string; extensions: Record<string, unknown> }[];
  /** How it ended: the close code, `complete` or `cut`. */
  readonly ended: Promise<{ how: number | 'complete' | 'cut'; reason: string }>;
  stop(): void;
}

const toItem = (data: { auditFeed: Record<string, unknown> }): Item => {
  const { __typename: name, cursor, sequence, user } = data.auditFeed;
  const kind = ({ AuditEvent: 'event', AuditHeartbeat: 'heartbeat', AuditFeedReset: 'reset' } as const)[name as 'AuditEvent'];
  return { kind, cursor: cursor as string, sequence: sequence as number, user: (user as { id: string } | null)?.id ?? '' };
};

const open: Subscription[] = [];
afterEach(() => open.splice(0).forEach((subscription) => subscription.stop()));

type Variables = { after?: string | null; filter?: Record<string, unknown> };

/** By the client that dashboards use. */
function overSocket(bearer: string, variables: Variables = {}, url = door.socketUrl): Subscription {
  const items: Item[] = [];
  const errors: Subscription['errors'] = [];
  const ended = Promise.withResolvers<{ how: number | 'complete' | 'cut'; reason: string }>();
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${bearer}` },
    retryAttempts: 0,
    on: { closed: (event) => ended.resolve({ how: (event as CloseEvent).code, reason: (event as CloseEvent).reason }) },
  });
  const unsubscribe = client.subscribe<{ auditFeed: Record<string, unknown> }>(
    { query: String(AuditFeedDocument), variables },
    {
      next: (result) => (result.data ? void items.push(toItem(result.data)) : void errors.push(...(result.errors as unknown as Subscription['errors']))),
      error: (error) => void (Array.isArray(error) && errors.push(...(error as Subscription['errors']))),
      complete: () => ended.resolve({ how: 'complete', reason: '' }),
    },
  );
  return track({ items, errors, ended: ended.promise, stop: () => (unsubscribe(), void client.dispose()) });
}

/** By fetch, as anything can. */
function overEvents(bearer: string, variables: Variables = {}, from = door): Subscription {
  const items: Item[] = [];
  const errors: Subscription['errors'] = [];
  const ended = Promise.withResolvers<{ how: number | 'complete' | 'cut'; reason: string }>();
  const abort = new AbortController();
  const read = async (): Promise<void> => {
    const response = await fetch(from.url, {
      method: 'POST',
      signal: abort.signal,
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ query: String(AuditFeedDocument), variables }),
    });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
        const frame = text.slice(0, at);
        text = text.slice(at + 2);
        if (frame.startsWith('event: complete')) ended.resolve({ how: 'complete', reason: '' });
        const data = /^data: (.+)$/m.exec(frame)?.[1];
        const result = data && (JSON.parse(data) as { data?: { auditFeed: Record<string, unknown> }; errors?: Subscription['errors'] });
        if (result && result.data) items.push(toItem(result.data));
        if (result && result.errors) errors.push(...result.errors);
      }
    }
  };
  read()
    .catch(() => {})
    .finally(() => ended.resolve({ how: 'cut', reason: '' }));
  return track({ items, errors, ended: ended.promise, stop: () => abort.abort() });
}

function track(subscription: Omit<Subscription, 'events'>): Subscription {
  const tracked = { ...subscription, get events() { return subscription.items.filter(({ kind }) => kind === 'event'); } };
  open.push(tracked);
  return tracked;
}

/** One event of the organization's log. */
async function happen(name = 'thing'): Promise<void> {
  const { data } = await door.ask(token, `mutation { createApplication(input: { name: "${name}", kind: PUBLIC, redirectUris: [] }) { application { id } } }`);
  expect(data).toBeTruthy();
}

const head = async (): Promise<number> => {
  const { data } = await door.ask(token, '{ auditEvents(first: 1) { nodes { sequence } } }');
  return (data as { auditEvents: { nodes: { sequence: number }[] } }).auditEvents.nodes[0]!.sequence;
};

const TRANSPORTS = { 'graphql-ws': overSocket, 'server-sent events': overEvents };

describe.each(Object.entries(TRANSPORTS))('the feed over %s', (_name, subscribe) => {
  const until = (condition: () => boolean) => expect.poll(condition, { timeout: 5_000, interval: 10 }).toBe(true);
  /** Subscribed for certain: the feed has spoken. */
  const ready = async (subscription: Subscription): Promise<Subscription> => {
    await until(() => subscription.items.length > 0 || subscription.errors.length > 0);
    return subscription;
  };

  it('delivers what happens once and in order, and heartbeats between', async () => {
    const feed = await ready(subscribe(token));
    expect(feed.items[0]).toMatchObject({ kind: 'heartbeat' });
    const before = await head();
    for (let count = 0; count < 5; count++) await happen(`thing ${count}`);
    await until(() => feed.events.length >= 5);
    expect(feed.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5].map((step) => before + step));
    expect(feed.errors).toEqual([]);
  });

  it('resumes after a cursor without a gap or a repetition', async () => {
    const first = await ready(subscribe(token));
    await happen('one');
    await until(() => first.events.length === 1);
    first.stop();
    await happen('two');
    await happen('three');
    const { cursor, sequence } = first.events[0]!;
    const second = subscribe(token, { after: cursor });
    await until(() => second.events.length >= 2);
    await happen('four');
    await until(() => second.events.length >= 3);
    expect(second.events.map((event) => event.sequence)).toEqual([1, 2, 3].map((step) => sequence! + step));
  });

  it('says so where the cursor lies beyond the log, and refuses what is none', async () => {
    const { formatAuditCursor } = await import('../../src/kernel/index.ts');
    const beyond = await ready(subscribe(token, { after: formatAuditCursor(1_000_000) }));
    expect(beyond.items[0]).toMatchObject({ kind: 'reset' });
    const broken = await ready(subscribe(token, { after: 'nonsense' }));
    expect(broken.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'after' } }]);
    expect(broken.items).toEqual([]);
  });

  it('shows a member its own events', async () => {
    const member = await acme.addUser(`Mo${_name.length}`);
    const feed = await ready(subscribe(door.tokenOf(member), { filter: {} }));
    const foreign = await ready(subscribe(door.tokenOf(member), { filter: { userId: acme.owner.userId } }));
    await happen();
    await door.ask(door.tokenOf(member), `mutation { createPolicy(input: { layer: USER, effect: ALLOW, subject: { kind: USER, id: "${member.userId}" } }) { policy { id } } }`);
    await until(() => feed.events.length >= 1);
    await happen();
    await until(() => foreign.items.length > 2);
    expect(feed.events.map(({ user }) => user)).toEqual([member.userId]);
    expect(foreign.events).toEqual([]);
  });

  const ENDS: Record<string, (user: UserActor) => string> = {
    'its user is deactivated': ({ userId }) => `mutation { setUserStatus(input: { id: "${userId}", status: DEACTIVATED }) { user { id } } }`,
    'its user is no administrator any more': ({ userId }) => `mutation { setUserRole(input: { id: "${userId}", role: MEMBER }) { user { id } } }`,
  };
  it.each(Object.entries(ENDS))('ends within two seconds once %s', async (name, revoke) => {
    const admin = await acme.addUser(`Ada${name.length}${_name.length}`, 'ADMIN');
    const feed = await ready(subscribe(door.tokenOf(admin)));
    const seen = feed.events.length;
    const began = Date.now();
    await door.ask(token, revoke(admin));
    await happen('not for you');
    const { how } = await feed.ended;
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(how).toBe(_name === 'graphql-ws' ? 4403 : 'complete');
    expect(feed.errors).toMatchObject([{ extensions: { code: expect.stringMatching(/UNAUTHENTICATED|FORBIDDEN/) } }]);
    // Nothing that happened after the revocation, and not the revocation itself.
    expect(feed.events).toHaveLength(seen);
  });

  it('ends when the token does', async () => {
    const feed = await ready(subscribe(door.tokenOf(acme.owner, 700)));
    expect(feed.items[0]?.kind).toBe('heartbeat');
    expect((await feed.ended).how).toBe(_name === 'graphql-ws' ? 4403 : 'complete');
  });

  it('lets go of the log when its reader leaves', async () => {
    const { subscribers } = door.graph.wells.metrics;
    const count = async () => (await subscribers.get()).values[0]!.value;
    await expect.poll(count, { timeout: 5_000 }).toBe(0);
    const feed = await ready(subscribe(token));
    expect(await count()).toBe(1);
    feed.stop();
    await expect.poll(count, { timeout: 5_000 }).toBe(0);
  });

  it('ends with a reason when the server stops', async () => {
    await using other = await openTestDoor();
    const tenant = await other.graph.addTenant('Acme');
    const feed = await ready(_name === 'graphql-ws' ? overSocket(other.tokenOf(tenant.owner), {}, other.socketUrl) : overEvents(other.tokenOf(tenant.owner), {}, other));
    await other.door.drain(500);
    const { how, reason } = await feed.ended;
    if (_name === 'graphql-ws') expect([how, reason]).toEqual([1001, expect.stringContaining('shutting down')]);
    else expect([how, feed.errors[0]]).toMatchObject(['complete', { message: expect.stringContaining('shutting down'), extensions: { code: 'UNAVAILABLE' } }]);
  });
});
