import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { change, type EventDraft, type EventKind } from '../audit/index.ts';
import { refreshTokens, resolveEndpoints, resolveOAuthApp, type Endpoints, type TokenOutcome } from '../integrations/index.ts';
import { Fault, toFault, type ConnectionId, type Json } from '../kernel/index.ts';
import type { Database } from '../platform/index.ts';
import { ended } from './connection.ts';
import { sealCredential, type Credential } from './credential.ts';
import { hasExpired, openConnection, refreshActor, type ConnectionFacts, type FreshCredential, type FreshCredentialDeps, type FreshCredentialInput } from './facts.ts';
import { acquireLease, writeUnderLease, type Lease } from './lease.ts';
import { revokeUpstream } from './revoke-upstream.ts';

/** How long a caller waits for another's refresh; the provider has as long to answer. */
const WAIT_MS = 10_000;
/** How long a connection is left alone in this process after a refresh that failed. */
const COOL_MS = 5_000;

/** What this process knows of refreshes, per database. */
interface Flights {
  readonly running: Map<ConnectionId, Promise<FreshCredential>>;
  /** Until when not to try again, in milliseconds of the clock. */
  readonly cooling: Map<ConnectionId, number>;
}
const flights = new WeakMap<Database, Flights>();

/**
 * The credential of a connection that is about to expire, refreshed. Callers in one process share one attempt; processes
 * take turns by a lease on the row, and who comes second gets what the first one wrote. The attempt belongs to no caller:
 * one who goes away cancels nothing.
 */
export function refresh(deps: FreshCredentialDeps, input: FreshCredentialInput, facts: ConnectionFacts): FreshCredential | Promise<FreshCredential> {
  const known = flights.get(deps.db) ?? { running: new Map(), cooling: new Map() };
  flights.set(deps.db, known);
  const { running, cooling } = known;
  const underway = running.get(facts.id);
  if (underway) return underway;

  const now = deps.clock.now().getTime();
  for (const [id, until] of cooling) if (until <= now) cooling.delete(id);
  if (cooling.has(facts.id)) return whileItLasts(deps, input, facts);
  const flight = settle(deps, input, facts, () => cooling.set(facts.id, deps.clock.now().getTime() + COOL_MS)).finally(() => running.delete(facts.id));
  running.set(facts.id, flight);
  return flight;
}

/** The token at hand as long as it is good; else `unavailable`. */
function whileItLasts(deps: FreshCredentialDeps, input: FreshCredentialInput, row: ConnectionFacts): FreshCredential {
  if (!hasExpired(row.expires_at, deps.clock.now())) return openConnection(input.dataKey, row);
  throw new Fault('unavailable', { message: `The credential for ${input.integration.handle} has expired and its provider cannot renew it right now.`, retryAfter: COOL_MS / 1000 });
}

async function settle(deps: FreshCredentialDeps, input: FreshCredentialInput, facts: ConnectionFacts, cool: () => void): Promise<FreshCredential> {
  const giveUpAt = performance.now() + WAIT_MS;
  let refreshed = false;
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const acquired = await acquireLease(deps, input, facts, { version: facts.version, refreshed });
    if (acquired.kind === 'settled') return acquired.row ? openConnection(input.dataKey, acquired.row) : { kind: 'not_connected', reason: 'never_connected' };
    if (acquired.kind === 'over') {
      await expire(deps, input, acquired.row);
      continue;
    }
    if (acquired.kind === 'held') {
      if (performance.now() >= giveUpAt) return whileItLasts(deps, input, acquired.row);
      await sleep(pause * (0.5 + Math.random()));
      continue;
    }
    if (acquired.kind === 'tried') return whileItLasts(deps, input, acquired.row);
    refreshed = true;
    const changed = await refreshUnder(deps, input, acquired.lease);
    if (changed) continue;
    cool();
    return whileItLasts(deps, input, acquired.lease.row);
  }
}

/**
 * One refresh, from the question to what became of it. Answers whether the row is now another, to be read again.
 * If we crash before the provider is asked, or between its answer and the commit of what follows, the lease runs out, its
 * next holder finds it not given back, and records an unknown outcome.
 */
