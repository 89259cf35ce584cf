import { change, type ChangeDeps } from '../audit/index.ts';
import { requireManagement, type Actor, type ApplicationId, type UserId } from '../kernel/index.ts';
import { lockApplication, type Application } from './application.ts';
import { differences } from './differences.ts';
import { named } from './named.ts';
import { parseName, parseRedirectUris, requireActiveUser } from './parse.ts';
import { endSessionsOfClient } from './sessions.ts';

/** What may change of an application; what is left out stays. */
export interface ApplicationPatch {
  readonly id: ApplicationId;
  readonly name?: string | undefined;
  /** All of them: what is not in the list is no longer accepted. */
  readonly redirectUris?: readonly string[] | undefined;
  /** Null: nobody. */
  readonly ownerId?: UserId | null | undefined;
}

/** Changes an application, by its owner or whoever manages applications; the latter alone hand it to another owner. Idempotent. */
export async function updateApplication(deps: ChangeDeps, actor: Actor, input: ApplicationPatch): Promise<Application> {
  const { ownerId } = input;
  if (ownerId !== undefined) requireManagement(actor, 'applications', 'write');
  const name = input.name === undefined ? undefined : parseName(input.name);
  const redirectUris = input.redirectUris && parseRedirectUris(input.redirectUris);
  return change(deps, actor, async (tx) => {
    const before = await lockApplication(tx, actor, input.id);
    const patch = { name, redirect_uris: redirectUris, owner_id: ownerId };
    const changed = differences(before, patch);
    if (Object.keys(changed).length === 0) return { result: before, unchanged: true };
    if (ownerId && changed['owner_id']) await requireActiveUser(tx, ownerId, 'ownerId');
    const result = await tx.updateTable('application').set(patch).where('id', '=', input.id).returningAll().executeTakeFirstOrThrow();
    return { result, events: [{ kind: 'application.updated', application: named(result), details: changed }] };
  });
}

/**
 * The kill switch. DISABLED ends every grant, code and refresh token the application holds, in the same transaction; its
 * secrets, rules and attachments stay for the day it is enabled again. Its owner may disable it; enabling takes whoever
 * manages applications. Idempotent.
 */
export async function setApplicationStatus(
  deps: ChangeDeps,
  actor: Actor,
  input: { readonly id: ApplicationId; readonly status: Application['status'] },
): Promise<Application> {
  if (input.status === 'ACTIVE') requireManagement(actor, 'applications', 'write');
  return change(deps, actor, async (tx) => {
    const before = await lockApplication(tx, actor, input.id);
    if (before.status === input.status) return { result: before, unchanged: true };
    const result = await tx.updateTable('application').set({ status: input.status }).where('id', '=', input.id).returningAll().executeTakeFirstOrThrow();
    if (input.status === 'DISABLED') await endSessionsOfClient(tx, input.id);
    return { result, events: [{ kind: 'application.status_changed', application: named(before), details: { from: before.status, to: input.status } }] };
  });
}
