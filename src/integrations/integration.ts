import { sql, type Selectable } from 'kysely';
import { Fault, mayManage, requireManagement, type Actor, type IntegrationId } from '../kernel/index.ts';
import type { IntegrationTable, Tx } from '../platform/index.ts';

/** An integration as anyone may see it: what is sealed shows only whether it is set. */
export type Integration = Omit<Selectable<IntegrationTable>, 'server_token' | 'oauth_client_secret'> & {
  readonly has_server_token: boolean;
  readonly has_oauth_client_secret: boolean;
};

export const integrationColumns = [
  'integration.id',
  'integration.organization_id',
  'integration.handle',
  'integration.name',
  'integration.auth_mode',
  'integration.exchange_mode',
  'integration.provider',
  'integration.issuer',
  'integration.authorization_endpoint',
  'integration.token_endpoint',
  'integration.revocation_endpoint',
  'integration.scopes',
  'integration.mcp_url',
  'integration.api_base_url',
  'integration.oauth_client_id',
  'integration.created_at',
  sql<boolean>`integration.server_token IS NOT NULL`.as('has_server_token'),
  sql<boolean>`integration.oauth_client_secret IS NOT NULL`.as('has_oauth_client_secret'),
] as const;

/** The integration, locked until the transaction ends; `not_found` where the organization has none with this id. */
export async function lockIntegration(tx: Tx, id: IntegrationId): Promise<Integration> {
  const row = await tx.selectFrom('integration').select(integrationColumns).where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row) throw new Fault('not_found', { field: 'id' });
  return row;
}

/** What an audit event says of an integration. */
export const nameOf = ({ id, handle }: Pick<Integration, 'id' | 'handle'>): { readonly id: IntegrationId; readonly handle: string } => ({ id, handle });

/** Every user may see the organization's integrations, to connect and to grant; service accounts need the scope. */
export function requireReader(actor: Actor): void {
  if (actor.kind !== 'user' && !mayManage(actor, 'integrations', 'read')) requireManagement(actor, 'integrations', 'read');
}
