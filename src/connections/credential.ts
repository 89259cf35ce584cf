import type { ConnectionId } from '../kernel/index.ts';
import { seal, Secret, unseal, type DataKey } from '../platform/index.ts';

/** What a connection keeps sealed. */
export interface Credential {
  readonly accessToken: Secret;
  readonly refreshToken: Secret | null;
  readonly tokenType: string;
  readonly scopes: readonly string[];
}

interface Stored {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly tokenType: string;
  readonly scope: string;
}

const place = (id: ConnectionId) => ({ row: id, field: 'connection.credential' });

export function sealCredential(key: DataKey, id: ConnectionId, credential: Credential): Uint8Array {
  const stored: Stored = {
    accessToken: credential.accessToken.reveal(),
    refreshToken: credential.refreshToken?.reveal() ?? null,
    tokenType: credential.tokenType,
    scope: credential.scopes.join(' '),
  };
  return seal(key, place(id), new Secret(JSON.stringify(stored)));
}

export function openCredential(key: DataKey, id: ConnectionId, sealed: Uint8Array): Credential {
  const stored = JSON.parse(unseal(key, place(id), sealed).reveal()) as Stored;
  return {
    accessToken: new Secret(stored.accessToken),
    refreshToken: stored.refreshToken === null ? null : new Secret(stored.refreshToken),
    tokenType: stored.tokenType,
    scopes: stored.scope === '' ? [] : stored.scope.split(' '),
  };
}
