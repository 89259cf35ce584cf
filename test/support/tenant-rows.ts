import { randomBytes } from 'node:crypto';
import { change } from '../../src/audit/index.ts';
import type { OrganizationId } from '../../src/kernel/index.ts';
import { newId, seal, Secret, type Tx, type Wells } from '../../src/platform/index.ts';
import { addOrganization, testActor } from './wells.ts';

/** The ids of the rows that `addTenantRows` made. */
export type TenantRows = Awaited<ReturnType<typeof insertRows>>;

/** An organization with a row in every table that has tenants, past every verb. */
export async function addTenantRows(wells: Pick<Wells, 'db' | 'keyring' | 'bell' | 'clock'>, name = 'Acme'): Promise<TenantRows> {
  const organizationId = await addOrganization(wells, name);
  return change(wells, testActor(organizationId), async (tx) => ({ result: await insertRows(wells, tx, organizationId), events: [{ kind: 'organization.created' }] }));
}

async function insertRows(wells: Pick<Wells, 'keyring'>, tx: Tx, organizationId: OrganizationId) {
  const of = { organization_id: organizationId };
  const ids = { user: newId('user'), group: newId('group'), application: newId('application'), serviceAccount: newId('serviceAccount'), integration: newId('integration'), connection: newId('connection'), policy: newId('policy'), attempt: newId('attempt') };
  const later = new Date(Date.now() + 600_000);
  const key = await wells.keyring.key(tx, organizationId);
  await tx.insertInto('sign_in_provider').values({ ...of, id: newId('signInProvider'), issuer: 'https://idp.test', client_id: 'kontext', client_secret: null }).execute();
  await tx.insertInto('users').values({ ...of, id: ids.user, email: 'alice@acme.test', name: 'Alice', role: 'MEMBER', status: 'ACTIVE', issuer: 'https://idp.test', subject: 'alice' }).execute();
  await tx.insertInto('groups').values({ ...of, id: ids.group, name: 'Engineering' }).execute();
  await tx.insertInto('group_member').values({ ...of, group_id: ids.group, user_id: ids.user }).execute();
  await tx.insertInto('application').values({ ...of, id: ids.application, name: 'PR-Bot', kind: 'CONFIDENTIAL', status: 'ACTIVE', owner_id: ids.user }).execute();
  await tx.insertInto('service_account').values({ ...of, id: ids.serviceAccount, name: 'Robot', scopes: ['management:all'], status: 'ACTIVE' }).execute();
  await tx.insertInto('client_secret').values({ ...of, id: newId('secret'), client_id: ids.application, digest: randomBytes(32), expires_at: null }).execute();
  await tx.insertInto('integration').values({ ...of, id: ids.integration, handle: 'github', name: 'GitHub', auth_mode: 'OAUTH', provider: 'github', issuer: null, authorization_endpoint: null, token_endpoint: null, revocation_endpoint: null, mcp_url: null, api_base_url: null, oauth_client_id: null, oauth_client_secret: null, server_token: null }).execute();
  await tx.insertInto('application_integration').values({ ...of, application_id: ids.application, integration_id: ids.integration }).execute();
  await tx.insertInto('capability').values({ ...of, id: newId('capability'), integration_id: ids.integration, operation: 'create_issue', description: null, input_schema: null, annotations: null, definition_hash: 'x', origin: 'DECLARED' }).execute();
  const credential = seal(key, { row: ids.connection, field: 'connection.credential' }, new Secret('{"access_token":"upstream"}'));
  await tx.insertInto('connection').values({ ...of, id: ids.connection, user_id: ids.user, integration_id: ids.integration, status: 'CONNECTED', reason: null, credential, expires_at: null, lease_until: null }).execute();
  await tx.insertInto('attempt').values({ ...of, id: ids.attempt, kind: 'CONNECT', user_id: ids.user, integration_id: ids.integration, state_digest: randomBytes(32), browser_digest: null, secrets: null, return_to: null, expires_at: later, consumed_at: null }).execute();
  await tx.insertInto('policy').values({ ...of, id: ids.policy, layer: 'ORGANIZATION', effect: 'ALLOW', subject_kind: 'EVERYONE', subject_id: null, integration_id: ids.integration, operation: null, application_id: null, condition: null, expires_at: null }).execute();
  await tx.insertInto('oidc_record').values({ ...of, model: 'Session', id_digest: randomBytes(32), account_id: ids.user, client_id: null, grant_digest: null, uid_digest: null, user_code_digest: null, payload: randomBytes(8), expires_at: later, consumed_at: null }).execute();
  await tx.insertInto('browser_session').values({ ...of, digest: randomBytes(32), user_id: ids.user, expires_at: later }).execute();
  return { organizationId, ...ids };
}
