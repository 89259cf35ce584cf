import { sql } from 'kysely';
import type { EventDraft } from '../audit/index.ts';
import { Fault, type IntegrationId, type OrganizationId, type UserId } from '../kernel/index.ts';
import { isSameOrigin, ORIGIN, type Origin } from '../integrations/index.ts';
import { newId, type Keyring, type Tx } from '../platform/index.ts';
import { connectionColumns, type Connection } from './connection.ts';
import { sealCredential, type Credential } from './credential.ts';

export interface NewCredential {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly integrationId: IntegrationId;
  readonly credential: Credential;
  readonly expiresAt: Date | null;
  /** Where it was asked for: the integration as it was then. */
  readonly origin: Origin;
  readonly at: Date;
}

/**
 * The user's connection with a new credential: the first one, or the same row with the next version. Raises the lease
 * epoch, so that a refresh of the credential before it writes nothing. `conflict` where the integration has meanwhile
 * become another service's, by auth mode or authorization server, `forbidden` where the user was deactivated.
 */
export async function storeCredential(tx: Tx, keyring: Keyring, input: NewCredential): Promise<{ connection: Connection; event: EventDraft }> {
  const { organizationId, userId, integrationId, credential } = input;
  // Two connects of one user take turns here: the row's id, to which the credential is bound, is then known before it is sealed.
  const user = await tx.selectFrom('users').select(['id', 'name', 'status']).where('id', '=', userId).forNoKeyUpdate().executeTakeFirst();
  const integration = await tx.selectFrom('integration').select(['id', 'handle', ...ORIGIN]).where('id', '=', integrationId).forShare().executeTakeFirst();
  if (!user || !integration) throw new Fault('not_found', { field: 'integrationId' });
  if (user.status !== 'ACTIVE') throw new Fault('forbidden', { message: 'This user is deactivated.' });
  if (!isSameOrigin(integration, input.origin)) {
    throw new Fault('conflict', { message: `The integration ${integration.handle} was changed while you connected to it.`, hint: 'Start again from the list of integrations.', field: 'integrationId' });
  }
  const standing = await tx.selectFrom('connection').select(['id', 'version']).where('user_id', '=', userId).where('integration_id', '=', integrationId).forUpdate().executeTakeFirst();
  const id = standing?.id ?? newId('connection');
  const columns = {
    status: 'CONNECTED' as const,
    reason: null,
    since: input.at,
    credential: sealCredential(await keyring.key(tx, organizationId), id, credential),
    expires_at: input.expiresAt,
    scopes: [...credential.scopes],
    lease_until: null,
  };
  const connection = standing
    ? await tx
        .updateTable('connection')
        .set({ ...columns, version: sql`version + 1`, lease_epoch: sql`lease_epoch + 1` })
        .where('id', '=', id)
        .returning(connectionColumns)
        .executeTakeFirstOrThrow()
    : await tx
        .insertInto('connection')
        .values({ id, organization_id: organizationId, user_id: userId, integration_id: integrationId, ...columns })
        .returning(connectionColumns)
        .executeTakeFirstOrThrow();
  const details = { version: connection.version, scopes: connection.scopes, expiresAt: connection.expires_at?.toISOString() };
  const event: EventDraft = { kind: 'connection.connected', user: { id: user.id, name: user.name }, integration: { id: integration.id, handle: integration.handle }, connection: id, details };
  return { connection, event };
}
