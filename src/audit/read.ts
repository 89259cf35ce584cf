import { sql, type SelectQueryBuilder } from 'kysely';
import { parseAuditCursor, toPage, type EventId, type OrganizationId, type Page, type PageRequest } from '../kernel/index.ts';
import type { AuditEventTable, Schema, Tx } from '../platform/index.ts';
import { toAuditEvent, type AuditEvent, type EventKind, type EventOutcome } from './event.ts';

/** Every member that is given must match; of a list, one. */
export interface EventFilter {
  readonly kinds?: readonly EventKind[] | undefined;
  readonly outcomes?: readonly EventOutcome[] | undefined;
  /** As actor or as the user acted for. */
  readonly userId?: string | undefined;
  readonly applicationId?: string | undefined;
  readonly integrationId?: string | undefined;
}

/** A page of the log, newest first; cursors are the feed's. */
export async function listEvents(tx: Tx, filter: EventFilter, page: PageRequest): Promise<Page<AuditEvent>> {
  let query = tx.selectFrom('audit_event').selectAll();
  query = whereFilter(query, filter);
  if (page.after !== undefined) query = query.where('sequence', '<', parseAuditCursor(page.after, 'after'));
  if (page.before !== undefined) query = query.where('sequence', '>', parseAuditCursor(page.before, 'before'));
  const rows = await query.orderBy('sequence', page.backward ? 'asc' : 'desc').limit(page.limit + 1).execute();
  return toPage(rows.map(toAuditEvent), page);
}

/** Up to `limit` events after a sequence number, in order. */
export async function eventsAfter(tx: Tx, sequence: number, limit: number): Promise<AuditEvent[]> {
  const rows = await tx.selectFrom('audit_event').selectAll().where('sequence', '>', sequence).orderBy('sequence').limit(limit).execute();
  return rows.map(toAuditEvent);
}

export async function findEvents(tx: Tx, ids: readonly EventId[]): Promise<AuditEvent[]> {
  if (ids.length === 0) return [];
  const rows = await tx.selectFrom('audit_event').selectAll().where('id', 'in', ids).execute();
  return rows.map(toAuditEvent);
}

/** The last sequence number of the organization's log. */
export async function headSequence(tx: Tx, organizationId: OrganizationId): Promise<number> {
  const row = await tx.selectFrom('organization_head').select('sequence').where('organization_id', '=', organizationId).executeTakeFirst();
  return row?.sequence ?? 0;
}

/** The same filter over an event in memory, for the feed; a test holds it against the query. */
export function matches(filter: EventFilter, { kind, outcome, body }: AuditEvent): boolean {
  return (
    (!filter.kinds || filter.kinds.includes(kind)) &&
    (!filter.outcomes || filter.outcomes.includes(outcome)) &&
    (!filter.userId || body.user?.id === filter.userId || body.actor.id === filter.userId) &&
    (!filter.applicationId || body.application?.id === filter.applicationId) &&
    (!filter.integrationId || body.integration?.id === filter.integrationId)
  );
}

type EventQuery = SelectQueryBuilder<Schema, 'audit_event', AuditEventTable>;

function whereFilter(query: EventQuery, filter: EventFilter): EventQuery {
  let narrowed = query;
  if (filter.kinds) narrowed = narrowed.where(sql<boolean>`kind = any(${[...filter.kinds]}::text[])`);
  if (filter.outcomes) narrowed = narrowed.where(sql<boolean>`outcome = any(${[...filter.outcomes]}::text[])`);
  const { userId } = filter;
  if (userId) narrowed = narrowed.where((eb) => eb.or([eb('user_id', '=', userId), eb.and([eb('actor_id', '=', userId), sql<boolean>`starts_with(actor_id, 'usr_')`])]));
  if (filter.applicationId) narrowed = narrowed.where('application_id', '=', filter.applicationId);
  if (filter.integrationId) narrowed = narrowed.where('integration_id', '=', filter.integrationId);
  return narrowed;
}
