/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type ActorKind =
  | 'APPLICATION'
  | 'SERVICE_ACCOUNT'
  /** The server itself. */
  | 'SYSTEM'
  | 'USER';

/** Whether it can keep a secret. */
export type ApplicationKind =
  | 'CONFIDENTIAL'
  | 'PUBLIC';

/** The kill switch. */
export type ApplicationStatus =
  | 'ACTIVE'
  | 'DISABLED';

export type AttachIntegrationInput = {
  applicationId: string;
  clientMutationId?: string | null | undefined;
  integrationId: string;
};

/** What happened. */
export type AuditEventKind =
  /** An application asked for a credential. */
  | 'ACCESS_EXCHANGED'
  /** An application was created. */
  | 'APPLICATION_CREATED'
  /** An integration was attached to an application. */
  | 'APPLICATION_INTEGRATION_ATTACHED'
  /** An integration was detached from an application. */
  | 'APPLICATION_INTEGRATION_DETACHED'
  /** An application got a new secret. */
  | 'APPLICATION_SECRET_ROTATED'
  /** An application was enabled or disabled. */
  | 'APPLICATION_STATUS_CHANGED'
  /** An application was changed. */
  | 'APPLICATION_UPDATED'
  /** A user connected. */
  | 'CONNECTION_CONNECTED'
  /** A connection ended. */
  | 'CONNECTION_DISCONNECTED'
  /** An attempt to connect failed. */
  | 'CONNECTION_FAILED'
  /** A connection was refreshed at the provider. */
  | 'CONNECTION_REFRESHED'
  /** A refresh failed and can be tried again. */
  | 'CONNECTION_REFRESH_FAILED'
  /** A refresh was sent and its answer lost. */
  | 'CONNECTION_REFRESH_UNKNOWN'
  /** A user began to connect. */
  | 'CONNECTION_STARTED'
  /** A user consented to an application. */
  | 'GRANT_CREATED'
  /** A user declined an application. */
  | 'GRANT_DECLINED'
  /** A grant was revoked. */
  | 'GRANT_REVOKED'
  /** Capabilities of an integration were declared. */
  | 'INTEGRATION_CAPABILITIES_DECLARED'
  /** An integration was created. */
  | 'INTEGRATION_CREATED'
  /** An integration was deleted. */
  | 'INTEGRATION_DELETED'
  /** The OAuth app of an integration was set. */
  | 'INTEGRATION_OAUTH_APP_SET'
  /** The shared token of an integration was set. */
  | 'INTEGRATION_SERVER_TOKEN_SET'
  /** An integration was changed. */
  | 'INTEGRATION_UPDATED'
  /** An organization was created. */
  | 'ORGANIZATION_CREATED'
  /** A rule was created. */
  | 'POLICY_CREATED'
  /** A rule was deleted. */
  | 'POLICY_DELETED'
  /** A rule was changed. */
  | 'POLICY_UPDATED'
  /** A service account was created. */
  | 'SERVICE_ACCOUNT_CREATED'
  /** A service account was revoked. */
  | 'SERVICE_ACCOUNT_REVOKED'
  /** The identity provider for sign-in was configured. */
  | 'SIGN_IN_CONFIGURED'
  /** A sign-in failed. */
  | 'SIGN_IN_FAILED'
  /** A user signed in for the first time. */
  | 'USER_CREATED'
  /** A user's groups changed. */
  | 'USER_GROUPS_CHANGED'
  /** A person was invited. */
  | 'USER_INVITED'
  /** A user's role changed. */
  | 'USER_ROLE_CHANGED'
  /** A user signed in. */
  | 'USER_SIGNED_IN'
  /** A user was activated or deactivated. */
  | 'USER_STATUS_CHANGED';

export type AuditFeedResetReason =
  | 'CURSOR_IN_FUTURE';

/** Every member that is given must match; of a list, one. */
export type AuditFilter = {
  applicationId?: string | null | undefined;
  integrationId?: string | null | undefined;
  kinds?: Array<AuditEventKind> | null | undefined;
  outcomes?: Array<AuditOutcome> | null | undefined;
  /** As actor or as the user acted for. */
  userId?: string | null | undefined;
};

export type AuditOutcome =
  | 'DENIED'
  | 'FAILURE'
  | 'GRANTED'
  | 'NOT_CONNECTED'
  | 'SUCCESS';

/** Who supplies the credential of an integration. */
export type AuthMode =
  /** Nobody. */
  | 'NONE'
  /** The user, by consent at the provider. */
  | 'OAUTH'
  /** An administrator, once for the organization. */
  | 'SERVER_TOKEN'
  /** The user, as a key or personal access token. */
  | 'USER_TOKEN';

export type CapabilityInput = {
  annotations?: unknown;
  description?: string | null | undefined;
  /** A JSON Schema of its arguments. */
  inputSchema?: unknown;
  operation: string;
};

export type CapabilityOrigin =
  | 'DECLARED'
  | 'DISCOVERED';

export type ConfigureSignInInput = {
  clientId: string;
  clientMutationId?: string | null | undefined;
  /** Left out: unchanged. Null: removed, for a public client. */
  clientSecret?: string | null | undefined;
  groupsClaim?: string | null | undefined;
  issuer: string;
};

/** Why a connection is not connected. */
export type ConnectionReason =
  /** Somebody ended it. */
  | 'DISCONNECTED'
  /** The credential ran out and cannot be renewed. */
  | 'EXPIRED'
  /** The provider no longer accepts it. */
  | 'REAUTHORIZATION_REQUIRED';

export type ConnectionStatus =
  | 'CONNECTED'
  | 'DISCONNECTED';

export type CreateApplicationInput = {
  clientMutationId?: string | null | undefined;
  kind: ApplicationKind;
  name: string;
  /** Left out: whoever creates it. Null: nobody. */
  ownerId?: string | null | undefined;
  redirectUris: Array<string>;
};

export type CreateConnectionInput = {
  clientMutationId?: string | null | undefined;
  integrationId: string;
  token: string;
};

