import { sql } from 'kysely';
import { Fault, toFault, type Actor, type ConnectionId, type EventId, type OrganizationId } from '../kernel/index.ts';
import { newId, type Clock, type Database, type Doorbell, type Metrics, type Tx } from '../platform/index.ts';
import { EVENTS, formatBody, type EventDraft } from './event.ts';

/** What a decision was based on. The append refuses the entry where any of it no longer stands. */
export interface Fences {
  /** The organization's access revision: every change of rights, rules, users, applications and grants raises it. */
  readonly revision: number;
  /** The connection whose credential is about to leave, at the version that was opened. */
  readonly connection?: { readonly id: ConnectionId; readonly version: number } | undefined;
}

interface Entry {
  readonly id: EventId;
  readonly body: string;
  readonly altersAccess: boolean;
  readonly fences: Fences | undefined;
}

export type Appended = { readonly stale: false; readonly id: EventId; readonly sequence: number } | { readonly stale: true };

export function toEntry(clock: Clock, actor: Actor, draft: EventDraft, fences?: Fences): Entry {
  const id = newId('event');
  return { id, body: formatBody(actor, draft, id, clock.now()), altersAccess: EVENTS[draft.kind].altersAccess, fences };
}

/**
 * Appends in the caller's transaction, as its last statement: from here to the commit the organization's head is locked.
 * If we crash before the commit, neither the change nor its events exist; after it, both do.
 */
export async function appendInside(tx: Tx, organizationId: OrganizationId, entries: readonly Entry[]): Promise<Appended[]> {
  const { rows } = await sql<Row>`SELECT * FROM append_audit(${organizationId}, ${formatEntries(entries)}::jsonb)`.execute(tx);
  return toAppended(entries, rows);
}

interface Row {
  readonly ordinal: number;
  readonly number: number | null;
}

/** Entries as append_audit takes them. */
function formatEntries(entries: readonly Entry[]): string {
  return JSON.stringify(
    entries.map(({ body, altersAccess, fences }) => ({
      body,
      alters_access: altersAccess || undefined,
      revision: fences?.revision,
      connection: fences?.connection?.id,
      connection_version: fences?.connection?.version,
    })),
  );
}

function toAppended(entries: readonly Entry[], rows: readonly Row[]): Appended[] {
  const numbers = new Map(rows.map(({ ordinal, number }) => [ordinal, number]));
  return entries.map((entry, index): Appended => {
    const sequence = numbers.get(index + 1) ?? null;
    return sequence === null ? { stale: true } : { stale: false, id: entry.id, sequence };
  });
}

/**
 * Appends in the caller's transaction and takes it back: throws `unavailable` where the log cannot be written now. For what
 * must be written down later and cannot be undone.
 */
export async function rehearse(tx: Tx, organizationId: OrganizationId, entry: Entry): Promise<void> {
  await sql`SAVEPOINT rehearsal`.execute(tx);
  await appendInside(tx, organizationId, [entry]).catch((error: unknown) => {
    throw unwritable(error);
  });
  // Gives back the organization's head too.
  await sql`ROLLBACK TO SAVEPOINT rehearsal`.execute(tx);
}

/** The fault of a log that cannot be written, whatever the reason. */
function unwritable(error: unknown): Fault {
  const fault = toFault(error);
  return fault.code === 'unavailable' ? fault : new Fault('unavailable', { message: 'The audit log cannot be written right now, so nothing is handed out.', cause: error });
}

/** Appends decisions, many callers' in one transaction. */
export interface Appender extends AsyncDisposable {
  /**
   * Resolves once the entry is durable, or was refused as stale. Throws `unavailable` where it cannot be known to be
   * durable: then the caller must not release anything.
   */
  append(actor: Actor, draft: EventDraft, fences: Fences): Promise<Appended>;
}

const MAX_BATCH = 256;

/**
 * Group commit: while one batch of an organization is on its way, later entries gather and become the next one. So a
 * lone request waits for nobody, and under load one commit carries many.
 */
export function openAppender(deps: { db: Database; bell: Doorbell; clock: Clock; metrics: Pick<Metrics, 'appendBatch' | 'staleEntries'> }): Appender {
  interface Waiting {
    readonly entry: Entry;
    readonly resolve: (appended: Appended) => void;
    readonly reject: (error: unknown) => void;
  }
  const queues = new Map<OrganizationId, Waiting[]>();
  const running = new Set<Promise<void>>();

  const flush = async (organizationId: OrganizationId, batch: readonly Waiting[]): Promise<void> => {
    deps.metrics.appendBatch.observe(batch.length);
    try {
      // If we crash before the commit, no entry exists and no caller was answered. If the commit happened and its answer
      // was lost, entries exist for credentials that never left: the log may say too much, never too little.
      const entries = batch.map(({ entry }) => entry);
      const appended = toAppended(entries, await deps.db.call<Row>(organizationId, 'append_audit', formatEntries(entries)));
      deps.bell.ring(organizationId);
      batch.forEach(({ resolve }, index) => resolve(appended[index]!));
      deps.metrics.staleEntries.inc(appended.filter(({ stale }) => stale).length);
    } catch (error) {
      const reason = unwritable(error);
      for (const { reject } of batch) reject(reason);
    }
  };
  const drain = async (organizationId: OrganizationId, queue: Waiting[]): Promise<void> => {
    // Whatever the same turn of the event loop brings joins the first batch.
    await new Promise(setImmediate);
    while (queue.length > 0) await flush(organizationId, queue.splice(0, MAX_BATCH));
    queues.delete(organizationId);
  };
  return {
    append: (actor, draft, fences) =>
      new Promise((resolve, reject) => {
        const waiting = { entry: toEntry(deps.clock, actor, draft, fences), resolve, reject };
        const queue = queues.get(actor.organizationId);
        if (queue) return void queue.push(waiting);
        const fresh = [waiting];
        queues.set(actor.organizationId, fresh);
        const task = drain(actor.organizationId, fresh).finally(() => running.delete(task));
        running.add(task);
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(running);
    },
  };
}
