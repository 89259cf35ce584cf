import type { ColumnType, Generated } from 'kysely';
import type { ApplicationId, ConnectionId, EventId, Id, IntegrationId, OrganizationId, PolicyId, Role, UserId } from '../../kernel/index.ts';

/** Every table on one page. Times are `Date`, sealed and digested columns are bytes; see `migrations/` for the constraints. */
export interface Schema {
  organization: OrganizationTable;
  organization_head: OrganizationHeadTable;
  data_key: DataKeyTable;
  sign_in_provider: SignInProviderTable;
  users: UserTable;
  groups: GroupTable;
  group_member: GroupMemberTable;
  application: ApplicationTable;
  service_account: ServiceAccountTable;
  client_secret: ClientSecretTable;
  integration: IntegrationTable;
  application_integration: ApplicationIntegrationTable;
  capability: CapabilityTable;
  connection: ConnectionTable;
  attempt: AttemptTable;
  policy: PolicyTable;
  audit_event: AuditEventTable;
  oidc_record: OidcRecordTable;
  signing_key: SigningKeyTable;
  browser_session: BrowserSessionTable;
}

export interface OrganizationTable {
  id: OrganizationId;
  name: string;
  bootstrapped: Generated<boolean>;
  created_at: Generated<Date>;
}

export interface OrganizationHeadTable {
  organization_id: OrganizationId;
  sequence: Generated<number>;
  hash: Uint8Array;
  access_revision: Generated<number>;
}

export interface DataKeyTable {
  organization_id: OrganizationId | 'platform';
  wrapped: Uint8Array;
  master_key_id: string;
  created_at: Generated<Date>;
}

export interface SignInProviderTable {
  id: Id<'signInProvider'>;
  organization_id: OrganizationId;
  issuer: string;
  client_id: string;
  client_secret: Uint8Array | null;
  groups_claim: Generated<string>;
  updated_at: Generated<Date>;
}

export interface UserTable {
  id: UserId;
  organization_id: OrganizationId;
  email: string;
  name: string;
  role: Role;
  status: 'ACTIVE' | 'DEACTIVATED';
  issuer: string | null;
  subject: string | null;
  created_at: Generated<Date>;
}

export interface GroupTable {
  id: Id<'group'>;
  organization_id: OrganizationId;
  name: string;
  created_at: Generated<Date>;
}

export interface GroupMemberTable {
  organization_id: OrganizationId;
  group_id: Id<'group'>;
  user_id: UserId;
}

export interface ApplicationTable {
  id: ApplicationId;
  organization_id: OrganizationId;
  name: string;
  kind: 'PUBLIC' | 'CONFIDENTIAL';
  status: 'ACTIVE' | 'DISABLED';
  owner_id: UserId | null;
  redirect_uris: Generated<string[]>;
  created_at: Generated<Date>;
}

export interface ServiceAccountTable {
  id: Id<'serviceAccount'>;
  organization_id: OrganizationId;
  name: string;
  scopes: string[];
  status: 'ACTIVE' | 'REVOKED';
  created_at: Generated<Date>;
}

export interface ClientSecretTable {
  id: Id<'secret'>;
  organization_id: OrganizationId;
  client_id: ApplicationId | Id<'serviceAccount'>;
  digest: Uint8Array;
  created_at: Generated<Date>;
  expires_at: Date | null;
}

export type AuthMode = 'OAUTH' | 'USER_TOKEN' | 'SERVER_TOKEN' | 'NONE';
export type ExchangeMode = 'DECLARED' | 'STRICT';

export interface IntegrationTable {
  id: IntegrationId;
  organization_id: OrganizationId;
  handle: string;
  name: string;
  auth_mode: AuthMode;
  exchange_mode: Generated<ExchangeMode>;
  provider: string | null;
  issuer: string | null;
  authorization_endpoint: string | null;
  token_endpoint: string | null;
  revocation_endpoint: string | null;
  scopes: Generated<string[]>;
  mcp_url: string | null;
  api_base_url: string | null;
  oauth_client_id: string | null;
  oauth_client_secret: Uint8Array | null;
  server_token: Uint8Array | null;
  created_at: Generated<Date>;
}

