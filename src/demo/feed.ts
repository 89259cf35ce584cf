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

export function openFeed(url: string): Feed {
  const events: FeedEvent[] = [];
  let start = 0;
  let fault: Error | null = null;
  let moved = Promise.withResolvers<void>();
  const closing = new AbortController();
  const wake = (): void => {
    moved.resolve();
    moved = Promise.withResolvers();
  };
  const head = (): number => events.at(-1)?.sequence ?? start;

  const read = async (token: () => Promise<string>, cursor: string, onEvent: (event: FeedEvent) => void): Promise<string> => {
    const client = createClient({ url: `${url.replace(/^http/, 'ws')}/graphql`, connectionParams: { authorization: `Bearer ${await token()}` }, retryAttempts: 0 });
    closing.signal.addEventListener('abort', () => void client.dispose());
    let position = cursor;
    try {
      for await (const { data, errors } of client.iterate<AuditFeedSubscription>({ query: AuditFeedDocument.toString(), variables: { after: position } })) {
        if (errors) throw errors[0]!;
        if (!data) continue;
        position = data.auditFeed.cursor;
        if (data.auditFeed.__typename !== 'AuditEvent') continue;
        const event = data.auditFeed;
        if (event.sequence !== head() + 1) fault ??= new Error(`the feed brought event ${event.sequence} after event ${head()}`);
        events.push(event);
        onEvent(event);
        wake();
      }
    } catch {
      // The server went away or the token ended; whoever waits for an event has a limit of its own.
    } finally {
      await client.dispose();
    }
    return position;
  };

  return {
    events,
    follow(token, after, onEvent) {
      start = after.sequence;
      void (async () => {
        let { cursor } = after;
        while (!closing.signal.aborted) {
          cursor = await read(token, cursor, onEvent).catch(() => cursor);
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
      })();
    },
    async reached(sequence) {
      const late = AbortSignal.timeout(PATIENCE_MS);
      while (head() < sequence && !fault) {
        if (late.aborted) throw new Error(`the log holds ${sequence} events and the feed brought ${head()} of them`);
        await Promise.race([moved.promise, new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      if (fault) throw fault;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
    },
  };
}
