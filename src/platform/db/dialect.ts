import { mkdir } from 'node:fs/promises';
import { PGlite, types as pgliteTypes } from '@electric-sql/pglite';
import { PGliteDialect, PostgresDialect, type Dialect } from 'kysely';
import pg from 'pg';
import { holdDirectory } from './lock.ts';

/** Where the rows are: PostgreSQL by URL, or PGlite in a directory (null: in memory), begun from a dumped data directory where one is given. */
export type DatabaseLocation =
  | { readonly url: string; readonly poolSize: number }
  | { readonly directory: string | null; readonly snapshot?: Blob | undefined };

/** What differs between the two: how Kysely speaks to it and how one listens. */
export interface Backend {
  readonly kind: 'postgresql' | 'pglite';
  readonly dialect: Dialect;
  /**
   * Hears and sends notifications on a channel until `stop`. `onGap` is called whenever some may have been missed: after a
   * lost connection came back. Never throws; a channel that cannot connect keeps trying.
   */
  openChannel(name: string, onNotify: (payload: string) => void, onGap: () => void): Channel;
  /** Closes whatever is still open. */
  close(): Promise<void>;
}

/** Notifications, heard by every node that is connected when they are sent. */
export interface Channel {
  /** Sends to every listener on every node, or to none where the connection is gone just now. */
  notify(payload: string): void;
  stop(): Promise<void>;
}

const BIGINT_OID = 20;
/** Sequence numbers and versions fit a double; whatever does not is an error, never a silent rounding. */
function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('bigint beyond 2^53');
  return value;
}

export async function openBackend(location: DatabaseLocation): Promise<Backend> {
  return 'url' in location ? openPostgres(location.url, location.poolSize) : openPGlite(location.directory, location.snapshot);
}

async function openPGlite(directory: string | null, snapshot: Blob | undefined): Promise<Backend> {
  if (directory) await mkdir(directory, { recursive: true, mode: 0o700 });
  // Two processes over one directory overwrite each other's pages, and lose everything.
  const lock = directory ? await holdDirectory(directory) : null;
  // All in one object: a first argument that is undefined makes PGlite drop the second.
  const parsers = { [BIGINT_OID]: parseBigint, [pgliteTypes.BYTEA]: parseBytea };
  const pglite = new PGlite({ parsers, ...(directory !== null && { dataDir: directory }), ...(snapshot && { loadDataDir: snapshot }) });
  await pglite.waitReady;
  return {
    kind: 'pglite',
    dialect: new PGliteDialect({ pglite }),
    openChannel(name, onNotify) {
      const unlisten = pglite.listen(name, onNotify);
      return {
        notify: (payload) => void pglite.query('SELECT pg_notify($1, $2)', [name, payload]).catch(() => {}),
        stop: async () => void (await unlisten)(),
      };
    },
    async close() {
      if (!pglite.closed) await pglite.close();
      await lock?.release();
    },
  };
}

const parseBytea = (text: string): Uint8Array => Buffer.from(text.slice(2), 'hex');

function openPostgres(url: string, poolSize: number): Backend {
  const types: pg.CustomTypesConfig = {
    getTypeParser: ((oid: number, format?: 'text') =>
      oid === BIGINT_OID ? parseBigint : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
  };
  const pool = new pg.Pool({ connectionString: url, max: poolSize, types, connectionTimeoutMillis: 5_000, keepAlive: true });
  // An idle connection that dies emits here; the pool replaces it on the next use.
  pool.on('error', () => {});
  // One that dies inside a transaction, between two statements, emits here; the next statement then fails. Unheard, either ends the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    kind: 'postgresql',
    dialect: new PostgresDialect({ pool }),
    openChannel: (name, onNotify, onGap) => openPostgresChannel(url, name, onNotify, onGap),
    close: async () => void (pool.ended || (await pool.end())),
  };
}

const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 500;

/** One connection that listens and notifies, with a heartbeat, because such a connection can die without a word. */
function openPostgresChannel(url: string, name: string, onNotify: (payload: string) => void, onGap: () => void): Channel {
  let stopped = false;
  let connected = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const retry = (): void => {
    connected = false;
    clearInterval(timer);
    client?.removeAllListeners();
    client?.on('error', () => {});
    void client?.end().catch(() => {});
    client = undefined;
    if (!stopped) timer = setTimeout(connect, RECONNECT_MS * (0.5 + Math.random()));
  };
  /** One query after the other, as the driver demands. A failure drops the connection. */
  let last: Promise<unknown> = Promise.resolve();
  const ask = (on: pg.Client, text: string, values: readonly string[] = []): void => {
    last = last.then(async () => void (client === on && (await on.query(text, [...values])))).catch(() => void (client === on && retry()));
  };
  const connect = (): void => {
    const fresh = (client = new pg.Client({ connectionString: url, application_name: `kontext ${name}`, connectionTimeoutMillis: 5_000, query_timeout: 10_000, keepAlive: true }));
    fresh.once('error', retry);
    fresh.once('end', retry);
    fresh.on('notification', (message) => onNotify(message.payload ?? ''));
    fresh
      .connect()
      // A bell need not survive a crash, so no notification waits for the disk.
      .then(() => fresh.query(`SET synchronous_commit TO off; LISTEN ${pg.escapeIdentifier(name)}`))
      .then(() => {
        if (client !== fresh) return;
        connected = true;
        onGap();
        timer = setInterval(() => ask(fresh, 'SELECT 1'), HEARTBEAT_MS);
      })
      .catch(() => client === fresh && retry());
  };
  connect();
  return {
    notify: (payload) => void (connected && client && ask(client, 'SELECT pg_notify($1, $2)', [name, payload])),
    stop: async () => {
      stopped = true;
      connected = false;
      clearTimeout(timer);
      clearInterval(timer);
      const open = client;
      client = undefined;
      open?.removeAllListeners();
      open?.on('error', () => {});
      await open?.end().catch(() => {});
    },
  };
}
