import type { AuthMode } from '../platform/index.ts';

/** Everything the rest needs to know about a way of authenticating at a service. */
export interface AuthModeRow {
  readonly text: string;
  /** Where the credential that is handed out is kept. */
  readonly credential: 'connection' | 'integration' | 'none';
  /** How a user connects: through the provider's consent page, by entering a token, or not at all. */
  readonly connectsBy: 'browser' | 'token' | null;
  /** Whether a user must be connected before an application gets anything. */
  readonly needsConnection: boolean;
  /** Whether an administrator stores one token for everybody. */
  readonly storesAtIntegration: boolean;
  /** Whether an authorization server issued the credential, so that it is refreshed and revoked there. */
  readonly usesOAuth: boolean;
}

/** The four modes; code asks this table and never compares a mode by name. */
export const AUTH_MODES = {
  OAUTH: { text: 'Each user consents at the provider.', credential: 'connection', connectsBy: 'browser', needsConnection: true, storesAtIntegration: false, usesOAuth: true },
  USER_TOKEN: { text: 'Each user enters a token or key of their own.', credential: 'connection', connectsBy: 'token', needsConnection: true, storesAtIntegration: false, usesOAuth: false },
  SERVER_TOKEN: { text: 'An administrator sets one token for everybody.', credential: 'integration', connectsBy: null, needsConnection: false, storesAtIntegration: true, usesOAuth: false },
  NONE: { text: 'The service asks for no credential.', credential: 'none', connectsBy: null, needsConnection: false, storesAtIntegration: false, usesOAuth: false },
} as const satisfies Record<AuthMode, AuthModeRow>;

/** The row of a mode, typed as any row. */
export const authMode = (mode: AuthMode): AuthModeRow => AUTH_MODES[mode];
