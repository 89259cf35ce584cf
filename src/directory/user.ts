import type { Selectable } from 'kysely';
import { Fault, mayManage, requireManagement, type Actor, type Page, type PageRequest, type UserId } from '../kernel/index.ts';
import { pageById, type Tx, type UserTable, type Wells } from '../platform/index.ts';

export type User = Selectable<UserTable>;

/** The users the actor may see, to be narrowed further: all for whoever may manage them, else a user's own row. */
export function visibleUsers(tx: Tx, actor: Actor) {
  const users = tx.selectFrom('users').where('users.organization_id', '=', actor.organizationId);
  if (mayManage(actor, 'users', 'read')) return users;
  if (actor.kind !== 'user') requireManagement(actor, 'users', 'read');
  return users.where('users.id', '=', actor.kind === 'user' ? actor.userId : null);
}

/** Every user of the organization, deactivated ones too; a member sees itself. */
export async function listUsers(deps: Pick<Wells, 'db'>, actor: Actor, page: PageRequest): Promise<Page<User>> {
  return deps.db.read(actor.organizationId, (tx) => pageById(visibleUsers(tx, actor).selectAll('users'), 'users', page));
}

/** Those of the ids that exist here and that the actor may see, in no order. */
export async function findUsers(deps: Pick<Wells, 'db'>, actor: Actor, ids: readonly UserId[]): Promise<User[]> {
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => visibleUsers(tx, actor).selectAll('users').where('users.id', 'in', ids).execute());
}

/** The user, or `not_found`. */
export async function getUser(deps: Pick<Wells, 'db'>, actor: Actor, id: UserId): Promise<User> {
  const [user] = await findUsers(deps, actor, [id]);
  if (!user) throw new Fault('not_found', { field: 'id' });
  return user;
}
