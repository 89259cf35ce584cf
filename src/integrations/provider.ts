import type { AuthMode } from '../platform/index.ts';

/** How dangerous a scope is in the hands of an application, for the person who ticks it. */
export type ScopeRisk = 'LOW' | 'MEDIUM' | 'HIGH';

export interface ProviderScope {
  readonly name: string;
  readonly text: string;
  readonly risk: ScopeRisk;
}

/** How one authorization server speaks OAuth; everything in which servers differ is a field here. */
export interface OAuthDialect {
  /** Name of `CLIENT_AUTHENTICATION`'s entry, for clients that have a secret. */
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post';
  /** Whether the provider refuses apps that have no secret. */
  readonly secretRequired: boolean;
  /** S256, always, but for servers that refuse what they do not know. */
  readonly pkce: boolean;
  /** The authorization parameter that carries the scopes of the user's own token. */
  readonly scopeParameter: string;
  readonly scopeSeparator: ' ' | ',';
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /**
   * Whether a refresh token may be sent again after an answer that never came. Where it may not, one use is one use: some
   * servers revoke every token of the user when a refresh token comes twice.
   */
  readonly refreshReplay: 'safe' | 'unsafe';
  readonly quirks: OAuthQuirks;
}

/** What the OAuth library cannot take; `normalize-answer.ts` and the fetch around it put each one right. */
export interface OAuthQuirks {
  /** The member of the answer that holds the user's token, where the token beside it is somebody else's. */
  readonly nestedUnder: string | null;
  /** Token requests are JSON instead of a form. */
  readonly jsonRequests: boolean;
  /** Headers that every request needs. */
  readonly headers: Readonly<Record<string, string>>;
  /** The server's own error codes in the words of RFC 6749 section 5.2. */
  readonly errorAliases: Readonly<Record<string, string>>;
}

/** How the server ends one token. */
export interface Revocation {
  readonly endpoint: string;
  /** Name of `REVOCATIONS`' entry. */
  readonly style: 'rfc7009' | 'bearer' | 'github';
  /** What ends with the token: it alone, or all that the user ever granted to the OAuth app, in every organization. */
  readonly reach: 'token' | 'grant';
}

/** A service that needs no configuration: where it is and how it speaks. */
export interface Provider {
  readonly handle: string;
  readonly name: string;
  readonly authModes: readonly AuthMode[];
  /** What `iss` of its authorization answers must be, where it is known. */
  readonly issuer: string | null;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocation: Revocation | null;
  readonly dialect: OAuthDialect;
  readonly defaultScopes: readonly string[];
  /** The catalogue to choose from; other scopes are accepted too. */
  readonly scopes: readonly ProviderScope[];
  readonly apiBaseUrl: string;
  readonly mcpUrl: string | null;
  readonly documentationUrl: string;
}

export const NO_QUIRKS: OAuthQuirks = { nestedUnder: null, jsonRequests: false, headers: {}, errorAliases: {} };

/** How a server that follows the standards speaks; presets say in what they differ. */
export const STANDARD_DIALECT: OAuthDialect = {
  clientAuthentication: 'client_secret_basic',
  secretRequired: false,
  pkce: true,
  scopeParameter: 'scope',
  scopeSeparator: ' ',
  authorizationParameters: {},
  refreshReplay: 'unsafe',
  quirks: NO_QUIRKS,
};
