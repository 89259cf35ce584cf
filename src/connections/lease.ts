import { sql, type Selectable } from 'kysely';
import { rehearse, toEntry } from '../audit/index.ts';
import type { ConnectionTable, IntegrationTable, Tx } from '../platform/index.ts';
import { openCredential, type Credential } from './credential.ts';
import { expiresSoon, hasExpired, refreshActor, type ConnectionFacts, type FreshCredentialDeps, type FreshCredentialInput } from './facts.ts';

/** The right to refresh one connection, held under an epoch. */
export interface Lease {
  readonly epoch: number;
  readonly row: ConnectionFacts;
  readonly credential: Credential & { readonly refreshToken: NonNullable<Credential['refreshToken']> };
  readonly integration: Selectable<IntegrationTable>;
  /** A holder before this one neither finished nor gave up: its request may have been sent. */
  readonly inherited: boolean;
  /** Until when the refresh token may be sent under this lease, in milliseconds of `performance.now()`. */
  readonly sendBefore: number;
}

/**
 * What happens under a lease, in milliseconds: the authorization server is found (two well-known places of 10 s each) and the
 * OAuth app read (10 s); the server answers (10 s); what became of it is written (pauses of 7.1 s between five tries). The
 * lease outlives them all, and what is not sent in time is not sent at all: then the next holder may do it.
 */
const PREPARE_MS = 30_000;
const ANSWER_MS = 10_000;
const WRITE_MS = 20_000;
const LEASE_MS = PREPARE_MS + ANSWER_MS + WRITE_MS;

export type Acquired =
  /** The row is what to answer: another caller refreshed it, it ended, or it cannot be refreshed and is still good. */
  | { readonly kind: 'settled'; readonly row: ConnectionFacts | null }
  /** Expired, and nothing to refresh it with. */
  | { readonly kind: 'over'; readonly row: ConnectionFacts }
  /** Another caller is refreshing it. */
  | { readonly kind: 'held'; readonly row: ConnectionFacts }
  /** The caller has had its turn, and the row is no better for it. */
  | { readonly kind: 'tried'; readonly row: ConnectionFacts }
  | { readonly kind: 'lease'; readonly lease: Lease };

/** What the caller knows already: the version it read, and whether it has refreshed since. */
export interface Known {
  readonly version: number;
  readonly refreshed: boolean;
}

/**
 * Looks at the connection again and takes the lease where a refresh is due and nobody holds it. Time is the database's,
 * which is one for all nodes. `unavailable` where the log cannot be written: what the provider would issue could then not
 * be kept. If we crash after this commit the lease runs out by itself, and whoever takes it then knows that the outcome of
 * this one is unknown.
 */
export async function acquireLease(deps: FreshCredentialDeps, input: FreshCredentialInput, facts: ConnectionFacts, known: Known): Promise<Acquired> {
  const claim: Claim = { current: null };
  try {
    return await deps.db.asOrganization(input.organizationId, (tx) => acquireInside(deps, tx, input, facts, known, claim));
  } catch (error) {
    const { current } = claim;
    // The commit may have happened and its answer be lost: nothing was sent under this lease, so whoever comes next is free.
    if (current) await deps.db.asOrganization(input.organizationId, (tx) => writeUnderLease(tx, current, {}, false)).catch(() => {});
    throw error;
  }
}

/** The lease that a transaction is about to take. */
interface Claim {
  current: Pick<Lease, 'epoch' | 'row'> | null;
}

async function acquireInside(deps: FreshCredentialDeps, tx: Tx, input: FreshCredentialInput, facts: ConnectionFacts, known: Known, claim: Claim): Promise<Acquired> {
  const row = await readRow(tx, facts);
  if (!row) return { kind: 'settled', row: null };
  const now = deps.clock.now();
  const refreshedByNow = row.version > known.version && (known.refreshed || !hasExpired(row.expires_at, now));
  if (!row.credential || refreshedByNow || !expiresSoon(row.expires_at, now)) return { kind: 'settled', row };

  const credential = openCredential(input.dataKey, row.id, row.credential);
  if (!credential.refreshToken) return { kind: hasExpired(row.expires_at, now) ? 'over' : 'settled', row };
  if (!row.free) return { kind: 'held', row };
  if (known.refreshed) return { kind: 'tried', row };
  await rehearse(tx, input.organizationId, toEntry(deps.clock, refreshActor(input), { kind: 'connection.refreshed' }));
  const epoch = row.lease_epoch + nextStep();
  const sendBefore = performance.now() + PREPARE_MS;
  // One that was inherited stays taken: its request may have been sent.
  claim.current = row.inherited ? null : { epoch, row };
  const taken = await tx
    .updateTable('connection')
    .set({ lease_epoch: epoch, lease_until: sql`clock_timestamp() + make_interval(secs => ${LEASE_MS / 1_000})` })
    .where('id', '=', row.id)
    .where('version', '=', row.version)
    .where('lease_epoch', '=', row.lease_epoch)
    .where(sql<boolean>`(lease_until IS NULL OR lease_until < clock_timestamp())`)
    .returning('id')
    .executeTakeFirst();
  if (!taken) return { kind: 'held', row };
  const integration = await tx.selectFrom('integration').selectAll().where('id', '=', input.integration.id).executeTakeFirstOrThrow();
  const { refreshToken } = credential;
  return { kind: 'lease', lease: { epoch, row, credential: { ...credential, refreshToken }, integration, inherited: row.inherited, sendBefore } };
}

/** By how much an epoch rises. Two claims that read the same one do not arrive at the same, so a claim knows its own. */
const nextStep = (): number => 1 + Math.floor(Math.random() * 2 ** 20);

function readRow(tx: Tx, facts: ConnectionFacts) {
  return tx
    .selectFrom('connection')
    .select(['id', 'version', 'status', 'reason', 'credential', 'expires_at', 'lease_epoch'])
    .select(sql<boolean>`(lease_until IS NULL OR lease_until < clock_timestamp())`.as('free'))
    .select(sql<boolean>`lease_until IS NOT NULL`.as('inherited'))
    .where('id', '=', facts.id)
    .executeTakeFirst();
}

type Values = Partial<Pick<ConnectionTable, 'status' | 'reason' | 'credential' | 'expires_at'>> & { readonly since?: Date; readonly scopes?: string[] };

/**
 * Writes under the lease and gives it back, in one statement. False where it was lost meanwhile, to a later holder, a
 * disconnect or a new connect: then nothing is written. `newVersion` where the credential changes.
 */
export async function writeUnderLease(tx: Tx, { epoch, row }: Pick<Lease, 'epoch' | 'row'>, values: Values, newVersion: boolean): Promise<boolean> {
  const written = await tx
    .updateTable('connection')
    .set({ ...values, lease_until: null, ...(newVersion && { version: sql<number>`version + 1` }) })
    .where('id', '=', row.id)
    .where('lease_epoch', '=', epoch)
    // Given back already: a write whose answer was lost and that is tried again.
    .where('lease_until', 'is not', null)
    .returning('id')
    .executeTakeFirst();
  return written !== undefined;
}
