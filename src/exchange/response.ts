import { Fault } from '../kernel/index.ts';
import type { Urls } from '../platform/index.ts';
import type { AccessOutcome, AccessRequest, NotConnectedReason, Obstacle } from '../access/index.ts';
import { ACCESS_TOKEN_TYPE, badSubject } from './parse-request.ts';

/** The success answer of a token exchange, as on the wire. Times are whole seconds. @see RFC 8693 section 2.2.1 */
export interface ExchangeAnswer {
  readonly access_token: string;
  readonly issued_token_type: typeof ACCESS_TOKEN_TYPE;
  readonly token_type: string;
  /** Absent where the credential does not expire. */
  readonly expires_in?: number;
  /** The provider's scopes of the credential; absent where none are known. */
  readonly scope?: string;
  /** The integration's handle. */
  readonly integration: string;
  /** Absent for the organization's shared token. */
  readonly connection_id?: string;
  /** The committed row of the log that this answer stands on. */
  readonly audit_id: string;
}

type Settled = Exclude<AccessOutcome, { kind: 'caller_stale' }>;

/** The answer to an outcome: the credential, or the fault that says who must do what. The one place where it is revealed. */
export function toAnswer(outcome: Settled, request: AccessRequest, { urls, now }: { urls: Urls; now: Date }): ExchangeAnswer {
  const audit_id = outcome.auditId;
  switch (outcome.kind) {
    case 'granted': {
      const { accessToken, tokenType, expiresAt, scopes, connectionId } = outcome.credential;
      return {
        access_token: accessToken.reveal(),
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: tokenType,
        ...(expiresAt && { expires_in: Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1_000)) }),
        ...(scopes.length > 0 && { scope: scopes.join(' ') }),
        integration: outcome.integration,
        ...(connectionId && { connection_id: connectionId }),
        audit_id,
      };
    }
    case 'nothing':
      throw new Fault('invalid_target', {
        message: `${outcome.integration} needs no credential, so there is nothing to exchange.`,
        hint: 'Call it without one.',
        extensions: { failure_reason: 'nothing_to_exchange', integration: outcome.integration, audit_id },
      });
    case 'denied': {
      const { decision } = outcome;
      const hint = decision.gatewayOnly
        ? `${outcome.integration} is in STRICT mode: use the gateway for these capabilities.`
        : decision.remedies.map(({ how }) => how).join(' ');
      throw new Fault('access_denied', { hint, extensions: { code: 'kontext_policy_denied', decision, audit_id } });
    }
    case 'not_connected': {
      const again = outcome.reason === 'reauthorization_required';
      const connect_url = request.userId === null ? undefined : `${urls.public}/connect/${request.organizationId}/${outcome.integration}`;
      throw new Fault(again ? 'reauthorization_required' : 'integration_required', {
        message: NOT_CONNECTED[outcome.reason],
        extensions: { failure_reason: outcome.reason, integration: outcome.integration, ...(connect_url && { connect_url }), audit_id },
      });
    }
    case 'obstacle':
      throw OBSTACLE_FAULT[outcome.obstacle](audit_id);
  }
}

const NOT_CONNECTED: Record<NotConnectedReason, string> = {
  never_connected: 'The user has not connected this integration yet.',
  disconnected: 'The connection was ended.',
  expired: 'The connection expired and cannot be refreshed.',
  reauthorization_required: 'The provider no longer accepts the stored authorization.',
};

/** Unknown and not attached differ only for applications of the organization itself, which may know. */
const OBSTACLE_FAULT: Record<Obstacle, (auditId: string) => Fault> = {
  application_ended: () => new Fault('invalid_client'),
  subject_ended: badSubject,
  unknown_integration: (audit_id) => new Fault('invalid_target', { message: 'There is no such integration.', extensions: { failure_reason: 'unknown_integration', audit_id } }),
  ambiguous_target: (audit_id) =>
    new Fault('invalid_target', { message: 'Two integrations answer to this address.', hint: 'Name the integration by its handle.', extensions: { failure_reason: 'unknown_integration', audit_id } }),
  not_attached_to_application: (audit_id) =>
    new Fault('invalid_target', {
      message: 'The integration is not attached to this application.',
      hint: 'The application\'s owner or an administrator can attach it with attachIntegration.',
      extensions: { failure_reason: 'not_attached_to_application', audit_id },
    }),
  foreign_capability: (audit_id) => new Fault('invalid_scope', { message: 'A capability in scope belongs to another integration than the target.', field: 'scope', extensions: { audit_id } }),
  user_required: (audit_id) =>
    new Fault('invalid_target', {
      message: 'This integration has no shared token: its credentials belong to users.',
      hint: 'Send the user\'s access token as subject_token, or an administrator can change the integration\'s auth mode.',
      extensions: { failure_reason: 'user_required', audit_id },
    }),
};
