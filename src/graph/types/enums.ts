import { EVENT_OUTCOMES, EVENTS } from '../../audit/index.ts';
import { ROLES } from '../../kernel/index.ts';
import type { DisconnectReason } from '../../platform/index.ts';
import { builder } from '../builder.ts';

export const Role = builder.enumType('Role', { description: 'What a user may do in the organization.', values: ROLES });
export const UserStatus = builder.enumType('UserStatus', { description: 'A deactivated user stops everything at once.', values: ['ACTIVE', 'DEACTIVATED'] as const });
export const ApplicationKind = builder.enumType('ApplicationKind', { description: 'Whether it can keep a secret.', values: ['PUBLIC', 'CONFIDENTIAL'] as const });
export const ApplicationStatus = builder.enumType('ApplicationStatus', { description: 'The kill switch.', values: ['ACTIVE', 'DISABLED'] as const });
export const ServiceAccountStatus = builder.enumType('ServiceAccountStatus', { values: ['ACTIVE', 'REVOKED'] as const });
export const AuthMode = builder.enumType('AuthMode', {
  description: 'Who supplies the credential of an integration.',
  values: {
    OAUTH: { description: 'The user, by consent at the provider.' },
    USER_TOKEN: { description: 'The user, as a key or personal access token.' },
    SERVER_TOKEN: { description: 'An administrator, once for the organization.' },
    NONE: { description: 'Nobody.' },
  } as const,
});
export const ExchangeMode = builder.enumType('ExchangeMode', {
  description: 'When the raw credential may leave.',
  values: {
    DECLARED: { description: 'When the capabilities that the application names are allowed; it is trusted to keep to them.' },
    STRICT: { description: 'Only when all of the integration is allowed; else the gateway has to be used.' },
  } as const,
});
export const CapabilityOrigin = builder.enumType('CapabilityOrigin', { values: ['DECLARED', 'DISCOVERED'] as const });
export const ConnectionStatus = builder.enumType('ConnectionStatus', { values: ['CONNECTED', 'DISCONNECTED'] as const });
export const ConnectionReason = builder.enumType('ConnectionReason', {
  description: 'Why a connection is not connected.',
  values: {
    DISCONNECTED: { value: 'disconnected', description: 'Somebody ended it.' },
    EXPIRED: { value: 'expired', description: 'The credential ran out and cannot be renewed.' },
    REAUTHORIZATION_REQUIRED: { value: 'reauthorization_required', description: 'The provider no longer accepts it.' },
  } as const satisfies Record<string, { value: DisconnectReason; description: string }>,
});
export const PolicyLayer = builder.enumType('PolicyLayer', { description: 'All three must allow.', values: ['ORGANIZATION', 'USER', 'APPLICATION'] as const });
export const PolicyEffect = builder.enumType('PolicyEffect', { values: ['ALLOW', 'DENY'] as const });
export const PolicySubjectKind = builder.enumType('PolicySubjectKind', { values: ['EVERYONE', 'GROUP', 'USER', 'ROLE', 'APPLICATION'] as const });
export const PolicyState = builder.enumType('PolicyState', { description: 'A draft is kept and never enforced.', values: ['LIVE', 'DRAFT'] as const });
export const PolicyOrigin = builder.enumType('PolicyOrigin', { description: 'Who wrote the rule.', values: ['MANUAL', 'ATTACHMENT', 'CONSENT'] as const });
export const LayerResult = builder.enumType('LayerResult', {
  values: {
    ALLOW: {},
    DENY: {},
    NO_RULE: { description: 'No rule matched: the layer does not allow.' },
    NOT_APPLICABLE: { description: 'There is no user, so there is no user layer.' },
  } as const,
});
export const RemedyOwner = builder.enumType('RemedyOwner', { description: 'Who can change the outcome.', values: ['ADMINISTRATOR', 'USER', 'APPLICATION_OWNER'] as const });
export const ActorKind = builder.enumType('ActorKind', {
  values: { USER: { value: 'user' }, SERVICE_ACCOUNT: { value: 'service_account' }, APPLICATION: { value: 'application' }, SYSTEM: { value: 'system', description: 'The server itself.' } } as const,
});
export const AuditOutcome = builder.enumType('AuditOutcome', { values: EVENT_OUTCOMES });

type Kind = keyof typeof EVENTS;
const kindName = (kind: string): string => kind.replaceAll('.', '_').toUpperCase();
/** `organization.created` is ORGANIZATION_CREATED here, because GraphQL names hold no dots. */
export const AuditEventKind = builder.enumType('AuditEventKind', {
  description: 'What happened.',
  values: Object.fromEntries((Object.keys(EVENTS) as Kind[]).map((kind) => [kindName(kind), { value: kind, description: EVENTS[kind].text }])) as Record<string, { value: Kind; description: string }>,
});
