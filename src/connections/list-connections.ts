import type { Actor, ConnectionId, IntegrationId, Page, PageRequest, UserId } from '../kernel/index.ts';
import { pageById, type Wells } from '../platform/index.ts';
import { visibleConnections, type Connection } from './connection.ts';

type Deps = Pick<Wells, 'db'>;

export interface ConnectionFilter {
  readonly userId?: UserId | undefined;
  readonly integrationId?: IntegrationId | undefined;
}

/** A page of connections, oldest first; a member sees none but the member's own. */
export async function listConnections(deps: Deps, actor: Actor, page: PageRequest, filter: ConnectionFilter = {}): Promise<Page<Connection>> {
  return deps.db.read(actor.organizationId, (tx) => {
    let query = visibleConnections(tx, actor);
    if (filter.userId) query = query.where('connection.user_id', '=', filter.userId);
    if (filter.integrationId) query = query.where('connection.integration_id', '=', filter.integrationId);
    return pageById(query, 'connection', page);
  });
}

/** Those of the ids that are connections the actor may see, in any order. */
export async function findConnections(deps: Deps, actor: Actor, ids: readonly ConnectionId[]): Promise<Connection[]> {
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => visibleConnections(tx, actor).where('connection.id', 'in', ids).execute());
}

/** The connections of each user that the actor may see; a user without any has an empty list. */
export async function connectionsOf(deps: Deps, actor: Actor, userIds: readonly UserId[]): Promise<Map<UserId, Connection[]>> {
  const byUser = new Map<UserId, Connection[]>(userIds.map((id) => [id, []]));
  if (userIds.length === 0) return byUser;
  const rows = await deps.db.read(actor.organizationId, (tx) => visibleConnections(tx, actor).where('connection.user_id', 'in', userIds).orderBy('connection.id').execute());
  for (const row of rows) byUser.get(row.user_id)?.push(row);
  return byUser;
}