export type CreateIntegrationInput = {
  apiBaseUrl?: string | null | undefined;
  authMode: AuthMode;
  authorizationEndpoint?: string | null | undefined;
  clientMutationId?: string | null | undefined;
  exchangeMode?: ExchangeMode | null | undefined;
  handle: string;
  /** OAuth issuer; its endpoints are discovered. */
  issuer?: string | null | undefined;
  mcpUrl?: string | null | undefined;
  /** Left out: the provider's. */
  name?: string | null | undefined;
  /** Handle of a preset. */
  provider?: string | null | undefined;
  revocationEndpoint?: string | null | undefined;
  scopes?: Array<string> | null | undefined;
  tokenEndpoint?: string | null | undefined;
};

export type CreatePolicyInput = {
  /** User layer: the one application it is about. */
  applicationId?: string | null | undefined;
  clientMutationId?: string | null | undefined;
  /** Kept, and never enforced. */
  draft?: boolean | null | undefined;
  effect: PolicyEffect;
  expiresAt?: string | null | undefined;
  /** Left out: every integration. */
  integrationId?: string | null | undefined;
  layer: PolicyLayer;
  /** Left out: every capability. */
  operation?: string | null | undefined;
  subject: PolicySubjectInput;
};

export type CreateServiceAccountInput = {
  clientMutationId?: string | null | undefined;
  name: string;
  /** management:all, or management:<noun>:read|write. */
  scopes: Array<string>;
};

export type DeclareCapabilitiesInput = {
  capabilities: Array<CapabilityInput>;
  clientMutationId?: string | null | undefined;
  integrationId: string;
};

export type DeleteIntegrationInput = {
  clientMutationId?: string | null | undefined;
  id: string;
};

export type DeletePolicyInput = {
  clientMutationId?: string | null | undefined;
  id: string;
};

export type DetachIntegrationInput = {
  applicationId: string;
  clientMutationId?: string | null | undefined;
  integrationId: string;
};

/** When the raw credential may leave. */
export type ExchangeMode =
  /** When the capabilities that the application names are allowed; it is trusted to keep to them. */
  | 'DECLARED'
  /** Only when all of the integration is allowed; else the gateway has to be used. */
  | 'STRICT';

export type LayerResult =
  | 'ALLOW'
  | 'DENY'
  /** There is no user, so there is no user layer. */
  | 'NOT_APPLICABLE'
  /** No rule matched: the layer does not allow. */
  | 'NO_RULE';

export type PolicyEffect =
  | 'ALLOW'
  | 'DENY';

/** All three must allow. */
export type PolicyLayer =
  | 'APPLICATION'
  | 'ORGANIZATION'
  | 'USER';

/** Who wrote the rule. */
export type PolicyOrigin =
  | 'ATTACHMENT'
  | 'CONSENT'
  | 'MANUAL';

/** A draft is kept and never enforced. */
export type PolicyState =
  | 'DRAFT'
  | 'LIVE';

export type PolicySubjectInput = {
  /** Of a user, group or application, or a role's name; left out for everyone. */
  id?: string | null | undefined;
  kind: PolicySubjectKind;
};

export type PolicySubjectKind =
  | 'APPLICATION'
  | 'EVERYONE'
  | 'GROUP'
  | 'ROLE'
  | 'USER';

/** Who can change the outcome. */
export type RemedyOwner =
  | 'ADMINISTRATOR'
  | 'APPLICATION_OWNER'
  | 'USER';

export type RevokeConnectionInput = {
  clientMutationId?: string | null | undefined;
  id: string;
};

export type RevokeServiceAccountInput = {
  clientMutationId?: string | null | undefined;
  id: string;
};

/** What a user may do in the organization. */
export type Role =
  | 'ADMIN'
  | 'MEMBER'
  | 'OWNER';

export type RotateApplicationSecretInput = {
  clientMutationId?: string | null | undefined;
  id: string;
  /** How long the old secrets still work; 0 unless given. */
  keepOldForSeconds?: number | null | undefined;
};

/** How dangerous it is in the hands of an application. */
export type ScopeRisk =
  | 'HIGH'
  | 'LOW'
  | 'MEDIUM';

export type ServiceAccountStatus =
  | 'ACTIVE'
  | 'REVOKED';

export type SetApplicationStatusInput = {
  clientMutationId?: string | null | undefined;
  id: string;
  status: ApplicationStatus;
};

export type SetOAuthAppInput = {
  /** Null or left out: the platform's app. */
  clientId?: string | null | undefined;
  clientMutationId?: string | null | undefined;
  /** Left out for a public client. It is never shown again. */
  clientSecret?: string | null | undefined;
  id: string;
};

export type SetServerTokenInput = {
  clientMutationId?: string | null | undefined;
  id: string;
  token: string;
};

export type SetUserRoleInput = {
  clientMutationId?: string | null | undefined;
  id: string;
  role: Role;
};

export type SetUserStatusInput = {
  clientMutationId?: string | null | undefined;
  id: string;
  status: UserStatus;
};

export type StartConnectionInput = {
  clientMutationId?: string | null | undefined;
  integrationId: string;
  /** Where the browser ends up. */
  returnTo?: string | null | undefined;
};

export type UpdateApplicationInput = {
  clientMutationId?: string | null | undefined;
  id: string;
  name?: string | null | undefined;
  /** Null: nobody. */
  ownerId?: string | null | undefined;
  redirectUris?: Array<string> | null | undefined;
};

export type UpdateIntegrationInput = {
  apiBaseUrl?: string | null | undefined;
  authMode?: AuthMode | null | undefined;
  authorizationEndpoint?: string | null | undefined;
  clientMutationId?: string | null | undefined;
  exchangeMode?: ExchangeMode | null | undefined;
  id: string;
  issuer?: string | null | undefined;
  mcpUrl?: string | null | undefined;
  name?: string | null | undefined;
  /** Handle of a preset. */
  provider?: string | null | undefined;
  revocationEndpoint?: string | null | undefined;
  scopes?: Array<string> | null | undefined;
  tokenEndpoint?: string | null | undefined;
};

export type UpdatePolicyInput = {
  clientMutationId?: string | null | undefined;
  draft?: boolean | null | undefined;
  effect?: PolicyEffect | null | undefined;
  /** Null: without end. */
  expiresAt?: string | null | undefined;
  id: string;
};

