import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { change, openAppender, openFeeds, type FeedItem, type FeedRequest } from '../../src/audit/index.ts';
import { Fault, formatAuditCursor, type OrganizationId } from '../../src/kernel/index.ts';
import { openDatabase, openDoorbell } from '../../src/platform/index.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { openFaultyDatabase } from '../support/faulty-database.ts';
import { administer } from '../support/postgresql.ts';
import { addOrganization, openTestWells, testActor, type TestWells } from '../support/wells.ts';

const QUICK = { heartbeatMs: 150, pollMs: 200 };

let wells: TestWells;
let id: OrganizationId;

beforeAll(async () => {
  wells = await openTestWells();
});
afterAll(() => wells[Symbol.asyncDispose]());
beforeEach(async () => {
  id = await addOrganization(wells);
});

const write = (count: number, to = id) => Promise.all(Array.from({ length: count }, () => wells.appender.append(testActor(to), { kind: 'user.signed_in' }, { revision: 1 })));
const request = (more: Partial<FeedRequest> = {}): FeedRequest => ({ organizationId: id, after: 0, filter: {}, until: new Date(Date.now() + 3_600_000), recheck: async () => {}, ...more });
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** The next so many events' numbers; heartbeats are passed over. */
async function take(feed: AsyncIterator<FeedItem>, count: number): Promise<number[]> {
  const sequences: number[] = [];
  while (sequences.length < count) {
    const { value, done } = await feed.next();
    if (done) throw new Error(`the feed ended after ${sequences.length} events`);
    if ((value as FeedItem).kind === 'event') sequences.push((value as Extract<FeedItem, { kind: 'event' }>).event.sequence);
  }
  return sequences;
}

describe('delivers each event once and in order', () => {
  it('after any cursor, and then what comes', async () => {
    await write(30);
    for (const after of [0, 1, 17, 29, 30]) {
      const feed = wells.feeds.subscribe(request({ after }));
      expect(await take(feed, 30 - after)).toEqual(range(after + 1, 30));
      await feed.return?.();
    }
    const feed = wells.feeds.subscribe(request({ after: 20 }));
    const taking = take(feed, 60);
    for (let round = 0; round < 5; round++) await write(10);
    expect(await taking).toEqual(range(21, 80));
    await feed.return?.();
  });

  it('from now on, where no cursor is given', async () => {
    await write(5);
    const feed = wells.feeds.subscribe(request({ after: null }));
    const taking = take(feed, 3);
    await delay(50);
    await write(3);
    expect(await taking).toEqual([6, 7, 8]);
    await feed.return?.();
  });

  it('to who resumes at whatever cursor was handed out last', async () => {
    const seen: number[] = [];
    const writing = (async () => {
      for (let round = 0; round < 20; round++) await write(5);
    })();
    let after = 0;
    while (seen.length < 100) {
      const feed = wells.feeds.subscribe(request({ after }));
      const sequences = await take(feed, Math.min(7, 100 - seen.length));
      seen.push(...sequences);
      after = sequences.at(-1) ?? after;
      await feed.return?.();
    }
    await writing;
    expect(seen).toEqual(range(1, 100));
  });

  it('to who is far behind, and to a reader that stopped and goes on', async () => {
    await write(1_500);
    const slow = wells.feeds.subscribe(request());
    expect(await take(slow, 1)).toEqual([1]);
    const quick = wells.feeds.subscribe(request({ after: 1_500 }));
    const taking = take(quick, 1_200);
    await write(1_200);
    expect(await taking).toEqual(range(1_501, 2_700));
    expect(await take(slow, 2_699)).toEqual(range(2, 2_700));
    await Promise.all([slow.return?.(), quick.return?.()]);
  });

  it('through a filter, with cursors that skip what it hides', async () => {
    await write(3);
    await change(wells, testActor(id), async () => ({ result: null, events: [{ kind: 'organization.created' }] }));
    await write(3);
    const feed = wells.feeds.subscribe(request({ filter: { kinds: ['organization.created'] } }));
    expect(await take(feed, 1)).toEqual([4]);
    expect((await feed.next()).value).toMatchObject({ kind: 'heartbeat', cursor: formatAuditCursor(7) });
    await feed.return?.();
  });

  it('of its own organization alone', async () => {
    const feed = wells.feeds.subscribe(request());
    await write(3, await addOrganization(wells));
    expect((await feed.next()).value).toMatchObject({ kind: 'heartbeat', cursor: formatAuditCursor(0) });
    await feed.return?.();
  });

  it('to many subscribers with one look at the table', async () => {
    const db = openFaultyDatabase(wells.db);
    await using feeds = openFeeds({ ...wells, db }, QUICK);
    const subscribers = Array.from({ length: 200 }, () => feeds.subscribe(request({ after: null })));
    const taking = Promise.all(subscribers.map((feed) => take(feed, 10)));
    await delay(50);
    await write(10);
    for (const sequences of await taking) expect(sequences).toEqual(range(1, 10));
    expect(db.transactions).toBeLessThan(20);
    await Promise.all(subscribers.map((feed) => feed.return?.()));
  });
});

it('says that a cursor lies beyond the log, and goes on from its end', async () => {
  await write(3);
  const feed = wells.feeds.subscribe(request({ after: 99 }));
  expect((await feed.next()).value).toEqual({ kind: 'reset', cursor: formatAuditCursor(3), reason: 'CURSOR_IN_FUTURE' });
  await write(1);
  expect(await take(feed, 1)).toEqual([4]);
  await feed.return?.();
});

