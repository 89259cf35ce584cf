import type { EventDraft } from '../audit/index.ts';
import type { IntegrationId } from '../kernel/index.ts';
import type { Tx } from '../platform/index.ts';
import { nameOf, type Integration } from './integration.ts';

/**
 * Ends every live connection of an integration inside the change that makes their credentials worthless, and answers one
 * event for each: a user's own page shows events about that user, and one event about all of them would not be there.
 * The lease epoch rises too, so that a refresh on its way writes nothing.
 */
export async function disconnectAll(tx: Tx, integration: Integration, cause: 'settings_changed' | 'integration_deleted'): Promise<EventDraft[]> {
  const ended = await tx
    .updateTable('connection')
    .from('users')
    .set((eb) => ({
      status: 'DISCONNECTED' as const,
      reason: 'disconnected' as const,
      since: eb.fn<Date>('now'),
      credential: null,
      expires_at: null,
      version: eb('connection.version', '+', 1),
      lease_epoch: eb('connection.lease_epoch', '+', 1),
      lease_until: null,
    }))
    .whereRef('users.id', '=', 'connection.user_id')
    .where('connection.integration_id', '=', integration.id)
    .where('connection.status', '=', 'CONNECTED')
    .returning(['connection.id', 'users.id as user_id', 'users.name as user_name'])
    .execute();
  return ended.map((row) => ({
    kind: 'connection.disconnected',
    user: { id: row.user_id, name: row.user_name },
    integration: nameOf(integration),
    connection: row.id,
    details: { reason: 'disconnected', cause },
  }));
}

/**
 * Ends every attempt to connect that is under way, inside the change that makes its answer another server's business: the
 * code that a user is about to bring back was asked for at the server of before, and is worth something there.
 */
export async function dropAttempts(tx: Tx, integrationId: IntegrationId): Promise<void> {
  await tx.deleteFrom('attempt').where('integration_id', '=', integrationId).where('kind', '=', 'CONNECT').where('consumed_at', 'is', null).execute();
}
