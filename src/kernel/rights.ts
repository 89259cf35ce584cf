import type { Actor } from './actor.ts';
import { Fault } from './fault.ts';

/** What `management:<noun>:read|write` scopes can name. */
export const MANAGED_NOUNS = ['organization', 'users', 'applications', 'service_accounts', 'integrations', 'connections', 'policies', 'audit'] as const;
export type ManagedNoun = (typeof MANAGED_NOUNS)[number];

/** Every scope a service account may hold. */
export const MANAGEMENT_SCOPES: readonly string[] = ['management:all', ...MANAGED_NOUNS.flatMap((noun) => [`management:${noun}:read`, `management:${noun}:write`])];

/** Whether the actor administers the organization: an owner or admin, a service account with the scope, the server itself. */
export function mayManage(actor: Actor, noun: ManagedNoun, access: 'read' | 'write'): boolean {
  switch (actor.kind) {
    case 'system':
      return true;
    case 'user':
      return actor.role !== 'MEMBER';
    case 'service_account':
      return actor.scopes.some((scope) => scope === 'management:all' || scope === `management:${noun}:write` || (access === 'read' && scope === `management:${noun}:read`));
    case 'application':
      return false;
  }
}

/** Throws `forbidden` with who can help unless the actor may. */
export function requireManagement(actor: Actor, noun: ManagedNoun, access: 'read' | 'write'): void {
  if (mayManage(actor, noun, access)) return;
  throw new Fault('forbidden', {
    message: `This needs the right to ${access === 'read' ? 'see' : 'change'} the organization's ${noun.replace('_', ' ')}.`,
    hint: actor.kind === 'service_account' ? `An administrator can create a service account with the scope management:${noun}:${access}.` : 'An owner or admin of the organization can do this, or change your role.',
  });
}
