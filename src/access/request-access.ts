import { Fault, type ApplicationActor, type CapabilityName, type ConnectionId, type EventId, type Json } from '../kernel/index.ts';
import type { Appender, EventDraft, EventOutcome } from '../audit/index.ts';
import type { Secret, Wells } from '../platform/index.ts';
import { freshCredential, type FreshCredential } from '../connections/index.ts';
import type { Decision } from '../policy/index.ts';
import { assess, type Obstacle } from './assess.ts';
import type { Facts, FactsKey, FactsSource } from './facts.ts';

/** May this application use this capability of this integration, as this user, now? */
export interface AccessRequest extends FactsKey {
  readonly door: 'exchange' | 'gateway';
  /** Null asks for the whole integration. */
  readonly capabilities: readonly CapabilityName[] | null;
  /** The access revision at which the caller was authenticated; an older one is `caller_stale`. */
  readonly callerRevision: number;
  readonly requestId: string;
  readonly address: string | null;
}

export type NotConnectedReason = Extract<FreshCredential, { kind: 'not_connected' }>['reason'];

/** What became of a request. Each kind but `caller_stale` has its committed row in the log, whose id is `auditId`. */
export type AccessOutcome =
  | { readonly kind: 'granted'; readonly auditId: EventId; readonly decision: Decision; readonly integration: string; readonly credential: GrantedCredential }
  /** Allowed, and the integration needs no credential. */
  | { readonly kind: 'nothing'; readonly auditId: EventId; readonly decision: Decision; readonly integration: string }
  | { readonly kind: 'denied'; readonly auditId: EventId; readonly decision: Decision; readonly integration: string }
  | { readonly kind: 'not_connected'; readonly auditId: EventId; readonly reason: NotConnectedReason; readonly integration: string }
  | { readonly kind: 'obstacle'; readonly auditId: EventId; readonly obstacle: Obstacle }
  /** The organization changed since the caller was authenticated: authenticate again, then ask again. */
  | { readonly kind: 'caller_stale' };

export interface GrantedCredential {
  readonly accessToken: Secret;
  readonly tokenType: string;
  readonly expiresAt: Date | null;
  readonly scopes: readonly string[];
  readonly connectionId: ConnectionId | null;
}

export interface AccessDeps extends Pick<Wells, 'db' | 'bell' | 'clock' | 'log' | 'metrics' | 'keyring' | 'fetch' | 'urls' | 'environment'> {
  readonly facts: FactsSource;
  readonly appender: Pick<Appender, 'append'>;
}

/** How often a request is decided again because what it was decided on moved meanwhile. */
const MAX_DECISIONS = 8;

/**
 * The sentence the product exists for: facts, decision, fresh credential, audit row durable, only then the answer.
 * The row is refused where the organization's access revision or the connection's version has moved since the facts were
 * read; then everything is decided again. So an acknowledged revocation is never outrun, whatever was remembered.
 * Throws `unavailable` where the log cannot be written: nothing leaves then.
 * If we crash before the commit, there is no row and nothing left; after it, the row says granted and nothing left either:
 * the log may say too much, never too little.
 */
export async function requestAccess(deps: AccessDeps, request: AccessRequest): Promise<AccessOutcome> {
  const startedAt = performance.now();
  for (let round = 0; round < MAX_DECISIONS; round++) {
    const facts = await deps.facts.get(request);
    if (facts.revision > request.callerRevision) return { kind: 'caller_stale' };
    if (facts.revision < request.callerRevision) {
      deps.facts.forget(request);
      continue;
    }
    const settled = await settle(deps, request, facts);
    const connection = settled.credential?.connection ?? undefined;
    const draft = toDraft(request, facts, settled, performance.now() - startedAt);
    const appended = await deps.appender.append(toActor(request, facts), draft, { revision: facts.revision, connection });
    if (appended.stale || connection?.version !== facts.connection?.version) deps.facts.forget(request);
    if (appended.stale) continue;
    deps.metrics.decisions.inc({ door: request.door, outcome: settled.outcome.kind });
    return { ...settled.outcome, auditId: appended.id } as AccessOutcome;
  }
  throw new Fault('unavailable', { message: 'The organization is changing faster than this request could be decided.' });
}

type WithoutId<T> = T extends { auditId: EventId } ? Omit<T, 'auditId'> : never;
interface Settled {
  readonly outcome: WithoutId<AccessOutcome>;
  readonly logged: EventOutcome;
  readonly decision?: Decision;
  /** What is about to leave, for the fence. */
  readonly credential?: Extract<FreshCredential, { kind: 'credential' }>;
}

/** Decides on the facts and opens the credential; nothing has left yet. */
async function settle(deps: AccessDeps, request: AccessRequest, facts: Facts): Promise<Settled> {
  const assessment = assess(facts, { withUser: request.userId !== null, capabilities: request.capabilities, rawCredential: request.door === 'exchange', now: deps.clock.now() });
  if (assessment.kind === 'obstacle') return { outcome: assessment, logged: 'DENIED' };
  const { decision } = assessment;
  const { integration } = decision;
  if (decision.outcome === 'DENY') return { outcome: { kind: 'denied', decision, integration }, logged: 'DENIED', decision };
  if (!facts.integration) throw new Error('a decision was reached without an integration');
  const fresh = await freshCredential(deps, {
    organizationId: request.organizationId,
    integration: facts.integration,
    connection: facts.connection,
    dataKey: facts.dataKey,
    user: facts.user,
    request: { requestId: request.requestId, address: request.address },
  });
  switch (fresh.kind) {
    case 'not_connected':
      return { outcome: { kind: 'not_connected', reason: fresh.reason, integration }, logged: 'NOT_CONNECTED', decision };
    case 'nothing':
      return { outcome: { kind: 'nothing', decision, integration }, logged: 'GRANTED', decision };
    case 'credential': {
      const { accessToken, tokenType, expiresAt, scopes } = fresh;
      const credential = { accessToken, tokenType, expiresAt, scopes, connectionId: fresh.connection?.id ?? null };
      return { outcome: { kind: 'granted', decision, integration, credential }, logged: 'GRANTED', decision, credential: fresh };
    }
  }
}

function toActor(request: AccessRequest, { application }: Facts): ApplicationActor {
  const { organizationId, requestId, address, applicationId } = request;
  return { kind: 'application', organizationId, requestId, address, applicationId, name: application?.name ?? applicationId };
}

function toDraft(request: AccessRequest, facts: Facts, { outcome, logged, decision, credential }: Settled, durationMs: number): EventDraft {
  return {
    kind: 'access.exchanged',
    outcome: logged,
    ...facts.named,
    connection: credential?.connection?.id,
    capability: request.capabilities?.map(({ handle, operation }) => `${handle}:${operation}`).join(' '),
    decision: decision as Json | undefined,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    details: {
      door: request.door,
      ...(facts.integration ? {} : { target: request.target }),
      ...(outcome.kind === 'obstacle' && { reason: outcome.obstacle }),
      ...(outcome.kind === 'not_connected' && { reason: outcome.reason }),
    },
  };
}

