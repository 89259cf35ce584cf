import type { LogEvent } from 'kysely';

/** What a statement answers instead of its result. It was applied, so that at COMMIT it is the answer alone that is lost; before it, everything is rolled back. */
export const STATEMENT_FAILURES = {
  /** The statement fails; nothing is wrong with the database. */
  failed: (): Error => Object.assign(new Error('permission denied for table of-the-fault'), { code: '42501' }),
  /** The connection ends. */
  lost: (): Error => new Error('Connection terminated unexpectedly'),
} as const;
export type StatementFailure = keyof typeof STATEMENT_FAILURES;

export interface StatementFaults {
  /** For the server's `onStatement`. */
  readonly onStatement: (event: LogEvent) => void;
  /** The statement after `skip` others fails in this way, once. */
  arm(failure: StatementFailure, skip: number): void;
  /** No statement fails any more. Answers the one that did; null where it did not come to that. */
  disarm(): string | null;
}

/** A transaction that did not begin leaves its connection begun, which only a connection that is really lost would end. */
const UNCOUNTED = /^(begin|start transaction|rollback)\b/i;

/** Count a flow's statements, then fail each one once in each way, then look at the world. PGlite begins and commits past its statements. */
export function openStatementFaults(): StatementFaults {
  let armed: { readonly failure: StatementFailure; left: number } | null = null;
  let failed: string | null = null;
  return {
    onStatement({ level, query }) {
      if (!armed || failed !== null || level !== 'query' || UNCOUNTED.test(query.sql) || armed.left-- > 0) return;
      failed = query.sql;
      throw STATEMENT_FAILURES[armed.failure]();
    },
    arm(failure, skip) {
      armed = { failure, left: skip };
      failed = null;
    },
    disarm() {
      armed = null;
      return failed;
    },
  };
}
