import { change, type ChangeDeps } from '../audit/index.ts';
import { differences } from '../directory/index.ts';
import type { Actor, PolicyId } from '../kernel/index.ts';
import type { PolicyEffect } from '../platform/index.ts';
import { parseExpiry } from './create-policy.ts';
import { lockPolicy, namesOf, policyEvent, type Policy } from './policy.ts';

/** What may change of a rule; what is left out stays. Whom and what it is about never changes: that is another rule. */
export interface PolicyPatch {
  readonly id: PolicyId;
  readonly effect?: PolicyEffect | undefined;
  /** Null: without end. */
  readonly expiresAt?: Date | null | undefined;
  readonly draft?: boolean | undefined;
}

/** Changes a rule, by whoever may write it. Idempotent. */
export async function updatePolicy(deps: ChangeDeps, actor: Actor, input: PolicyPatch): Promise<Policy> {
  const { effect, expiresAt, draft } = input;
  const state = draft === undefined ? undefined : draft ? 'DRAFT' : 'LIVE';
  return change(deps, actor, async (tx) => {
    const before = await lockPolicy(tx, actor, input.id);
    const patch = { effect, expires_at: expiresAt, state } as const;
    const changed = differences(before, patch);
    if (Object.keys(changed).length === 0) return { result: before, unchanged: true };
    if (expiresAt && changed['expires_at']) parseExpiry(deps.clock, expiresAt);
    const result = await tx.updateTable('policy').set(patch).where('id', '=', input.id).returningAll().executeTakeFirstOrThrow();
    return { result, events: [policyEvent('policy.updated', result, await namesOf(tx, result), { changed })] };
  });
}

/**
 * Deletes a rule, by whoever may write it, and answers it as it was. Rules that an attachment or a consent wrote are
 * ordinary rules: they go the same way, and the attachment or grant itself stays.
 */
export async function deletePolicy(deps: ChangeDeps, actor: Actor, input: { readonly id: PolicyId }): Promise<Policy> {
  return change(deps, actor, async (tx) => {
    const result = await lockPolicy(tx, actor, input.id);
    const names = await namesOf(tx, result);
    await tx.deleteFrom('policy').where('id', '=', input.id).execute();
    return { result, events: [policyEvent('policy.deleted', result, names)] };
  });
}