/** A deactivated user stops everything at once. */
export type UserStatus =
  | 'ACTIVE'
  | 'DEACTIVATED';

export type ApplicationsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ApplicationsQuery = { applications: { nodes: Array<{ id: string, name: string, kind: ApplicationKind, status: ApplicationStatus, redirectUris: Array<string>, owner: { id: string, name: string } | null, integrations: { nodes: Array<{ id: string, handle: string, capabilities: { nodes: Array<{ id: string, operation: string }> } }>, pageInfo: { hasNextPage: boolean } } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type CreateApplicationMutationVariables = Exact<{
  input: CreateApplicationInput;
}>;


export type CreateApplicationMutation = { createApplication: { clientMutationId: string | null, clientSecret: string | null, application: { id: string, name: string, kind: ApplicationKind, status: ApplicationStatus, redirectUris: Array<string> } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type UpdateApplicationMutationVariables = Exact<{
  input: UpdateApplicationInput;
}>;


export type UpdateApplicationMutation = { updateApplication: { application: { id: string, name: string, redirectUris: Array<string> } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type SetApplicationStatusMutationVariables = Exact<{
  input: SetApplicationStatusInput;
}>;


export type SetApplicationStatusMutation = { setApplicationStatus: { application: { id: string, status: ApplicationStatus } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type RotateApplicationSecretMutationVariables = Exact<{
  input: RotateApplicationSecretInput;
}>;


export type RotateApplicationSecretMutation = { rotateApplicationSecret: { clientSecret: string | null, application: { id: string } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type AttachIntegrationMutationVariables = Exact<{
  input: AttachIntegrationInput;
}>;


export type AttachIntegrationMutation = { attachIntegration: { application: { id: string, integrations: { nodes: Array<{ id: string, handle: string }> } } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type DetachIntegrationMutationVariables = Exact<{
  input: DetachIntegrationInput;
}>;


export type DetachIntegrationMutation = { detachIntegration: { application: { id: string, integrations: { nodes: Array<{ id: string, handle: string }> } } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type AuditEventsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: AuditFilter | null | undefined;
}>;


export type AuditEventsQuery = { auditEvents: { nodes: Array<{ hash: string, durationMs: number | null, details: unknown, id: string, sequence: number, cursor: string, at: string, kind: AuditEventKind, outcome: AuditOutcome, capability: string | null, requestId: string, actor: { kind: ActorKind, id: string | null, name: string }, user: { id: string, name: string } | null, application: { id: string, name: string } | null, integration: { id: string, name: string } | null, decision: { outcome: PolicyEffect, integration: string, capabilities: Array<string> | null, mode: ExchangeMode, gatewayOnly: boolean, missing: Array<PolicyLayer>, layers: Array<{ layer: PolicyLayer, result: LayerResult, capability: string | null, ruleIds: Array<string> }>, remedies: Array<{ layer: PolicyLayer, who: RemedyOwner, how: string }> } | null }>, pageInfo: { startCursor: string | null, endCursor: string | null, hasNextPage: boolean, hasPreviousPage: boolean } } };

export type AuditFeedSubscriptionVariables = Exact<{
  after?: string | null | undefined;
  filter?: AuditFilter | null | undefined;
}>;


export type AuditFeedSubscription = { auditFeed:
    | { __typename: 'AuditEvent', id: string, sequence: number, cursor: string, at: string, kind: AuditEventKind, outcome: AuditOutcome, capability: string | null, requestId: string, actor: { kind: ActorKind, id: string | null, name: string }, user: { id: string, name: string } | null, application: { id: string, name: string } | null, integration: { id: string, name: string } | null, decision: { outcome: PolicyEffect, integration: string, capabilities: Array<string> | null, mode: ExchangeMode, gatewayOnly: boolean, missing: Array<PolicyLayer>, layers: Array<{ layer: PolicyLayer, result: LayerResult, capability: string | null, ruleIds: Array<string> }>, remedies: Array<{ layer: PolicyLayer, who: RemedyOwner, how: string }> } | null }
    | { __typename: 'AuditFeedReset', cursor: string, reason: AuditFeedResetReason }
    | { __typename: 'AuditHeartbeat', cursor: string, lagMs: number }
   };

export type ConnectionsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  userId?: string | null | undefined;
  integrationId?: string | null | undefined;
}>;


export type ConnectionsQuery = { connections: { nodes: Array<{ scopes: Array<string>, expiresAt: string | null, id: string, status: ConnectionStatus, reason: ConnectionReason | null, since: string, nextAction: string | null, user: { id: string, name: string } | null, integration: { id: string, handle: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type StartConnectionMutationVariables = Exact<{
  input: StartConnectionInput;
}>;


export type StartConnectionMutation = { startConnection: { authorizationUrl: string | null, expiresAt: string | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type CreateConnectionMutationVariables = Exact<{
  input: CreateConnectionInput;
}>;


export type CreateConnectionMutation = { createConnection: { connection: { id: string, status: ConnectionStatus, reason: ConnectionReason | null, since: string, nextAction: string | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type RevokeConnectionMutationVariables = Exact<{
  input: RevokeConnectionInput;
}>;


export type RevokeConnectionMutation = { revokeConnection: { connection: { id: string, status: ConnectionStatus, reason: ConnectionReason | null, since: string, nextAction: string | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type ProblemsFragment = { code: string, message: string, field: string | null, hint: string };

export type DecisionPartsFragment = { outcome: PolicyEffect, integration: string, capabilities: Array<string> | null, mode: ExchangeMode, gatewayOnly: boolean, missing: Array<PolicyLayer>, layers: Array<{ layer: PolicyLayer, result: LayerResult, capability: string | null, ruleIds: Array<string> }>, remedies: Array<{ layer: PolicyLayer, who: RemedyOwner, how: string }> };

export type ConnectionStateFragment = { id: string, status: ConnectionStatus, reason: ConnectionReason | null, since: string, nextAction: string | null };

export type AuditEventPartsFragment = { id: string, sequence: number, cursor: string, at: string, kind: AuditEventKind, outcome: AuditOutcome, capability: string | null, requestId: string, actor: { kind: ActorKind, id: string | null, name: string }, user: { id: string, name: string } | null, application: { id: string, name: string } | null, integration: { id: string, name: string } | null, decision: { outcome: PolicyEffect, integration: string, capabilities: Array<string> | null, mode: ExchangeMode, gatewayOnly: boolean, missing: Array<PolicyLayer>, layers: Array<{ layer: PolicyLayer, result: LayerResult, capability: string | null, ruleIds: Array<string> }>, remedies: Array<{ layer: PolicyLayer, who: RemedyOwner, how: string }> } | null };

export type IntegrationPartsFragment = { id: string, handle: string, name: string, authMode: AuthMode, exchangeMode: ExchangeMode, scopes: Array<string>, issuer: string | null, mcpUrl: string | null, apiBaseUrl: string | null, oauthClientId: string | null, hasOAuthClientSecret: boolean, hasServerToken: boolean, provider: { handle: string, name: string } | null };

export type IntegrationsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type IntegrationsQuery = { integrations: { nodes: Array<{ id: string, handle: string, name: string, authMode: AuthMode, exchangeMode: ExchangeMode, scopes: Array<string>, issuer: string | null, mcpUrl: string | null, apiBaseUrl: string | null, oauthClientId: string | null, hasOAuthClientSecret: boolean, hasServerToken: boolean, capabilities: { nodes: Array<{ id: string, operation: string }>, pageInfo: { hasNextPage: boolean } }, provider: { handle: string, name: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type ProvidersQueryVariables = Exact<{
  search?: string | null | undefined;
}>;


export type ProvidersQuery = { providers: Array<{ handle: string, name: string, authModes: Array<AuthMode>, defaultScopes: Array<string>, documentationUrl: string, scopes: Array<{ name: string, text: string, risk: ScopeRisk }> }> };

export type CapabilitiesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  integrationId?: string | null | undefined;
}>;


export type CapabilitiesQuery = { capabilities: { nodes: Array<{ id: string, operation: string, description: string | null, inputSchema: unknown, definitionHash: string, origin: CapabilityOrigin, integration: { id: string, handle: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type CreateIntegrationMutationVariables = Exact<{
  input: CreateIntegrationInput;
}>;


export type CreateIntegrationMutation = { createIntegration: { integration: { id: string, handle: string, name: string, authMode: AuthMode, exchangeMode: ExchangeMode, scopes: Array<string>, issuer: string | null, mcpUrl: string | null, apiBaseUrl: string | null, oauthClientId: string | null, hasOAuthClientSecret: boolean, hasServerToken: boolean, provider: { handle: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type UpdateIntegrationMutationVariables = Exact<{
  input: UpdateIntegrationInput;
}>;


export type UpdateIntegrationMutation = { updateIntegration: { integration: { id: string, handle: string, name: string, authMode: AuthMode, exchangeMode: ExchangeMode, scopes: Array<string>, issuer: string | null, mcpUrl: string | null, apiBaseUrl: string | null, oauthClientId: string | null, hasOAuthClientSecret: boolean, hasServerToken: boolean, provider: { handle: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type DeleteIntegrationMutationVariables = Exact<{
  input: DeleteIntegrationInput;
}>;


export type DeleteIntegrationMutation = { deleteIntegration: { integration: { id: string, handle: string } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type SetServerTokenMutationVariables = Exact<{
  input: SetServerTokenInput;
}>;


export type SetServerTokenMutation = { setServerToken: { integration: { id: string, handle: string, name: string, authMode: AuthMode, exchangeMode: ExchangeMode, scopes: Array<string>, issuer: string | null, mcpUrl: string | null, apiBaseUrl: string | null, oauthClientId: string | null, hasOAuthClientSecret: boolean, hasServerToken: boolean, provider: { handle: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type SetOAuthAppMutationVariables = Exact<{
  input: SetOAuthAppInput;
}>;


export type SetOAuthAppMutation = { setOAuthApp: { integration: { id: string, handle: string, name: string, authMode: AuthMode, exchangeMode: ExchangeMode, scopes: Array<string>, issuer: string | null, mcpUrl: string | null, apiBaseUrl: string | null, oauthClientId: string | null, hasOAuthClientSecret: boolean, hasServerToken: boolean, provider: { handle: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type DeclareCapabilitiesMutationVariables = Exact<{
  input: DeclareCapabilitiesInput;
}>;


export type DeclareCapabilitiesMutation = { declareCapabilities: { capabilities: Array<{ id: string, operation: string }> | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { name: string, organization: { id: string, name: string }, user: { id: string, email: string, role: Role } | null, serviceAccount: { id: string, scopes: Array<string> } | null, application: { id: string, name: string } | null } };

export type OrganizationPageQueryVariables = Exact<{
  first: number;
  groupsAfter?: string | null | undefined;
  accountsAfter?: string | null | undefined;
}>;


export type OrganizationPageQuery = { organization: { id: string, name: string, createdAt: string, signIn: { issuer: string, clientId: string, groupsClaim: string, updatedAt: string } | null, groups: { nodes: Array<{ id: string, name: string }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } }, serviceAccounts: { nodes: Array<{ id: string, name: string, scopes: Array<string>, status: ServiceAccountStatus }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } } };

export type NodeByIdQueryVariables = Exact<{
  id: string;
}>;


export type NodeByIdQuery = { node:
    | { __typename: 'Application', id: string }
    | { __typename: 'AuditEvent', id: string }
    | { __typename: 'Capability', id: string }
    | { __typename: 'Connection', id: string }
    | { __typename: 'Group', id: string }
    | { __typename: 'Integration', id: string }
    | { __typename: 'Organization', id: string }
    | { __typename: 'Policy', id: string }
    | { __typename: 'ServiceAccount', id: string }
    | { __typename: 'User', id: string }
   | null };

export type NodesByIdQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type NodesByIdQuery = { nodes: Array<
    | { __typename: 'Application', id: string }
    | { __typename: 'AuditEvent', id: string }
    | { __typename: 'Capability', id: string }
    | { __typename: 'Connection', id: string }
    | { __typename: 'Group', id: string }
    | { __typename: 'Integration', id: string }
    | { __typename: 'Organization', id: string }
    | { __typename: 'Policy', id: string }
    | { __typename: 'ServiceAccount', id: string }
    | { __typename: 'User', id: string }
   | null> };

export type ConfigureSignInMutationVariables = Exact<{
  input: ConfigureSignInInput;
}>;


export type ConfigureSignInMutation = { configureSignIn: { signIn: { issuer: string, clientId: string, groupsClaim: string } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type CreateServiceAccountMutationVariables = Exact<{
  input: CreateServiceAccountInput;
}>;


export type CreateServiceAccountMutation = { createServiceAccount: { clientMutationId: string | null, clientSecret: string | null, serviceAccount: { id: string, name: string, scopes: Array<string>, status: ServiceAccountStatus } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type RevokeServiceAccountMutationVariables = Exact<{
  input: RevokeServiceAccountInput;
}>;


export type RevokeServiceAccountMutation = { revokeServiceAccount: { serviceAccount: { id: string, status: ServiceAccountStatus } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type PolicyPartsFragment = { id: string, layer: PolicyLayer, effect: PolicyEffect, operation: string | null, expiresAt: string | null, state: PolicyState, origin: PolicyOrigin, subject: { kind: PolicySubjectKind, id: string | null }, integration: { id: string, handle: string } | null, application: { id: string, name: string } | null };

export type PoliciesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  layer?: PolicyLayer | null | undefined;
  integrationId?: string | null | undefined;
  applicationId?: string | null | undefined;
}>;


export type PoliciesQuery = { policies: { nodes: Array<{ id: string, layer: PolicyLayer, effect: PolicyEffect, operation: string | null, expiresAt: string | null, state: PolicyState, origin: PolicyOrigin, subject: { kind: PolicySubjectKind, id: string | null }, integration: { id: string, handle: string } | null, application: { id: string, name: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type ExplainAccessQueryVariables = Exact<{
  userId?: string | null | undefined;
  applicationId: string;
  integrationId: string;
  operations?: Array<string> | string | null | undefined;
}>;


export type ExplainAccessQuery = { explainAccess: { outcome: PolicyEffect, integration: string, capabilities: Array<string> | null, mode: ExchangeMode, gatewayOnly: boolean, missing: Array<PolicyLayer>, layers: Array<{ layer: PolicyLayer, result: LayerResult, capability: string | null, ruleIds: Array<string> }>, remedies: Array<{ layer: PolicyLayer, who: RemedyOwner, how: string }> } };

export type CreatePolicyMutationVariables = Exact<{
  input: CreatePolicyInput;
}>;


export type CreatePolicyMutation = { createPolicy: { policy: { id: string, layer: PolicyLayer, effect: PolicyEffect, operation: string | null, expiresAt: string | null, state: PolicyState, origin: PolicyOrigin, subject: { kind: PolicySubjectKind, id: string | null }, integration: { id: string, handle: string } | null, application: { id: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type UpdatePolicyMutationVariables = Exact<{
  input: UpdatePolicyInput;
}>;


export type UpdatePolicyMutation = { updatePolicy: { policy: { id: string, layer: PolicyLayer, effect: PolicyEffect, operation: string | null, expiresAt: string | null, state: PolicyState, origin: PolicyOrigin, subject: { kind: PolicySubjectKind, id: string | null }, integration: { id: string, handle: string } | null, application: { id: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type DeletePolicyMutationVariables = Exact<{
  input: DeletePolicyInput;
}>;


export type DeletePolicyMutation = { deletePolicy: { policy: { id: string, layer: PolicyLayer, effect: PolicyEffect, operation: string | null, expiresAt: string | null, state: PolicyState, origin: PolicyOrigin, subject: { kind: PolicySubjectKind, id: string | null }, integration: { id: string, handle: string } | null, application: { id: string, name: string } | null } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type UsersQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type UsersQuery = { users: { edges: Array<{ cursor: string, node: { id: string, email: string, name: string, role: Role, status: UserStatus, createdAt: string, groups: { nodes: Array<{ id: string, name: string }> }, connections: { nodes: Array<{ id: string, status: ConnectionStatus, reason: ConnectionReason | null, since: string, nextAction: string | null, integration: { id: string, handle: string } | null }> } } }>, pageInfo: { startCursor: string | null, endCursor: string | null, hasNextPage: boolean, hasPreviousPage: boolean } } };

export type SetUserStatusMutationVariables = Exact<{
  input: SetUserStatusInput;
}>;


export type SetUserStatusMutation = { setUserStatus: { user: { id: string, status: UserStatus } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export type SetUserRoleMutationVariables = Exact<{
  input: SetUserRoleInput;
}>;


export type SetUserRoleMutation = { setUserRole: { user: { id: string, role: Role } | null, userErrors: Array<{ code: string, message: string, field: string | null, hint: string }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ProblemsFragmentDoc = new TypedDocumentString(`
    fragment Problems on UserError {
  code
  message
  field
  hint
}
    `, {"fragmentName":"Problems"}) as unknown as TypedDocumentString<ProblemsFragment, unknown>;
export const ConnectionStateFragmentDoc = new TypedDocumentString(`
    fragment ConnectionState on Connection {
  id
  status
  reason
  since
  nextAction
}
    `, {"fragmentName":"ConnectionState"}) as unknown as TypedDocumentString<ConnectionStateFragment, unknown>;
export const DecisionPartsFragmentDoc = new TypedDocumentString(`
    fragment DecisionParts on Decision {
  outcome
  integration
  capabilities
  mode
  gatewayOnly
  missing
  layers {
    layer
    result
    capability
    ruleIds
  }
  remedies {
    layer
    who
    how
  }
}
    `, {"fragmentName":"DecisionParts"}) as unknown as TypedDocumentString<DecisionPartsFragment, unknown>;
export const AuditEventPartsFragmentDoc = new TypedDocumentString(`
    fragment AuditEventParts on AuditEvent {
  id
  sequence
  cursor
  at
  kind
  outcome
  capability
  requestId
  actor {
    kind
    id
    name
  }
  user {
    id
    name
  }
  application {
    id
    name
  }
  integration {
    id
    name
  }
  decision {
    ...DecisionParts
  }
}
    fragment DecisionParts on Decision {
  outcome
  integration
  capabilities
  mode
  gatewayOnly
  missing
  layers {
    layer
    result
    capability
    ruleIds
  }
  remedies {
    layer
    who
    how
  }
}`, {"fragmentName":"AuditEventParts"}) as unknown as TypedDocumentString<AuditEventPartsFragment, unknown>;
export const IntegrationPartsFragmentDoc = new TypedDocumentString(`
    fragment IntegrationParts on Integration {
  id
  handle
  name
  authMode
  exchangeMode
  scopes
  issuer
  mcpUrl
  apiBaseUrl
  oauthClientId
  hasOAuthClientSecret
  hasServerToken
  provider {
    handle
    name
  }
}
    `, {"fragmentName":"IntegrationParts"}) as unknown as TypedDocumentString<IntegrationPartsFragment, unknown>;
export const PolicyPartsFragmentDoc = new TypedDocumentString(`
    fragment PolicyParts on Policy {
  id
  layer
  effect
  operation
  expiresAt
  state
  origin
  subject {
    kind
    id
  }
  integration {
    id
    handle
  }
  application {
    id
    name
  }
}
    `, {"fragmentName":"PolicyParts"}) as unknown as TypedDocumentString<PolicyPartsFragment, unknown>;
export const ApplicationsDocument = new TypedDocumentString(`
    query Applications($first: Int!, $after: String) {
  applications(first: $first, after: $after) {
    nodes {
      id
      name
      kind
      status
      redirectUris
      owner {
        id
        name
      }
      integrations(first: 10) {
        nodes {
          id
          handle
          capabilities(first: 5) {
            nodes {
              id
              operation
            }
          }
        }
        pageInfo {
          hasNextPage
        }
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ApplicationsQuery, ApplicationsQueryVariables>;
export const CreateApplicationDocument = new TypedDocumentString(`
    mutation CreateApplication($input: CreateApplicationInput!) {
  createApplication(input: $input) {
    clientMutationId
    application {
      id
      name
      kind
      status
      redirectUris
    }
    clientSecret
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<CreateApplicationMutation, CreateApplicationMutationVariables>;
export const UpdateApplicationDocument = new TypedDocumentString(`
    mutation UpdateApplication($input: UpdateApplicationInput!) {
  updateApplication(input: $input) {
    application {
      id
      name
      redirectUris
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<UpdateApplicationMutation, UpdateApplicationMutationVariables>;
export const SetApplicationStatusDocument = new TypedDocumentString(`
    mutation SetApplicationStatus($input: SetApplicationStatusInput!) {
  setApplicationStatus(input: $input) {
    application {
      id
      status
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<SetApplicationStatusMutation, SetApplicationStatusMutationVariables>;
export const RotateApplicationSecretDocument = new TypedDocumentString(`
    mutation RotateApplicationSecret($input: RotateApplicationSecretInput!) {
  rotateApplicationSecret(input: $input) {
    application {
      id
    }
    clientSecret
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<RotateApplicationSecretMutation, RotateApplicationSecretMutationVariables>;
export const AttachIntegrationDocument = new TypedDocumentString(`
    mutation AttachIntegration($input: AttachIntegrationInput!) {
  attachIntegration(input: $input) {
    application {
      id
      integrations(first: 100) {
        nodes {
          id
          handle
        }
      }
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<AttachIntegrationMutation, AttachIntegrationMutationVariables>;
export const DetachIntegrationDocument = new TypedDocumentString(`
    mutation DetachIntegration($input: DetachIntegrationInput!) {
  detachIntegration(input: $input) {
    application {
      id
      integrations(first: 100) {
        nodes {
          id
          handle
        }
      }
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<DetachIntegrationMutation, DetachIntegrationMutationVariables>;
export const AuditEventsDocument = new TypedDocumentString(`
    query AuditEvents($first: Int, $after: String, $last: Int, $before: String, $filter: AuditFilter) {
  auditEvents(
    first: $first
    after: $after
    last: $last
    before: $before
    filter: $filter
  ) {
    nodes {
      ...AuditEventParts
      hash
      durationMs
      details
    }
    pageInfo {
      startCursor
      endCursor
      hasNextPage
      hasPreviousPage
    }
  }
}
    fragment DecisionParts on Decision {
  outcome
  integration
  capabilities
  mode
  gatewayOnly
  missing
  layers {
    layer
    result
    capability
    ruleIds
  }
  remedies {
    layer
    who
    how
  }
}
fragment AuditEventParts on AuditEvent {
  id
  sequence
  cursor
  at
  kind
  outcome
  capability
  requestId
  actor {
    kind
    id
    name
  }
  user {
    id
    name
  }
  application {
    id
    name
  }
  integration {
    id
    name
  }
  decision {
    ...DecisionParts
  }
}`) as unknown as TypedDocumentString<AuditEventsQuery, AuditEventsQueryVariables>;
export const AuditFeedDocument = new TypedDocumentString(`
    subscription AuditFeed($after: String, $filter: AuditFilter) {
  auditFeed(after: $after, filter: $filter) {
    __typename
    ... on AuditEvent {
      ...AuditEventParts
    }
    ... on AuditHeartbeat {
      cursor
      lagMs
    }
    ... on AuditFeedReset {
      cursor
      reason
    }
  }
}
    fragment DecisionParts on Decision {
  outcome
  integration
  capabilities
  mode
  gatewayOnly
  missing
  layers {
    layer
    result
    capability
    ruleIds
  }
  remedies {
    layer
    who
    how
  }
}
fragment AuditEventParts on AuditEvent {
  id
  sequence
  cursor
  at
  kind
  outcome
  capability
  requestId
  actor {
    kind
    id
    name
  }
  user {
    id
    name
  }
  application {
    id
    name
  }
  integration {
    id
    name
  }
  decision {
    ...DecisionParts
  }
}`) as unknown as TypedDocumentString<AuditFeedSubscription, AuditFeedSubscriptionVariables>;
export const ConnectionsDocument = new TypedDocumentString(`
    query Connections($first: Int!, $after: String, $userId: ID, $integrationId: ID) {
  connections(
    first: $first
    after: $after
    userId: $userId
    integrationId: $integrationId
  ) {
    nodes {
      ...ConnectionState
      scopes
      expiresAt
      user {
        id
        name
      }
      integration {
        id
        handle
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    fragment ConnectionState on Connection {
  id
  status
  reason
  since
  nextAction
}`) as unknown as TypedDocumentString<ConnectionsQuery, ConnectionsQueryVariables>;
export const StartConnectionDocument = new TypedDocumentString(`
    mutation StartConnection($input: StartConnectionInput!) {
  startConnection(input: $input) {
    authorizationUrl
    expiresAt
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<StartConnectionMutation, StartConnectionMutationVariables>;
export const CreateConnectionDocument = new TypedDocumentString(`
    mutation CreateConnection($input: CreateConnectionInput!) {
  createConnection(input: $input) {
    connection {
      ...ConnectionState
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment ConnectionState on Connection {
  id
  status
  reason
  since
  nextAction
}`) as unknown as TypedDocumentString<CreateConnectionMutation, CreateConnectionMutationVariables>;
export const RevokeConnectionDocument = new TypedDocumentString(`
    mutation RevokeConnection($input: RevokeConnectionInput!) {
  revokeConnection(input: $input) {
    connection {
      ...ConnectionState
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment ConnectionState on Connection {
  id
  status
  reason
  since
  nextAction
}`) as unknown as TypedDocumentString<RevokeConnectionMutation, RevokeConnectionMutationVariables>;
export const IntegrationsDocument = new TypedDocumentString(`
    query Integrations($first: Int!, $after: String) {
  integrations(first: $first, after: $after) {
    nodes {
      ...IntegrationParts
      capabilities(first: 50) {
        nodes {
          id
          operation
        }
        pageInfo {
          hasNextPage
        }
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    fragment IntegrationParts on Integration {
  id
  handle
  name
  authMode
  exchangeMode
  scopes
  issuer
  mcpUrl
  apiBaseUrl
  oauthClientId
  hasOAuthClientSecret
  hasServerToken
  provider {
    handle
    name
  }
}`) as unknown as TypedDocumentString<IntegrationsQuery, IntegrationsQueryVariables>;
export const ProvidersDocument = new TypedDocumentString(`
    query Providers($search: String) {
  providers(search: $search) {
    handle
    name
    authModes
    defaultScopes
    documentationUrl
    scopes {
      name
      text
      risk
    }
  }
}
    `) as unknown as TypedDocumentString<ProvidersQuery, ProvidersQueryVariables>;
export const CapabilitiesDocument = new TypedDocumentString(`
    query Capabilities($first: Int!, $after: String, $integrationId: ID) {
  capabilities(first: $first, after: $after, integrationId: $integrationId) {
    nodes {
      id
      operation
      description
      inputSchema
      definitionHash
      origin
      integration {
        id
        handle
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<CapabilitiesQuery, CapabilitiesQueryVariables>;
export const CreateIntegrationDocument = new TypedDocumentString(`
    mutation CreateIntegration($input: CreateIntegrationInput!) {
  createIntegration(input: $input) {
    integration {
      ...IntegrationParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment IntegrationParts on Integration {
  id
  handle
  name
  authMode
  exchangeMode
  scopes
  issuer
  mcpUrl
  apiBaseUrl
  oauthClientId
  hasOAuthClientSecret
  hasServerToken
  provider {
    handle
    name
  }
}`) as unknown as TypedDocumentString<CreateIntegrationMutation, CreateIntegrationMutationVariables>;
export const UpdateIntegrationDocument = new TypedDocumentString(`
    mutation UpdateIntegration($input: UpdateIntegrationInput!) {
  updateIntegration(input: $input) {
    integration {
      ...IntegrationParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment IntegrationParts on Integration {
  id
  handle
  name
  authMode
  exchangeMode
  scopes
  issuer
  mcpUrl
  apiBaseUrl
  oauthClientId
  hasOAuthClientSecret
  hasServerToken
  provider {
    handle
    name
  }
}`) as unknown as TypedDocumentString<UpdateIntegrationMutation, UpdateIntegrationMutationVariables>;
export const DeleteIntegrationDocument = new TypedDocumentString(`
    mutation DeleteIntegration($input: DeleteIntegrationInput!) {
  deleteIntegration(input: $input) {
    integration {
      id
      handle
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<DeleteIntegrationMutation, DeleteIntegrationMutationVariables>;
export const SetServerTokenDocument = new TypedDocumentString(`
    mutation SetServerToken($input: SetServerTokenInput!) {
  setServerToken(input: $input) {
    integration {
      ...IntegrationParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment IntegrationParts on Integration {
  id
  handle
  name
  authMode
  exchangeMode
  scopes
  issuer
  mcpUrl
  apiBaseUrl
  oauthClientId
  hasOAuthClientSecret
  hasServerToken
  provider {
    handle
    name
  }
}`) as unknown as TypedDocumentString<SetServerTokenMutation, SetServerTokenMutationVariables>;
export const SetOAuthAppDocument = new TypedDocumentString(`
    mutation SetOAuthApp($input: SetOAuthAppInput!) {
  setOAuthApp(input: $input) {
    integration {
      ...IntegrationParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment IntegrationParts on Integration {
  id
  handle
  name
  authMode
  exchangeMode
  scopes
  issuer
  mcpUrl
  apiBaseUrl
  oauthClientId
  hasOAuthClientSecret
  hasServerToken
  provider {
    handle
    name
  }
}`) as unknown as TypedDocumentString<SetOAuthAppMutation, SetOAuthAppMutationVariables>;
export const DeclareCapabilitiesDocument = new TypedDocumentString(`
    mutation DeclareCapabilities($input: DeclareCapabilitiesInput!) {
  declareCapabilities(input: $input) {
    capabilities {
      id
      operation
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<DeclareCapabilitiesMutation, DeclareCapabilitiesMutationVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    name
    organization {
      id
      name
    }
    user {
      id
      email
      role
    }
    serviceAccount {
      id
      scopes
    }
    application {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const OrganizationPageDocument = new TypedDocumentString(`
    query OrganizationPage($first: Int!, $groupsAfter: String, $accountsAfter: String) {
  organization {
    id
    name
    createdAt
    signIn {
      issuer
      clientId
      groupsClaim
      updatedAt
    }
    groups(first: $first, after: $groupsAfter) {
      nodes {
        id
        name
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
    serviceAccounts(first: $first, after: $accountsAfter) {
      nodes {
        id
        name
        scopes
        status
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OrganizationPageQuery, OrganizationPageQueryVariables>;
export const NodeByIdDocument = new TypedDocumentString(`
    query NodeById($id: ID!) {
  node(id: $id) {
    __typename
    id
  }
}
    `) as unknown as TypedDocumentString<NodeByIdQuery, NodeByIdQueryVariables>;
export const NodesByIdDocument = new TypedDocumentString(`
    query NodesById($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    id
  }
}
    `) as unknown as TypedDocumentString<NodesByIdQuery, NodesByIdQueryVariables>;
export const ConfigureSignInDocument = new TypedDocumentString(`
    mutation ConfigureSignIn($input: ConfigureSignInInput!) {
  configureSignIn(input: $input) {
    signIn {
      issuer
      clientId
      groupsClaim
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<ConfigureSignInMutation, ConfigureSignInMutationVariables>;
export const CreateServiceAccountDocument = new TypedDocumentString(`
    mutation CreateServiceAccount($input: CreateServiceAccountInput!) {
  createServiceAccount(input: $input) {
    clientMutationId
    serviceAccount {
      id
      name
      scopes
      status
    }
    clientSecret
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<CreateServiceAccountMutation, CreateServiceAccountMutationVariables>;
export const RevokeServiceAccountDocument = new TypedDocumentString(`
    mutation RevokeServiceAccount($input: RevokeServiceAccountInput!) {
  revokeServiceAccount(input: $input) {
    serviceAccount {
      id
      status
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<RevokeServiceAccountMutation, RevokeServiceAccountMutationVariables>;
export const PoliciesDocument = new TypedDocumentString(`
    query Policies($first: Int!, $after: String, $layer: PolicyLayer, $integrationId: ID, $applicationId: ID) {
  policies(
    first: $first
    after: $after
    layer: $layer
    integrationId: $integrationId
    applicationId: $applicationId
  ) {
    nodes {
      ...PolicyParts
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    fragment PolicyParts on Policy {
  id
  layer
  effect
  operation
  expiresAt
  state
  origin
  subject {
    kind
    id
  }
  integration {
    id
    handle
  }
  application {
    id
    name
  }
}`) as unknown as TypedDocumentString<PoliciesQuery, PoliciesQueryVariables>;
export const ExplainAccessDocument = new TypedDocumentString(`
    query ExplainAccess($userId: ID, $applicationId: ID!, $integrationId: ID!, $operations: [String!]) {
  explainAccess(
    userId: $userId
    applicationId: $applicationId
    integrationId: $integrationId
    operations: $operations
  ) {
    ...DecisionParts
  }
}
    fragment DecisionParts on Decision {
  outcome
  integration
  capabilities
  mode
  gatewayOnly
  missing
  layers {
    layer
    result
    capability
    ruleIds
  }
  remedies {
    layer
    who
    how
  }
}`) as unknown as TypedDocumentString<ExplainAccessQuery, ExplainAccessQueryVariables>;
export const CreatePolicyDocument = new TypedDocumentString(`
    mutation CreatePolicy($input: CreatePolicyInput!) {
  createPolicy(input: $input) {
    policy {
      ...PolicyParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment PolicyParts on Policy {
  id
  layer
  effect
  operation
  expiresAt
  state
  origin
  subject {
    kind
    id
  }
  integration {
    id
    handle
  }
  application {
    id
    name
  }
}`) as unknown as TypedDocumentString<CreatePolicyMutation, CreatePolicyMutationVariables>;
export const UpdatePolicyDocument = new TypedDocumentString(`
    mutation UpdatePolicy($input: UpdatePolicyInput!) {
  updatePolicy(input: $input) {
    policy {
      ...PolicyParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment PolicyParts on Policy {
  id
  layer
  effect
  operation
  expiresAt
  state
  origin
  subject {
    kind
    id
  }
  integration {
    id
    handle
  }
  application {
    id
    name
  }
}`) as unknown as TypedDocumentString<UpdatePolicyMutation, UpdatePolicyMutationVariables>;
export const DeletePolicyDocument = new TypedDocumentString(`
    mutation DeletePolicy($input: DeletePolicyInput!) {
  deletePolicy(input: $input) {
    policy {
      ...PolicyParts
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}
fragment PolicyParts on Policy {
  id
  layer
  effect
  operation
  expiresAt
  state
  origin
  subject {
    kind
    id
  }
  integration {
    id
    handle
  }
  application {
    id
    name
  }
}`) as unknown as TypedDocumentString<DeletePolicyMutation, DeletePolicyMutationVariables>;
export const UsersDocument = new TypedDocumentString(`
    query Users($first: Int, $after: String, $last: Int, $before: String) {
  users(first: $first, after: $after, last: $last, before: $before) {
    edges {
      cursor
      node {
        id
        email
        name
        role
        status
        createdAt
        groups(first: 20) {
          nodes {
            id
            name
          }
        }
        connections(first: 20) {
          nodes {
            ...ConnectionState
            integration {
              id
              handle
            }
          }
        }
      }
    }
    pageInfo {
      startCursor
      endCursor
      hasNextPage
      hasPreviousPage
    }
  }
}
    fragment ConnectionState on Connection {
  id
  status
  reason
  since
  nextAction
}`) as unknown as TypedDocumentString<UsersQuery, UsersQueryVariables>;
export const SetUserStatusDocument = new TypedDocumentString(`
    mutation SetUserStatus($input: SetUserStatusInput!) {
  setUserStatus(input: $input) {
    user {
      id
      status
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<SetUserStatusMutation, SetUserStatusMutationVariables>;
export const SetUserRoleDocument = new TypedDocumentString(`
    mutation SetUserRole($input: SetUserRoleInput!) {
  setUserRole(input: $input) {
    user {
      id
      role
    }
    userErrors {
      ...Problems
    }
  }
}
    fragment Problems on UserError {
  code
  message
  field
  hint
}`) as unknown as TypedDocumentString<SetUserRoleMutation, SetUserRoleMutationVariables>;
