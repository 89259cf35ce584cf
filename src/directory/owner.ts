import { Fault, MANAGED_NOUNS, mayManage, type Actor } from '../kernel/index.ts';

/** Whoever holds one of these can make themself an owner, so handing one out takes an owner too. */
const OWNER_SCOPES: readonly string[] = ['management:all', 'management:organization:write'];

/** Whether the actor's word counts as an owner's: an OWNER, a service account that may manage everything, the server. */
export function actsAsOwner(actor: Actor): boolean {
  switch (actor.kind) {
    case 'system':
      return true;
    case 'user':
      return actor.role === 'OWNER';
    case 'service_account':
      return actor.scopes.includes('management:all');
    case 'application':
      return false;
  }
}

/** `forbidden` for what an owner alone may do. */
export function ownersOnly(message: string): Fault {
  return new Fault('forbidden', { message, hint: 'An owner of the organization can do this.' });
}

/** Nobody hands out more than they have: whether the actor may give this scope to a service account. */
export function mayHandOut(actor: Actor, scope: string): boolean {
  if (actsAsOwner(actor)) return true;
  if (actor.kind === 'user' && OWNER_SCOPES.includes(scope)) return false;
  const [, noun, access] = scope.split(':');
  const managed = MANAGED_NOUNS.find((candidate) => candidate === noun);
  return managed !== undefined && mayManage(actor, managed, access === 'read' ? 'read' : 'write');
}
