import { Fault, formatAuditCursor, type OrganizationId } from '../kernel/index.ts';
import type { Clock, Database, Doorbell, Log, Metrics } from '../platform/index.ts';
import { EVENTS, type AuditEvent } from './event.ts';
import { eventsAfter, headSequence, matches, type EventFilter } from './read.ts';

/** What a subscriber is handed. `cursor` always resumes right after what was delivered. */
export type FeedItem =
  | { readonly kind: 'event'; readonly event: AuditEvent }
  /** Nothing new: how far the feed has looked, and how long ago that was. */
  | { readonly kind: 'heartbeat'; readonly cursor: string; readonly lagMs: number }
  /** The cursor that was given lies beyond the log (another database, a restored backup): the feed goes on from its end. */
  | { readonly kind: 'reset'; readonly cursor: string; readonly reason: 'CURSOR_IN_FUTURE' };

export interface FeedRequest {
  readonly organizationId: OrganizationId;
  /** Exclusive; null: from now on. */
  readonly after: number | null;
  readonly filter: EventFilter;
  /** When the subscriber's token ends. */
  readonly until: Date;
  /** Asked once an event has altered access, before anything else is delivered. Throws to end the feed. */
  readonly recheck: () => Promise<void>;
}

/** Live feeds of every organization. */
export interface Feeds extends AsyncDisposable {
  /**
   * Every event after the cursor exactly once and in order, then what comes. It pulls: a reader that stops reading holds
   * one position and nothing else. Throws `unauthenticated` once `until` has passed and whatever `recheck` throws; ends
   * at `return()` and when the server stops.
   */
  subscribe(request: FeedRequest): AsyncIterableIterator<FeedItem>;
}

export interface FeedSettings {
  /** How long a quiet feed waits before it says it is alive. */
  readonly heartbeatMs: number;
  /** How often the table is looked at although no bell rang. */
  readonly pollMs: number;
}

const BATCH = 200;
const RECENT = 1_000;

/** The end of one organization's log, read once for all its subscribers in this process. Rows never change, so this cache cannot lie. */
interface Tail {
  readonly recent: AuditEvent[];
  head: number;
  /** How many events that alter access it has seen: a subscriber that saw fewer asks for its rights again. */
  accessChanges: number;
  lookedAt: number;
  /** Called once when `head` has moved. */
  readonly waiting: Set<() => void>;
  subscribers: number;
  readonly ready: Promise<void>;
  close(): void;
}

type FeedDeps = { db: Pick<Database, 'read'>; bell: Pick<Doorbell, 'onRing'>; clock: Clock; log: Log; metrics: Pick<Metrics, 'subscribers'> };

export function openFeeds(deps: FeedDeps, settings: FeedSettings): Feeds {
  const tails = new Map<OrganizationId, Tail>();
  const stopping = new AbortController();

  const tailOf = (organizationId: OrganizationId): Tail => {
    const known = tails.get(organizationId);
    if (known) return known;
    const tail = openTail(deps, settings, organizationId);
    tails.set(organizationId, tail);
    return tail;
  };

  return {
    subscribe(request) {
      const tail = tailOf(request.organizationId);
      tail.subscribers++;
      deps.metrics.subscribers.inc();
      return openCursor(deps, settings, tail, request, stopping.signal, () => {
        deps.metrics.subscribers.dec();
        if (--tail.subscribers > 0) return;
        tail.close();
        tails.delete(request.organizationId);
      });
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      for (const tail of tails.values()) tail.close();
      tails.clear();
    },
  };
}

