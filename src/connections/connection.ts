import type { Selectable } from 'kysely';
import { mayManage, requireManagement, type Actor, type UserId } from '../kernel/index.ts';
import type { ConnectionTable, DisconnectReason, Tx } from '../platform/index.ts';

/** A user's link to an integration, without its credential and the bookkeeping of refreshes. */
export type Connection = Omit<Selectable<ConnectionTable>, 'credential' | 'lease_epoch' | 'lease_until'>;

export const connectionColumns = [
  'connection.id',
  'connection.organization_id',
  'connection.user_id',
  'connection.integration_id',
  'connection.status',
  'connection.reason',
  'connection.since',
  'connection.version',
  'connection.expires_at',
  'connection.scopes',
  'connection.created_at',
] as const;

/** Sets on a connection that ends: no credential, a version nobody decided on yet, and no lease that may still write. */
export const ended = (reason: DisconnectReason, at: Date) => ({ status: 'DISCONNECTED' as const, reason, since: at, credential: null, expires_at: null, lease_until: null });

/** The connections the actor may see: all for who manages them, a user's own for that user. */
export function visibleConnections(tx: Tx, actor: Actor) {
  const all = tx.selectFrom('connection').select(connectionColumns).where('connection.organization_id', '=', actor.organizationId);
  const owner = ownerOnly(actor, 'read');
  return owner ? all.where('connection.user_id', '=', owner) : all;
}

/** The user whose connections alone the actor may touch, or null for all; `forbidden` for who may touch none. */
export function ownerOnly(actor: Actor, access: 'read' | 'write'): UserId | null {
  if (mayManage(actor, 'connections', access)) return null;
  if (actor.kind !== 'user') requireManagement(actor, 'connections', access);
  return actor.kind === 'user' ? actor.userId : null;
}

const NEXT_ACTION: Record<DisconnectReason, string> = {
  disconnected: 'Connect again when an application needs it.',
  expired: 'Connect again: the credential expired and cannot be renewed.',
  reauthorization_required: 'Connect again: the provider no longer accepts the stored authorization.',
};

/** What the user can do about the connection, null where nothing needs doing. */
export function nextAction(connection: Pick<Connection, 'reason'>): string | null {
  return connection.reason === null ? null : NEXT_ACTION[connection.reason];
}
