import type { Clock } from './clock.ts';
import type { Database } from './db/database.ts';
import type { Doorbell } from './db/doorbell.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { SafeFetch } from './net/safe-fetch.ts';
import type { Keyring } from './vault/keyring.ts';

/** Where the server is reached from outside; no trailing slash. */
export interface Urls {
  /** Authorization server, pages and GraphQL; also the issuer. */
  readonly public: string;
  readonly sidecar: string;
}

/** Everything that touches the world. A verb takes a `Pick` of what it needs; `compose.ts` builds them once. */
export interface Wells {
  readonly db: Database;
  readonly bell: Doorbell;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly keyring: Keyring;
  readonly fetch: SafeFetch;
  readonly urls: Urls;
  /** The environment's variables, for the platform's OAuth apps. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The resources an access token can be for (RFC 8707): what `aud` holds. */
export function resourcesOf(urls: Urls): { readonly graphql: string; readonly gateway: string; readonly sidecar: string } {
  return { graphql: `${urls.public}/graphql`, gateway: `${urls.public}/mcp`, sidecar: urls.sidecar };
}