export interface ApplicationIntegrationTable {
  organization_id: OrganizationId;
  application_id: ApplicationId;
  integration_id: IntegrationId;
  created_at: Generated<Date>;
}

export interface CapabilityTable {
  id: Id<'capability'>;
  organization_id: OrganizationId;
  integration_id: IntegrationId;
  operation: string;
  description: string | null;
  input_schema: JsonColumn | null;
  annotations: JsonColumn | null;
  definition_hash: string;
  origin: 'DECLARED' | 'DISCOVERED';
  created_at: Generated<Date>;
}

export type DisconnectReason = 'disconnected' | 'expired' | 'reauthorization_required';

export interface ConnectionTable {
  id: ConnectionId;
  organization_id: OrganizationId;
  user_id: UserId;
  integration_id: IntegrationId;
  status: 'CONNECTED' | 'DISCONNECTED';
  reason: DisconnectReason | null;
  since: Generated<Date>;
  version: Generated<number>;
  credential: Uint8Array | null;
  expires_at: Date | null;
  scopes: Generated<string[]>;
  lease_epoch: Generated<number>;
  lease_until: Date | null;
  created_at: Generated<Date>;
}

export interface AttemptTable {
  id: Id<'attempt'>;
  organization_id: OrganizationId;
  kind: 'SIGN_IN' | 'CONNECT';
  user_id: UserId | null;
  integration_id: IntegrationId | null;
  state_digest: Uint8Array | null;
  browser_digest: Uint8Array | null;
  secrets: Uint8Array | null;
  return_to: string | null;
  created_at: Generated<Date>;
  expires_at: Date;
  consumed_at: Date | null;
}

export type PolicyLayer = 'ORGANIZATION' | 'USER' | 'APPLICATION';
export type PolicyEffect = 'ALLOW' | 'DENY';
export type PolicySubjectKind = 'EVERYONE' | 'GROUP' | 'USER' | 'ROLE' | 'APPLICATION';

export interface PolicyTable {
  id: PolicyId;
  organization_id: OrganizationId;
  layer: PolicyLayer;
  effect: PolicyEffect;
  subject_kind: PolicySubjectKind;
  subject_id: string | null;
  integration_id: IntegrationId | null;
  operation: string | null;
  application_id: ApplicationId | null;
  condition: string | null;
  expires_at: Date | null;
  state: Generated<'LIVE' | 'DRAFT'>;
  origin: Generated<'MANUAL' | 'ATTACHMENT' | 'CONSENT'>;
  created_at: Generated<Date>;
}

export interface AuditEventTable {
  organization_id: OrganizationId;
  sequence: number;
  id: EventId;
  at: Date;
  kind: string;
  outcome: string;
  actor_id: string | null;
  user_id: string | null;
  application_id: string | null;
  integration_id: string | null;
  capability: string | null;
  body: string;
  hash: Uint8Array;
}

export interface OidcRecordTable {
  model: string;
  id_digest: Uint8Array;
  organization_id: OrganizationId | null;
  account_id: string | null;
  client_id: string | null;
  grant_digest: Uint8Array | null;
  uid_digest: Uint8Array | null;
  user_code_digest: Uint8Array | null;
  payload: Uint8Array;
  expires_at: Date | null;
  consumed_at: Date | null;
}

export interface SigningKeyTable {
  kid: string;
  algorithm: string;
  public_jwk: JsonColumn;
  private_jwk: Uint8Array;
  created_at: Generated<Date>;
}

export interface BrowserSessionTable {
  digest: Uint8Array;
  organization_id: OrganizationId;
  user_id: UserId;
  created_at: Generated<Date>;
  expires_at: Date;
}

/** `jsonb`: read as a value, written as JSON text. */
type JsonColumn = ColumnType<unknown, string, string>;
