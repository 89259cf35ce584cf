import { actorId, canonicalJson, formatAuditCursor, type Actor, type ApplicationId, type ConnectionId, type EventId, type IntegrationId, type Json, type OrganizationId, type UserId } from '../kernel/index.ts';
import type { AuditEventTable } from '../platform/index.ts';

interface EventRow {
  /** Whether it can change what somebody may do: then the organization's access revision rises with it. */
  readonly altersAccess: boolean;
  /** What happened, for people. */
  readonly text: string;
}

const changesAccess = (text: string): EventRow => ({ altersAccess: true, text });
const records = (text: string): EventRow => ({ altersAccess: false, text });

/** Every kind of event. A kind that alters access raises the revision by standing in this table, not by anyone remembering to. */
export const EVENTS = {
  'organization.created': records('An organization was created.'),
  'sign_in.configured': changesAccess('The identity provider for sign-in was configured.'),
  'sign_in.failed': records('A sign-in failed.'),
  'user.invited': records('A person was invited.'),
  'user.created': records('A user signed in for the first time.'),
  'user.signed_in': records('A user signed in.'),
  'user.status_changed': changesAccess('A user was activated or deactivated.'),
  'user.role_changed': changesAccess('A user\'s role changed.'),
  'user.groups_changed': changesAccess('A user\'s groups changed.'),
  'application.created': records('An application was created.'),
  'application.updated': changesAccess('An application was changed.'),
  'application.status_changed': changesAccess('An application was enabled or disabled.'),
  'application.secret_rotated': changesAccess('An application got a new secret.'),
  'application.integration_attached': changesAccess('An integration was attached to an application.'),
  'application.integration_detached': changesAccess('An integration was detached from an application.'),
  'service_account.created': records('A service account was created.'),
  'service_account.revoked': changesAccess('A service account was revoked.'),
  // Two integrations at one address make it ambiguous.
  'integration.created': changesAccess('An integration was created.'),
  'integration.updated': changesAccess('An integration was changed.'),
  'integration.deleted': changesAccess('An integration was deleted.'),
  'integration.server_token_set': changesAccess('The shared token of an integration was set.'),
  'integration.oauth_app_set': changesAccess('The OAuth app of an integration was set.'),
  'integration.capabilities_declared': changesAccess('Capabilities of an integration were declared.'),
  'connection.started': records('A user began to connect.'),
  'connection.failed': records('An attempt to connect failed.'),
  'connection.connected': records('A user connected.'),
  'connection.refreshed': records('A connection was refreshed at the provider.'),
  'connection.refresh_failed': records('A refresh failed and can be tried again.'),
  'connection.refresh_unknown': records('A refresh was sent and its answer lost.'),
  'connection.disconnected': changesAccess('A connection ended.'),
  'policy.created': changesAccess('A rule was created.'),
  'policy.updated': changesAccess('A rule was changed.'),
  'policy.deleted': changesAccess('A rule was deleted.'),
  'grant.created': changesAccess('A user consented to an application.'),
  'grant.declined': records('A user declined an application.'),
  'grant.revoked': changesAccess('A grant was revoked.'),
  'access.exchanged': records('An application asked for a credential.'),
} as const satisfies Record<string, EventRow>;

export type EventKind = keyof typeof EVENTS;
export const EVENT_OUTCOMES = ['SUCCESS', 'FAILURE', 'GRANTED', 'DENIED', 'NOT_CONNECTED'] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** What a writer says of an event; the rest (id, time, actor, request) is added when it is appended. Names are copied in,
 * so that the log stays readable after what they name is gone. */
export interface EventDraft {
  readonly kind: EventKind;
  /** `SUCCESS` unless said otherwise. */
  readonly outcome?: EventOutcome;
  readonly user?: { readonly id: UserId; readonly name: string } | undefined;
  readonly application?: { readonly id: ApplicationId; readonly name: string } | undefined;
  readonly integration?: { readonly id: IntegrationId; readonly handle: string } | undefined;
  readonly connection?: ConnectionId | undefined;
  /** `handle:operation`, several separated by a space. */
  readonly capability?: string | undefined;
  /** The decision as a value: outcome, layers, rules, what was missing. */
  readonly decision?: Json | undefined;
  readonly durationMs?: number | undefined;
  readonly details?: { readonly [name: string]: Json | undefined } | undefined;
}

/** An event as it stands in the log. */
export interface AuditEvent {
  readonly organizationId: OrganizationId;
  readonly sequence: number;
  /** Opaque position for the feed and for pages. */
  readonly cursor: string;
  readonly id: EventId;
  readonly at: Date;
  readonly kind: EventKind;
  readonly outcome: EventOutcome;
  readonly body: EventBody;
  readonly hash: Uint8Array;
}

/** The hashed part of an event, as JSON. */
export interface EventBody extends Omit<EventDraft, 'outcome'> {
  readonly v: 1;
  readonly id: EventId;
  readonly at: string;
  readonly organization: OrganizationId;
  readonly outcome: EventOutcome;
  readonly actor: { readonly kind: Actor['kind']; readonly id?: string; readonly name: string };
  readonly request: string;
  readonly address?: string;
}

/** The canonical text of an event: what is stored, hashed and verified. */
export function formatBody(actor: Actor, draft: EventDraft, id: EventId, at: Date): string {
  const acting = actorId(actor);
  const body: Json = {
    ...draft,
    v: 1,
    id,
    at: at.toISOString(),
    organization: actor.organizationId,
    outcome: draft.outcome ?? 'SUCCESS',
    actor: { kind: actor.kind, ...(acting && { id: acting }), name: actor.name },
    user: draft.user ?? (actor.kind === 'user' ? { id: actor.userId, name: actor.name } : undefined),
    request: actor.requestId,
    address: actor.address ?? undefined,
  };
  const text = canonicalJson(body);
  return UNSTORABLE.test(text) ? canonicalJson(storable(body)) : text;
}

/** How JSON spells what PostgreSQL's jsonb does not hold: NUL and lone surrogates. Callers' text may bring both, and must not spoil the batch. */
const UNSTORABLE = /\\u(0000|d[89a-f])/;

function storable(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD');
  if (Array.isArray(value)) return value.map(storable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[storable(key) as string, storable(member)]])));
}

/** The event in a row of the log. */
export function toAuditEvent(row: AuditEventTable): AuditEvent {
  return {
    organizationId: row.organization_id,
    sequence: row.sequence,
    cursor: formatAuditCursor(row.sequence),
    id: row.id,
    at: row.at,
    kind: row.kind as EventKind,
    outcome: row.outcome as EventOutcome,
    body: JSON.parse(row.body) as EventBody,
    hash: row.hash,
  };
}
