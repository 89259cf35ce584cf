import type { EventDraft } from '../audit/index.ts';
import { newId, type Tx } from '../platform/index.ts';
import type { Group } from './group.ts';
import { named } from './named.ts';
import type { User } from './user.ts';

const MAX_GROUPS = 1_000;

/**
 * Makes the user's groups those that the provider named, creating what is new; answers the event that tells of it, or
 * null where nothing changed. Names are taken as they come, without white space around them; empty and overlong ones and
 * whatever follows the first thousand are left out. The caller holds the user's row locked.
 */
export async function syncGroups(tx: Tx, user: User, claimed: readonly string[]): Promise<EventDraft | null> {
  const names = [...new Set(claimed.map(toName))].filter((name) => name.length > 0 && name.length <= 200).slice(0, MAX_GROUPS).sort();
  const wanted = await ensureGroups(tx, user, names);
  const current = await tx
    .selectFrom('group_member')
    .innerJoin('groups', 'groups.id', 'group_member.group_id')
    .select(['groups.id', 'groups.name'])
    .where('group_member.user_id', '=', user.id)
    .execute();
  const added = wanted.filter(({ id }) => !current.some((group) => group.id === id));
  const removed = current.filter(({ id }) => !wanted.some((group) => group.id === id));
  if (added.length === 0 && removed.length === 0) return null;
  if (removed.length > 0) {
    await tx.deleteFrom('group_member').where('user_id', '=', user.id).where('group_id', 'in', removed.map(({ id }) => id)).execute();
  }
  if (added.length > 0) {
    await tx
      .insertInto('group_member')
      .values(added.map(({ id }) => ({ organization_id: user.organization_id, group_id: id, user_id: user.id })))
      .execute();
  }
  return { kind: 'user.groups_changed', user: named(user), details: { added: added.map(({ name }) => name), removed: removed.map(({ name }) => name) } };
}

/** PostgreSQL's text holds neither NUL nor lone surrogates. */
const toName = (claim: string): string => claim.toWellFormed().replaceAll('\u0000', '').trim();

async function ensureGroups(tx: Tx, user: User, names: readonly string[]): Promise<Pick<Group, 'id' | 'name'>[]> {
  if (names.length === 0) return [];
  const find = () => tx.selectFrom('groups').select(['id', 'name']).where('organization_id', '=', user.organization_id).where('name', 'in', names).execute();
  const known = await find();
  const missing = names.filter((name) => !known.some((group) => group.name === name));
  if (missing.length === 0) return known;
  // Sorted names: two sign-ins that bring the same new groups wait for each other in one order.
  await tx
    .insertInto('groups')
    .values(missing.map((name) => ({ id: newId('group'), organization_id: user.organization_id, name })))
    .onConflict((conflict) => conflict.columns(['organization_id', 'name']).doNothing())
    .execute();
  return find();
}
