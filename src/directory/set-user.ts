import { change, type ChangeDeps } from '../audit/index.ts';
import { Fault, requireManagement, type Actor, type Role, type UserId } from '../kernel/index.ts';
import type { Tx } from '../platform/index.ts';
import { named } from './named.ts';
import { actsAsOwner, ownersOnly } from './owner.ts';
import { endSessionsOfUser } from './sessions.ts';
import type { User } from './user.ts';

/**
 * Activates or deactivates a user. Deactivation signs the user out of every browser and application in the same
 * transaction; connections stay, unusable while the user is not active, so that activation restores them. Nobody
 * deactivates themself, nobody the last active owner, and none but an owner another owner. Idempotent.
 */
export async function setUserStatus(deps: ChangeDeps, actor: Actor, input: { readonly id: UserId; readonly status: User['status'] }): Promise<User> {
  requireManagement(actor, 'users', 'write');
  return change(deps, actor, async (tx) => {
    const { target, isOwner, isLastOwner } = await lockUser(tx, actor, input.id);
    if (target.status === input.status) return { result: target, unchanged: true };
    if (actor.kind === 'user' && actor.userId === target.id) {
      throw new Fault('forbidden', { message: 'You cannot deactivate yourself.', hint: 'Another administrator of the organization can.' });
    }
    if (target.role === 'OWNER' && !isOwner) throw ownersOnly('Only an owner may activate or deactivate an owner.');
    if (isLastOwner) throw lastOwner();
    const result = await tx.updateTable('users').set({ status: input.status }).where('id', '=', target.id).returningAll().executeTakeFirstOrThrow();
    if (input.status === 'DEACTIVATED') await endSessionsOfUser(tx, target.id);
    return { result, events: [{ kind: 'user.status_changed', user: named(target), details: { from: target.status, to: input.status } }] };
  });
}

/** Gives a user another role. None but an owner makes or unmakes an owner, and the last active owner stays one. Idempotent. */
export async function setUserRole(deps: ChangeDeps, actor: Actor, input: { readonly id: UserId; readonly role: Role }): Promise<User> {
  requireManagement(actor, 'users', 'write');
  return change(deps, actor, async (tx) => {
    const { target, isOwner, isLastOwner } = await lockUser(tx, actor, input.id);
    if (target.role === input.role) return { result: target, unchanged: true };
    if ((target.role === 'OWNER' || input.role === 'OWNER') && !isOwner) throw ownersOnly('Only an owner may make or unmake an owner.');
    if (isLastOwner) throw lastOwner();
    const result = await tx.updateTable('users').set({ role: input.role }).where('id', '=', target.id).returningAll().executeTakeFirstOrThrow();
    return { result, events: [{ kind: 'user.role_changed', user: named(target), details: { from: target.role, to: input.role } }] };
  });
}

/**
 * The user, locked together with every active owner, in one order: two owners who unmake each other take turns, and the
 * second finds itself the last. Whether the actor is an owner is asked of the locked rows, not of its token.
 */
async function lockUser(tx: Tx, actor: Actor, id: UserId): Promise<{ target: User; isOwner: boolean; isLastOwner: boolean }> {
  const rows = await tx
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', actor.organizationId)
    .where((eb) => eb.or([eb('id', '=', id), eb.and([eb('role', '=', 'OWNER'), eb('status', '=', 'ACTIVE')])]))
    .orderBy('id')
    .forUpdate()
    .execute();
  const target = rows.find((row) => row.id === id);
  if (!target) throw new Fault('not_found', { field: 'id' });
  const owners = rows.filter((row) => row.role === 'OWNER' && row.status === 'ACTIVE');
  const isOwner = actor.kind === 'user' ? owners.some((owner) => owner.id === actor.userId) : actsAsOwner(actor);
  return { target, isOwner, isLastOwner: owners.length === 1 && owners[0] === target };
}

const lastOwner = (): Fault =>
  new Fault('conflict', { field: 'id', message: 'This is the last active owner of the organization.', hint: 'Make somebody else an owner first.' });
