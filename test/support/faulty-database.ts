import { Fault } from '../../src/kernel/index.ts';
import type { Database } from '../../src/platform/index.ts';

/**
 * How a transaction fails: its request never arrives (`lost`), its statements ran and the commit did not (`rolled_back`),
 * or it was committed and the answer was lost (`applied`).
 */
export type FailureMode = 'lost' | 'rolled_back' | 'applied';
export const FAILURE_MODES: readonly FailureMode[] = ['lost', 'rolled_back', 'applied'];

export interface FaultyDatabase extends Database {
  /** How many transactions were begun since the last `failNext` or `heal`. */
  readonly transactions: number;
  /** The transaction after `skip` others fails in this way, once; all others pass. */
  failNext(mode: FailureMode, skip?: number): void;
  /** Every transaction fails until `heal`. */
  failAll(mode: FailureMode): void;
  heal(): void;
}

/** The database with failures at its commit points: count a flow's transactions, then fail each one once in each mode. */
export function openFaultyDatabase(db: Database): FaultyDatabase {
  let transactions = 0;
  let plan: { readonly mode: FailureMode; readonly at: number | 'all' } | null = null;
  const unavailable = (): Fault => new Fault('unavailable', { message: 'The database cannot be reached right now.', cause: new Error('injected') });

  const through = async <T, X>(run: (work: (tx: X) => Promise<T>) => Promise<T>, work: (tx: X) => Promise<T>): Promise<T> => {
    const fails = plan && (plan.at === 'all' || plan.at === transactions) ? plan.mode : null;
    transactions++;
    if (fails === 'lost') throw unavailable();
    const result = await run(async (tx) => {
      const answer = await work(tx);
      if (fails === 'rolled_back') throw unavailable();
      return answer;
    });
    if (fails === 'applied') throw unavailable();
    return result;
  };
  const begin = (next: typeof plan): void => {
    transactions = 0;
    plan = next;
  };
  return {
    kind: db.kind,
    kysely: db.kysely,
    openChannel: db.openChannel,
    // One statement: what is rolled back was never seen, so it is as good as lost.
    async call<Row>(...call: Parameters<Database['call']>) {
      const fails = plan && (plan.at === 'all' || plan.at === transactions) ? plan.mode : null;
      transactions++;
      if (fails === 'lost' || fails === 'rolled_back') throw unavailable();
      const rows = await db.call<Row>(...call);
      if (fails === 'applied') throw unavailable();
      return rows;
    },
    asOrganization: (organizationId, work) => through((inner) => db.asOrganization(organizationId, inner), work),
    read: (organizationId, work) => through((inner) => db.read(organizationId, inner), work),
    asIdentity: (work) => through((inner) => db.asIdentity(inner), work),
    asOwner: (work) => through((inner) => db.asOwner(inner), work),
    get transactions() {
      return transactions;
    },
    failNext: (mode, skip = 0) => begin({ mode, at: skip }),
    failAll: (mode) => begin({ mode, at: 'all' }),
    heal: () => begin(null),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}
