import type { Selectable } from 'kysely';
import type { ChangeDeps } from '../audit/index.ts';
import { systemActor, type ConnectionId, type OrganizationId, type SystemActor, type UserId } from '../kernel/index.ts';
import { newId, type ConnectionTable, type DataKey, type DisconnectReason, type IntegrationTable, type Secret, type Wells } from '../platform/index.ts';
import { openCredential } from './credential.ts';

export type FreshCredentialDeps = ChangeDeps & Pick<Wells, 'db' | 'keyring' | 'fetch' | 'environment' | 'log' | 'metrics'>;

/** The columns of a connection that its use depends on. */
export type ConnectionFacts = Pick<Selectable<ConnectionTable>, 'id' | 'version' | 'status' | 'reason' | 'credential' | 'expires_at'>;

export interface FreshCredentialInput {
  readonly organizationId: OrganizationId;
  readonly integration: Pick<Selectable<IntegrationTable>, 'id' | 'handle' | 'auth_mode' | 'server_token'>;
  /** The user's connection to the integration, null where there never was one. */
  readonly connection: ConnectionFacts | null;
  readonly dataKey: DataKey;
  /** Whom the connection belongs to, for events; null only where no connection is needed. */
  readonly user: { readonly id: UserId; readonly name: string } | null;
  /** The request that asks, for the events of a refresh that it sets off. */
  readonly request?: { readonly requestId: string; readonly address: string | null } | undefined;
}

export type NotConnectedReason = 'never_connected' | DisconnectReason;

export type FreshCredential =
  | {
      readonly kind: 'credential';
      readonly accessToken: Secret;
      readonly tokenType: string;
      /** Null: does not expire. */
      readonly expiresAt: Date | null;
      readonly scopes: readonly string[];
      /** What the audit row must be fenced with; null for a token that belongs to no connection. */
      readonly connection: { readonly id: ConnectionId; readonly version: number } | null;
    }
  | { readonly kind: 'not_connected'; readonly reason: NotConnectedReason }
  /** The service asks for no credential. */
  | { readonly kind: 'nothing' };

/** The server itself, as whoever refreshes: no caller owns a refresh, though one set it off. */
export const refreshActor = ({ organizationId, request }: FreshCredentialInput): SystemActor => ({
  ...systemActor(organizationId, 'refresh', request?.requestId ?? newId('request')),
  address: request?.address ?? null,
});

/** A token this close to its end is refreshed before it is handed out. */
const MARGIN_MS = 60_000;

export const expiresSoon = (at: Date | null, now: Date): boolean => at !== null && at.getTime() <= now.getTime() + MARGIN_MS;
export const hasExpired = (at: Date | null, now: Date): boolean => at !== null && at <= now;

/** What the connection holds, however long it is still good for. */
export function openConnection(key: DataKey, { id, version, credential, reason, expires_at }: ConnectionFacts): FreshCredential {
  if (!credential) return { kind: 'not_connected', reason: reason ?? 'disconnected' };
  const { accessToken, tokenType, scopes } = openCredential(key, id, credential);
  return { kind: 'credential', accessToken, tokenType, expiresAt: expires_at, scopes, connection: { id, version } };
}
