import { authMode, type AuthModeRow } from '../integrations/index.ts';
import { unseal } from '../platform/index.ts';
import { expiresSoon, openConnection, type FreshCredential, type FreshCredentialDeps, type FreshCredentialInput } from './facts.ts';
import { refresh } from './refresh.ts';

type Answer = FreshCredential | Promise<FreshCredential>;

/**
 * The credential to use now. As long as it is not about to expire this opens it and returns, without a promise and without
 * any I/O. Otherwise it resolves once the connection was refreshed, by this call or by another on any node. Throws
 * `unavailable` where the provider cannot be asked and the token at hand is over.
 */
export function freshCredential(deps: FreshCredentialDeps, input: FreshCredentialInput): Answer {
  return SOURCES[authMode(input.integration.auth_mode).credential](deps, input);
}

/** By where a mode keeps its credential. */
const SOURCES: Record<AuthModeRow['credential'], (deps: FreshCredentialDeps, input: FreshCredentialInput) => Answer> = {
  none: () => ({ kind: 'nothing' }),
  integration: (_deps, { dataKey, integration }) => {
    if (!integration.server_token) return { kind: 'not_connected', reason: 'never_connected' };
    const accessToken = unseal(dataKey, { row: integration.id, field: 'integration.server_token' }, integration.server_token);
    return { kind: 'credential', accessToken, tokenType: 'Bearer', expiresAt: null, scopes: [], connection: null };
  },
  connection: (deps, input) => {
    const { connection, dataKey } = input;
    if (!connection) return { kind: 'not_connected', reason: 'never_connected' };
    if (connection.credential && expiresSoon(connection.expires_at, deps.clock.now())) return refresh(deps, input, connection);
    return openConnection(dataKey, connection);
  },
};
