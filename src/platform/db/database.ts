import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, sql, type LogEvent, type Transaction } from 'kysely';
import { Fault, type OrganizationId } from '../../kernel/index.ts';
import { openBackend, type Backend, type DatabaseLocation } from './dialect.ts';
import type { Schema } from './schema.ts';

declare const opened: unique symbol;
/** A transaction opened as one organization: row-level security shows nothing else. */
export type Tx = Transaction<Schema> & { readonly [opened]: 'organization' };
/** A transaction of the authorization server's storage, before the organization is known. */
export type IdentityTx = Transaction<Schema> & { readonly [opened]: 'identity' };
/** A transaction of the owner, past row-level security: migrations, bootstrap, offline verification. Commands only. */
export type OwnerTx = Transaction<Schema> & { readonly [opened]: 'owner' };

/**
 * The only way to a row. Each method runs `work` in one transaction, commits when it returns and rolls back when it throws.
 * A transaction opened inside another would wait for itself for ever where there is one connection, so that throws at once.
 * An unreachable or dying database is `unavailable`.
 */
export interface Database extends AsyncDisposable {
  readonly kind: Backend['kind'];
  /** Reads and writes as the organization. */
  asOrganization<T>(organizationId: OrganizationId, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Reads as the organization, all statements from one snapshot. */
  read<T>(organizationId: OrganizationId, work: (tx: Tx) => Promise<T>): Promise<T>;
  asIdentity<T>(work: (tx: IdentityTx) => Promise<T>): Promise<T>;
  asOwner<T>(work: (tx: OwnerTx) => Promise<T>): Promise<T>;
  /**
   * Calls a set-returning function of ours as the organization, which is its first argument, in a transaction and a single
   * round trip of its own: committed when this resolves.
   */
  call<Row>(organizationId: OrganizationId, name: 'append_audit', argument: string): Promise<Row[]>;
  openChannel: Backend['openChannel'];
  /** For the migrator alone. */
  readonly kysely: Kysely<Schema>;
}

const assign = (settings: Record<string, string>) => sql.join(Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`));

const inside = new AsyncLocalStorage<true>();

/** How long a statement may take, wait for a lock, and leave its transaction idle: one caller's cannot hold up everybody's. Milliseconds. */
const PATIENCE = { statement_timeout: '10000', lock_timeout: '5000', idle_in_transaction_session_timeout: '15000' };

/** Opens the database. `onStatement` sees each statement as it ends, for metrics and for tests that count. */
export async function openDatabase(location: DatabaseLocation, onStatement?: (event: LogEvent) => void): Promise<Database> {
  const backend = await openBackend(location);
  const kysely = new Kysely<Schema>({ dialect: backend.dialect, ...(onStatement && { log: onStatement }) });

  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside.getStore()) throw new Error('a transaction was opened inside another; pass the open one on');
    try {
      return await inside.run(true, work);
    } catch (error) {
      throw isOutage(error) ? new Fault('unavailable', { message: 'The database cannot answer right now.', cause: error }) : error;
    }
  };
  const run = <T, X>(work: (tx: X) => Promise<T>, settings: Record<string, string>, snapshot: boolean): Promise<T> =>
    guard(() => {
      const open = kysely.transaction();
      // PGlite's one connection is a snapshot by itself, and Kysely's dialect for it knows no transaction modes.
      const isolated = snapshot && backend.kind === 'postgresql' ? open.setIsolationLevel('repeatable read') : open;
      return isolated.execute(async (tx) => {
        if (Object.keys(settings).length > 0) await sql`SELECT ${assign(settings)}`.execute(tx);
        return work(tx as X);
      });
    });
  const call = async <Row>(organizationId: OrganizationId, name: string, argument: string): Promise<Row[]> => {
    const called = sql.id(name);
    if (backend.kind === 'pglite') {
      // Kysely lets a lone statement slip into whatever transaction PGlite has open.
      return run(async (tx: Tx) => (await sql<Row>`SELECT * FROM ${called}(${organizationId}, ${argument}::jsonb)`.execute(tx)).rows, asOrganization(organizationId), false);
    }
    // The function's argument comes from the row that opens the organization, so that is evaluated first.
    const statement = sql<Row>`WITH opened AS MATERIALIZED (SELECT ${assign(asOrganization(organizationId))}, ${organizationId}::text AS organization)
      SELECT called.* FROM opened, LATERAL ${called}(opened.organization, ${argument}::jsonb) AS called`;
    return guard(async () => (await statement.execute(kysely)).rows);
  };
  const asOrganization = (organizationId: OrganizationId) => ({ ...PATIENCE, role: 'kontext_app', 'kontext.organization': organizationId });

  return {
    kind: backend.kind,
    kysely,
    asOrganization: (organizationId, work) => run(work, asOrganization(organizationId), false),
    read: (organizationId, work) => run(work, { ...asOrganization(organizationId), transaction_read_only: 'on' }, true),
    asIdentity: (work) => run(work, { ...PATIENCE, role: 'kontext_identity' }, false),
    asOwner: (work) => run(work, {}, false),
    call,
    openChannel: backend.openChannel,
    async [Symbol.asyncDispose]() {
      await kysely.destroy();
      // Kysely leaves a database open that it was never asked to use.
      await backend.close();
    },
  };
}

/** SQLSTATE classes in which nothing is wrong with the statement: connection, conflict with another transaction, resources, a database that takes no connections, locks, operator intervention, system. */
const OUTAGE_CLASS = /^(08|40|53|55000|55P03|57|58|XX)/;
const OUTAGE_ERRNO = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH']);

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Fault) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (OUTAGE_ERRNO.has(code) || (code.length === 5 && OUTAGE_CLASS.test(code))) return true;
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|PGlite is closed|PGlite instance is already closed|driver has already been destroyed|after calling end on the pool/.test(error.message);
}

/** Whether the error is a violation of this unique constraint or index. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}
