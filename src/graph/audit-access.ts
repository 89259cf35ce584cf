import { findEvents, listEvents, matches, type AuditEvent, type EventFilter } from '../audit/index.ts';
import { mayManage, requireManagement, type Actor, type EventId, type Page, type PageRequest } from '../kernel/index.ts';
import type { GraphDeps } from './context.ts';

/** The filter narrowed to what the actor may see of the log: a member its own events, whoever may read the log all of it. */
export function visibleFilter(actor: Actor, filter: EventFilter): EventFilter {
  if (mayManage(actor, 'audit', 'read')) return filter;
  if (actor.kind !== 'user') requireManagement(actor, 'audit', 'read');
  const own = actor.kind === 'user' ? actor.userId : '';
  // Events of somebody else, asked for by name, are none of this actor's: an empty list of kinds matches nothing.
  return filter.userId !== undefined && filter.userId !== own ? { kinds: [] } : { ...filter, userId: own };
}

export function listVisibleEvents(deps: Pick<GraphDeps, 'db'>, actor: Actor, filter: EventFilter, page: PageRequest): Promise<Page<AuditEvent>> {
  const visible = visibleFilter(actor, filter);
  return deps.db.read(actor.organizationId, (tx) => listEvents(tx, visible, page));
}

export async function findVisibleEvents(deps: Pick<GraphDeps, 'db'>, actor: Actor, ids: readonly EventId[]): Promise<AuditEvent[]> {
  const visible = visibleFilter(actor, {});
  const events = await deps.db.read(actor.organizationId, (tx) => findEvents(tx, ids));
  return events.filter((event) => matches(visible, event));
}