function openTail(deps: FeedDeps, settings: FeedSettings, organizationId: OrganizationId): Tail {
  let looking: Promise<void> | undefined;
  let again = false;
  const read = async (): Promise<void> => {
    for (;;) {
      again = false;
      const events = await deps.db.read(organizationId, (tx) => eventsAfter(tx, tail.head, BATCH));
      tail.lookedAt = deps.clock.now().getTime();
      const last = events.at(-1);
      if (last) {
        tail.recent.push(...events);
        if (tail.recent.length > RECENT) tail.recent.splice(0, tail.recent.length - RECENT);
        tail.head = last.sequence;
        tail.accessChanges += events.filter(({ kind }) => EVENTS[kind].altersAccess).length;
        for (const wake of tail.waiting) wake();
      }
      if (events.length < BATCH && !again) return;
    }
  };
  const look = (): void => {
    again = true;
    looking ??= tail.ready
      .then(read)
      .catch((error: unknown) => deps.log.warn({ err: error, organizationId }, 'the audit feed cannot read the log; it keeps trying'))
      .finally(() => (looking = undefined));
  };
  // Armed before the first read: what is appended in between rings, and is read again.
  const disarm = deps.bell.onRing(organizationId, look);
  const timer = setInterval(look, settings.pollMs);
  const tail: Tail = {
    recent: [],
    head: 0,
    accessChanges: 0,
    lookedAt: deps.clock.now().getTime(),
    waiting: new Set(),
    subscribers: 0,
    ready: deps.db.read(organizationId, (tx) => headSequence(tx, organizationId)).then((sequence) => void (tail.head = sequence)),
    close() {
      disarm();
      clearInterval(timer);
    },
  };
  tail.ready.catch(() => {});
  return tail;
}

function openCursor(deps: FeedDeps, settings: FeedSettings, tail: Tail, request: FeedRequest, stopping: AbortSignal, onEnd: () => void): AsyncIterableIterator<FeedItem> {
  let position = -1;
  // Rights may have ended since the subscriber was authenticated, before this feed began to count: the first pull asks.
  let checked = -1;
  let buffer: readonly AuditEvent[] = [];
  let index = 0;
  let over = false;
  /** Ends the wait that is under way, where there is one. */
  let leave: (() => void) | undefined;
  const end = (): void => {
    if (over) return;
    over = true;
    leave?.();
    stopping.removeEventListener('abort', end);
    onEnd();
  };
  stopping.addEventListener('abort', end);

  /** The next events after the position: from the shared tail, or from the table for who is far behind. */
  const fill = async (): Promise<void> => {
    const oldest = tail.recent[0];
    buffer = oldest && position >= oldest.sequence - 1 ? tail.recent.slice(position - oldest.sequence + 1) : await deps.db.read(request.organizationId, (tx) => eventsAfter(tx, position, BATCH));
    index = 0;
  };
  /** Until the log has moved, a heartbeat is due, the token ends or the reader leaves. */
  const wait = (): Promise<'moved' | 'heartbeat'> =>
    new Promise((resolve) => {
      const settle = (why: 'moved' | 'heartbeat'): void => {
        clearTimeout(timer);
        tail.waiting.delete(wake);
        leave = undefined;
        resolve(why);
      };
      const wake = (): void => settle('moved');
      const timer = setTimeout(() => settle('heartbeat'), Math.max(1, Math.min(settings.heartbeatMs, request.until.getTime() - deps.clock.now().getTime())));
      tail.waiting.add(wake);
      leave = wake;
    });
  const pull = async (): Promise<IteratorResult<FeedItem>> => {
    await tail.ready;
    if (position < 0) {
      position = request.after ?? tail.head;
      if (position > tail.head) {
        // The tail may lag behind a cursor that another node handed out a moment ago; the table does not.
        const head = await deps.db.read(request.organizationId, (tx) => headSequence(tx, request.organizationId));
        if (position > head) {
          position = head;
          return { done: false, value: { kind: 'reset', cursor: formatAuditCursor(head), reason: 'CURSOR_IN_FUTURE' } };
        }
      }
    }
    for (;;) {
      if (over) break;
      if (deps.clock.now() >= request.until) throw new Fault('unauthenticated', { message: 'The access token has expired.' });
      if (checked !== tail.accessChanges) {
        checked = tail.accessChanges;
        await request.recheck();
      }
      for (let event = buffer[index]; event; event = buffer[index]) {
        index++;
        position = event.sequence;
        if (matches(request.filter, event)) return { done: false, value: { kind: 'event', event } };
      }
      if (position < tail.head) {
        await fill();
        continue;
      }
      if ((await wait()) === 'heartbeat' && !over && deps.clock.now() < request.until) {
        return { done: false, value: { kind: 'heartbeat', cursor: formatAuditCursor(position), lagMs: deps.clock.now().getTime() - tail.lookedAt } };
      }
    }
    end();
    return { done: true, value: undefined };
  };
  return {
    next: async () => {
      try {
        return await pull();
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
