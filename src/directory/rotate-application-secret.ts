import { change, type ChangeDeps } from '../audit/index.ts';
import { Fault, invalid, type Actor, type ApplicationId } from '../kernel/index.ts';
import type { Secret } from '../platform/index.ts';
import { lockApplication, type Application } from './application.ts';
import { issueClientSecret, retireClientSecrets } from './client-secret.ts';
import { named } from './named.ts';

const MAX_KEEP_SECONDS = 30 * 24 * 3_600;

/**
 * A new secret of a confidential application, shown once. The old ones end at once, or, so that every node of the
 * application can take the new one over, after `keepOldForSeconds` (at most 30 days).
 */
export async function rotateApplicationSecret(
  deps: ChangeDeps,
  actor: Actor,
  input: { readonly id: ApplicationId; readonly keepOldForSeconds?: number | undefined },
): Promise<{ application: Application; clientSecret: Secret }> {
  const keep = input.keepOldForSeconds ?? 0;
  if (!Number.isInteger(keep) || keep < 0 || keep > MAX_KEEP_SECONDS) throw invalid('keepOldForSeconds', `Expected whole seconds from 0 to ${MAX_KEEP_SECONDS}.`);
  return change(deps, actor, async (tx) => {
    const application = await lockApplication(tx, actor, input.id);
    if (application.kind === 'PUBLIC') {
      throw new Fault('conflict', { field: 'id', message: 'A public application has no secret.', hint: 'It signs users in with PKCE alone; create a confidential application for a server.' });
    }
    await retireClientSecrets(tx, input.id, keep === 0 ? null : new Date(deps.clock.now().getTime() + keep * 1_000));
    const clientSecret = await issueClientSecret(tx, actor.organizationId, input.id);
    return {
      result: { application, clientSecret },
      events: [{ kind: 'application.secret_rotated', application: named(application), details: { keepOldForSeconds: keep } }],
    };
  });
}
