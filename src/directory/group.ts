import type { Selectable } from 'kysely';
import { mayManage, requireManagement, type Actor, type Id, type Page, type PageRequest, type UserId } from '../kernel/index.ts';
import { pageById, type GroupTable, type Tx, type Wells } from '../platform/index.ts';
import { visibleUsers } from './user.ts';

/** A group as the organization's identity provider names it in a user's claims. */
export type Group = Selectable<GroupTable>;

/** All groups for whoever may see the users, else those a user belongs to. */
function visibleGroups(tx: Tx, actor: Actor) {
  const groups = tx.selectFrom('groups').where('groups.organization_id', '=', actor.organizationId);
  if (mayManage(actor, 'users', 'read')) return groups;
  if (actor.kind !== 'user') requireManagement(actor, 'users', 'read');
  const userId = actor.kind === 'user' ? actor.userId : null;
  return groups.where('groups.id', 'in', (eb) => eb.selectFrom('group_member').select('group_id').where('user_id', '=', userId));
}

export async function listGroups(deps: Pick<Wells, 'db'>, actor: Actor, page: PageRequest): Promise<Page<Group>> {
  return deps.db.read(actor.organizationId, (tx) => pageById(visibleGroups(tx, actor).selectAll('groups'), 'groups', page));
}

/** Those of the ids that exist here and that the actor may see, in no order. */
export async function findGroups(deps: Pick<Wells, 'db'>, actor: Actor, ids: readonly Id<'group'>[]): Promise<Group[]> {
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => visibleGroups(tx, actor).selectAll('groups').where('groups.id', 'in', ids).execute());
}

/** The groups of each user the actor may see, by name; a user without groups, or not visible, has an empty list. */
export async function groupsOfUsers(deps: Pick<Wells, 'db'>, actor: Actor, userIds: readonly UserId[]): Promise<Map<UserId, Group[]>> {
  const groups = new Map<UserId, Group[]>(userIds.map((id) => [id, []]));
  if (userIds.length === 0) return groups;
  const rows = await deps.db.read(actor.organizationId, (tx) =>
    visibleUsers(tx, actor)
      .innerJoin('group_member', 'group_member.user_id', 'users.id')
      .innerJoin('groups', 'groups.id', 'group_member.group_id')
      .selectAll('groups')
      .select('users.id as member_id')
      .where('users.id', 'in', userIds)
      .orderBy('groups.name')
      .execute(),
  );
  for (const { member_id, ...group } of rows) groups.get(member_id)?.push(group);
  return groups;
}
