import type { Actor } from '../kernel/index.ts';
import type { Clock, Database, Doorbell, Tx } from '../platform/index.ts';
import { appendInside, toEntry } from './append.ts';
import type { EventDraft } from './event.ts';

/** What writing needs. */
export interface ChangeDeps {
  readonly db: Pick<Database, 'asOrganization'>;
  readonly bell: Pick<Doorbell, 'ring'>;
  readonly clock: Clock;
}

/** What a change answers: its result and at least one event that tells of it, or that nothing had to change. */
export type Changed<T> =
  | { readonly result: T; readonly events: readonly [EventDraft, ...EventDraft[]] }
  | { readonly result: T; readonly unchanged: true };

class Unchanged<T> {
  readonly result: T;
  constructor(result: T) {
    this.result = result;
  }
}

/**
 * The only way to write: one transaction as the actor's organization, in which `work` writes and the events that tell of
 * it are appended last. Where an event alters access, the access revision rises in the same transaction. What answers
 * `unchanged` is rolled back, so that nothing is ever written without its event.
 * If we crash before the commit nothing happened; after it everything did, and a bell that was not rung is made up for by
 * the subscribers' own look.
 */
export async function change<T>(deps: ChangeDeps, actor: Actor, work: (tx: Tx) => Promise<Changed<T>>): Promise<T> {
  try {
    const result = await deps.db.asOrganization(actor.organizationId, async (tx) => {
      const changed = await work(tx);
      if ('unchanged' in changed) throw new Unchanged(changed.result);
      await appendInside(tx, actor.organizationId, changed.events.map((draft) => toEntry(deps.clock, actor, draft)));
      return changed.result;
    });
    deps.bell.ring(actor.organizationId);
    return result;
  } catch (thrown) {
    if (thrown instanceof Unchanged) return thrown.result as T;
    throw thrown;
  }
}
