import { sql } from 'kysely';
import { change, type ChangeDeps } from '../audit/index.ts';
import { authMode } from '../integrations/index.ts';
import { Fault, type Actor, type ConnectionId } from '../kernel/index.ts';
import type { Wells } from '../platform/index.ts';
import { connectionColumns, ended, ownerOnly, type Connection } from './connection.ts';
import { openCredential } from './credential.ts';
import { revokeUpstream, type Upstream } from './revoke-upstream.ts';

type Deps = ChangeDeps & Pick<Wells, 'db' | 'keyring' | 'fetch' | 'environment' | 'log'>;

interface Revoked {
  readonly connection: Connection;
  /** What to end at the provider; null where the connection had ended before. */
  readonly upstream: Upstream | null;
}

/**
 * Ends a connection, for its user or who manages connections. Once it answers, the credential is gone from here and no
 * decision that was based on it can commit. Then the provider is asked to end the one token; whether it does changes
 * nothing here. One that has ended already is answered as it is.
 */
export async function revokeConnection(deps: Deps, actor: Actor, input: { readonly id: ConnectionId }): Promise<Connection> {
  const owner = ownerOnly(actor, 'write');
  const { connection, upstream } = await change<Revoked>(deps, actor, async (tx) => {
    let query = tx.selectFrom('connection').select([...connectionColumns, 'connection.credential']).where('connection.id', '=', input.id);
    if (owner) query = query.where('connection.user_id', '=', owner);
    const locked = await query.forUpdate().executeTakeFirst();
    if (!locked) throw new Fault('not_found', { field: 'id' });
    const { credential: sealed, ...before } = locked;
    if (!sealed) return { result: { connection: before, upstream: null }, unchanged: true };

    const credential = openCredential(await deps.keyring.key(tx, actor.organizationId), before.id, sealed);
    const user = await tx.selectFrom('users').select(['id', 'name']).where('id', '=', before.user_id).executeTakeFirstOrThrow();
    const integration = await tx.selectFrom('integration').selectAll().where('id', '=', before.integration_id).executeTakeFirstOrThrow();
    const after = await tx
      .updateTable('connection')
      .set({ ...ended('disconnected', deps.clock.now()), version: sql`version + 1`, lease_epoch: sql`lease_epoch + 1` })
      .where('id', '=', before.id)
      .returning(connectionColumns)
      .executeTakeFirstOrThrow();
    return {
      result: { connection: after, upstream: { integration, credential } },
      events: [{ kind: 'connection.disconnected', user, integration: { id: integration.id, handle: integration.handle }, connection: after.id, details: { reason: 'disconnected' } }],
    };
  });
  // If we crash here the token still lives at the provider and nobody has it any more; it is ended by its own expiry.
  if (upstream && authMode(upstream.integration.auth_mode).usesOAuth) await revokeUpstream(deps, upstream);
  return connection;
}