async function refreshUnder(deps: FreshCredentialDeps, input: FreshCredentialInput, lease: Lease): Promise<boolean> {
  const { outcome, endpoints } = await ask(deps, lease);
  deps.metrics.refreshes.inc({ outcome: outcome.kind });
  switch (outcome.kind) {
    case 'issued': {
      // Some servers rotate the refresh token and some keep it; what did not come stays.
      const credential = { ...outcome.tokens, refreshToken: outcome.tokens.refreshToken ?? lease.credential.refreshToken, scopes: outcome.tokens.scopes ?? lease.credential.scopes };
      const values = { credential: sealCredential(input.dataKey, lease.row.id, credential), expires_at: credential.expiresAt, scopes: [...credential.scopes] };
      const kept = await record(deps, input, lease, values, 'connection.refreshed', { expiresAt: credential.expiresAt?.toISOString() });
      if (!kept) await discard(deps, lease, credential);
      return true;
    }
    case 'refused':
      await record(deps, input, lease, ended('reauthorization_required', deps.clock.now()), 'connection.disconnected', { reason: 'reauthorization_required' });
      return true;
    case 'unknown': {
      // The refresh token may be used up. Where sending it twice could cost the user every token, it counts as used up: the
      // access token serves out its time, and then the user connects again.
      const spent = endpoints?.dialect.refreshReplay !== 'safe';
      const values = spent ? { credential: sealCredential(input.dataKey, lease.row.id, { ...lease.credential, refreshToken: null }) } : {};
      await record(deps, input, lease, values, 'connection.refresh_unknown', { error: outcome.error, refreshTokenSpent: spent });
      return spent;
    }
    default:
      await record(deps, input, lease, {}, 'connection.refresh_failed', { error: outcome.error });
      return false;
  }
}

async function ask(deps: FreshCredentialDeps, lease: Lease): Promise<{ outcome: TokenOutcome; endpoints: Endpoints | null }> {
  try {
    const endpoints = await resolveEndpoints(deps, lease.integration);
    if (lease.inherited && endpoints.dialect.refreshReplay === 'unsafe') return { outcome: { kind: 'unknown', error: 'holder_lost' }, endpoints };
    const app = await deps.db.read(lease.integration.organization_id, (tx) => resolveOAuthApp(tx, deps.keyring, deps.environment, lease.integration));
    if (performance.now() > lease.sendBefore) return { outcome: { kind: 'failed', error: 'too_late' }, endpoints };
    return { outcome: await refreshTokens(deps, endpoints, app, lease.credential.refreshToken), endpoints };
  } catch (error) {
    // No OAuth app, no discovery, no database: this holder has sent nothing, whatever went wrong, and gives the lease back.
    const { code } = toFault(error);
    if (code === 'internal') deps.log.error({ err: error, connectionId: lease.row.id }, 'a refresh could not be sent');
    return { outcome: { kind: lease.inherited ? 'unknown' : 'failed', error: code }, endpoints: null };
  }
}

/**
 * Ends what the provider issued where the connection was over before it arrived: whoever ended the connection asked the
 * provider to end the tokens of before. Where it lives, another consent took its place, and with one token some servers end
 * all that a user granted.
 */
async function discard(deps: FreshCredentialDeps, { row, integration }: Lease, credential: Credential): Promise<void> {
  const live = await deps.db.read(integration.organization_id, (tx) => tx.selectFrom('connection').select('id').where('id', '=', row.id).where('status', '=', 'CONNECTED').executeTakeFirst());
  if (!live) await revokeUpstream(deps, { integration, credential });
}

const RETRIES_MS = [100, 400, 1_600, 5_000];

/** Writes what became of a refresh, with its event; false where the lease was lost and nothing was written. What the provider issued exists nowhere else, so a database or a log that is away for a moment is waited for. */
async function record(deps: FreshCredentialDeps, input: FreshCredentialInput, lease: Lease, values: Parameters<typeof writeUnderLease>[2], kind: EventKind, details: { [name: string]: Json | undefined }): Promise<boolean> {
  const newVersion = 'credential' in values;
  for (let attempt = 0; ; attempt++) {
    try {
      return await change(deps, refreshActor(input), async (tx) => {
        if (!(await writeUnderLease(tx, lease, values, newVersion))) return { result: false, unchanged: true };
        return { result: true, events: [eventOf(input, lease.row.id, kind, details)] };
      });
    } catch (error) {
      const pause = RETRIES_MS[attempt];
      if (pause === undefined) throw error;
      await sleep(pause);
    }
  }
}

/** Ends a connection whose token expired and cannot be renewed. If somebody changed it meanwhile, theirs stands. */
function expire(deps: FreshCredentialDeps, input: FreshCredentialInput, row: ConnectionFacts): Promise<void> {
  return change(deps, refreshActor(input), async (tx) => {
    const done = await tx
      .updateTable('connection')
      .set({ ...ended('expired', deps.clock.now()), version: sql<number>`version + 1`, lease_epoch: sql<number>`lease_epoch + 1` })
      .where('id', '=', row.id)
      .where('version', '=', row.version)
      .returning('id')
      .executeTakeFirst();
    if (!done) return { result: undefined, unchanged: true };
    return { result: undefined, events: [eventOf(input, row.id, 'connection.disconnected', { reason: 'expired' })] };
  });
}

const FAILURES: ReadonlySet<EventKind> = new Set<EventKind>(['connection.refresh_failed', 'connection.refresh_unknown']);

const eventOf = ({ user, integration }: FreshCredentialInput, connection: ConnectionId, kind: EventKind, details: { [name: string]: Json | undefined }): EventDraft => ({
  kind,
  ...(FAILURES.has(kind) && { outcome: 'FAILURE' as const }),
  user: user ?? undefined,
  integration: { id: integration.id, handle: integration.handle },
  connection,
  details,
});
