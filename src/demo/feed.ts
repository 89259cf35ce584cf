import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { AuditFeedDocument, type AuditFeedSubscription } from '../../schema/generated/graphql.ts';

export type FeedEvent = Extract<AuditFeedSubscription['auditFeed'], { __typename: 'AuditEvent' }>;

/** The live feed, followed as an outside system would: from a cursor, over a WebSocket, again from the cursor when that ends. */
export interface Feed extends AsyncDisposable {
  /** Everything it brought, in order. */
  readonly events: readonly FeedEvent[];
  /** From right after the cursor. Each event is handed on as it arrives. */
  follow(token: () => Promise<string>, after: { readonly cursor: string; readonly sequence: number }, onEvent: (event: FeedEvent) => void): void;
  /** Resolves once it has brought this event; rejects where it does not come, or where one was missing, repeated or out of order. */
  reached(sequence: number): Promise<void>;
}

const PATIENCE_MS = 10_000;
const PAUSE_MS = 300;
const LOOK_MS = 10;

export function openFeed(url: string): Feed {
  const events: FeedEvent[] = [];
  const closing = new AbortController();
  const state = { start: 0, disorder: null as Error | null, interruption: null as unknown };
  const head = (): number => events.at(-1)?.sequence ?? state.start;

  const take = (event: FeedEvent): void => {
    if (event.sequence !== head() + 1) state.disorder ??= new Error(`the feed brought event ${event.sequence} after event ${head()}`);
    events.push(event);
  };
  /** One WebSocket, from its opening to its end; answers where to go on. */
  const read = async (token: string, after: string, onEvent: (event: FeedEvent) => void): Promise<string> => {
    const client = createClient({ url: `${url.replace(/^http/, 'ws')}/graphql`, connectionParams: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
    const close = (): void => void client.dispose();
    closing.signal.addEventListener('abort', close);
    let cursor = after;
    try {
      for await (const { data, errors } of client.iterate<AuditFeedSubscription>({ query: AuditFeedDocument.toString(), variables: { after } })) {
        if (!data) throw errors?.[0] ?? new Error('the feed brought nothing');
        cursor = data.auditFeed.cursor;
        if (data.auditFeed.__typename !== 'AuditEvent') continue;
        take(data.auditFeed);
        onEvent(data.auditFeed);
      }
    } catch (error) {
      // The server went away, or the token ended: what was read stays read.
      state.interruption = error;
    }
    closing.signal.removeEventListener('abort', close);
    close();
    return cursor;
  };

  return {
    events,
    follow(token, after, onEvent) {
      state.start = after.sequence;
      void (async () => {
        let { cursor } = after;
        while (!closing.signal.aborted) {
          cursor = await token().then((current) => read(current, cursor, onEvent), () => cursor);
          await sleep(PAUSE_MS);
        }
      })();
    },
    async reached(sequence) {
      const late = performance.now() + PATIENCE_MS;
      while (head() < sequence) {
        if (performance.now() > late) throw new Error(`the log holds ${sequence} events, and the feed brought ${head()} of them${state.interruption ? ` before it ended (${describe(state.interruption)})` : ''}`);
        await sleep(LOOK_MS);
      }
      if (state.disorder) throw state.disorder;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
    },
  };
}

/** A `CloseEvent` says why in its reason. */
const describe = (error: unknown): string => (error instanceof Error ? error.message : typeof error === 'object' && error !== null && 'reason' in error ? String(error.reason) : String(error));
