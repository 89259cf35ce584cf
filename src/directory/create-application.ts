import { change, type ChangeDeps } from '../audit/index.ts';
import { requireManagement, type Actor, type UserId } from '../kernel/index.ts';
import { newId, type Secret } from '../platform/index.ts';
import type { Application } from './application.ts';
import { issueClientSecret } from './client-secret.ts';
import { named } from './named.ts';
import { parseName, parseRedirectUris, requireActiveUser } from './parse.ts';

/**
 * A new application, active, with its secret, which is shown once; a PUBLIC one has none. Left out, the owner is the
 * user who creates it; null, or a service account creating it: nobody.
 */
export async function createApplication(
  deps: ChangeDeps,
  actor: Actor,
  input: { readonly name: string; readonly kind: Application['kind']; readonly redirectUris: readonly string[]; readonly ownerId?: UserId | null | undefined },
): Promise<{ application: Application; clientSecret: Secret | null }> {
  requireManagement(actor, 'applications', 'write');
  const name = parseName(input.name);
  const redirectUris = parseRedirectUris(input.redirectUris);
  const { organizationId } = actor;
  const owner = input.ownerId === undefined && actor.kind === 'user' ? actor.userId : (input.ownerId ?? null);
  return change(deps, actor, async (tx) => {
    const ownerId = owner && (await requireActiveUser(tx, owner, 'ownerId'));
    const application = await tx
      .insertInto('application')
      .values({ id: newId('application'), organization_id: organizationId, name, kind: input.kind, status: 'ACTIVE', owner_id: ownerId, redirect_uris: redirectUris })
      .returningAll()
      .executeTakeFirstOrThrow();
    const clientSecret = input.kind === 'CONFIDENTIAL' ? await issueClientSecret(tx, organizationId, application.id) : null;
    return {
      result: { application, clientSecret },
      events: [{ kind: 'application.created', application: named(application), details: { kind: input.kind, owner: ownerId, redirectUris } }],
    };
  });
}