it('says that it is alive while nothing happens', async () => {
  await write(2);
  const feed = wells.feeds.subscribe(request({ after: 2 }));
  for (let beat = 0; beat < 3; beat++) {
    const { value } = await feed.next();
    expect(value).toMatchObject({ kind: 'heartbeat', cursor: formatAuditCursor(2) });
    expect((value as Extract<FeedItem, { kind: 'heartbeat' }>).lagMs).toBeGreaterThanOrEqual(0);
  }
  await feed.return?.();
});

describe('ends', () => {
  it('when the token does, at the next moment', async () => {
    const feed = wells.feeds.subscribe(request({ until: new Date(Date.now() + 300) }));
    const began = Date.now();
    await expect(take(feed, 1)).rejects.toMatchObject({ code: 'unauthenticated', message: 'The access token has expired.' });
    expect(Date.now() - began).toBeLessThan(1_500);
    expect(await feed.next()).toEqual({ done: true, value: undefined });
  });

  it('with what recheck throws, before anything after the change is delivered', async () => {
    await write(2);
    let allowed = true;
    const recheck = vi.fn(async () => {
      if (!allowed) throw new Fault('forbidden');
    });
    const feed = wells.feeds.subscribe(request({ recheck }));
    expect(await take(feed, 2)).toEqual([1, 2]);
    await change(wells, testActor(id), async () => ({ result: null, events: [{ kind: 'policy.created' }] }));
    expect(await take(feed, 1)).toEqual([3]);
    expect(recheck).toHaveBeenCalled();
    const next = take(feed, 1);
    allowed = false;
    await change(wells, testActor(id), async () => ({ result: null, events: [{ kind: 'user.status_changed' }] }));
    await expect(next).rejects.toMatchObject({ code: 'forbidden' });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
  });

  it('at return(), also while it waits, and lets go of everything', async () => {
    const feed = wells.feeds.subscribe(request());
    const waiting = feed.next();
    await delay(20);
    expect(await feed.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    await feed.return?.();
    expect((await wells.metrics.subscribers.get()).values[0]?.value).toBe(0);
  });

  it('when the server stops', async () => {
    const feeds = openFeeds(wells, QUICK);
    const waiting = feeds.subscribe(request()).next();
    await delay(20);
    await feeds[Symbol.asyncDispose]();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

it('goes on where it was after the database was away', async () => {
  const db = openFaultyDatabase(wells.db);
  await using feeds = openFeeds({ ...wells, db }, QUICK);
  const feed = feeds.subscribe(request());
  await write(2);
  expect(await take(feed, 2)).toEqual([1, 2]);
  db.failAll('lost');
  await write(3);
  expect((await feed.next()).value).toMatchObject({ kind: 'heartbeat', cursor: formatAuditCursor(2) });
  db.heal();
  expect(await take(feed, 3)).toEqual([3, 4, 5]);
  expect(wells.logLines.some((line) => line.includes('the audit feed cannot read the log'))).toBe(true);
  await feed.return?.();
});

it('begins anew where the database was away at its beginning', async () => {
  await write(2);
  const db = openFaultyDatabase(wells.db);
  await using feeds = openFeeds({ ...wells, db }, QUICK);
  db.failAll('lost');
  const early = feeds.subscribe(request());
  await expect(take(early, 1)).rejects.toMatchObject({ code: 'unavailable' });
  db.heal();
  const feed = feeds.subscribe(request());
  expect(await take(feed, 2)).toEqual([1, 2]);
  await feed.return?.();
});

describe.runIf(ON_POSTGRESQL)('on several nodes', () => {
  it('hears what another appended, by the bell and not by the poll', async () => {
    await using db = await openDatabase(wells.location);
    await using bell = openDoorbell(db);
    await using feeds = openFeeds({ ...wells, db, bell }, { heartbeatMs: 60_000, pollMs: 60_000 });
    const feed = feeds.subscribe(request({ after: null }));
    const taking = take(feed, 5);
    await delay(300);
    const began = Date.now();
    await write(5);
    expect(await taking).toEqual(range(1, 5));
    expect(Date.now() - began).toBeLessThan(5_000);
    await feed.return?.();
  });

  it('misses nothing while its connections are killed again and again', async () => {
    await using db = await openDatabase(wells.location);
    await using bell = openDoorbell(db);
    await using feeds = openFeeds({ ...wells, db, bell }, QUICK);
    await using writer = await openDatabase(wells.location);
    await using appender = openAppender({ ...wells, db: writer });
    const feed = feeds.subscribe(request({ after: null }));
    const seen: number[] = [];
    let written = 0;
    let done = false;
    const reading = (async () => {
      for (;;) {
        const { value, done: over } = await feed.next();
        if (over) return;
        if ((value as FeedItem).kind === 'event') seen.push((value as Extract<FeedItem, { kind: 'event' }>).event.sequence);
        else if (done && seen.length >= written) return;
      }
    })();
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => appender.append(testActor(id), { kind: 'user.signed_in' }, { revision: 1 })));
      written = Math.max(written, ...answers.flatMap((answer) => (answer.status === 'fulfilled' && !answer.value.stale ? [answer.value.sequence] : [])));
      if ('url' in wells.location) await administer(wells.location.url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()').catch(() => {});
      await delay(30);
    }
    done = true;
    await reading;
    expect(seen).toEqual(range(1, seen.length));
    expect(seen.length).toBeGreaterThanOrEqual(written);
    await feed.return?.();
  });
});
