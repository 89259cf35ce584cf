import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GraphDeps } from '../graph/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Route } from '../platform/index.ts';
import { openGraphqlHttp, type GraphqlHttpSettings } from './graphql-http.ts';
import { openAuthenticate } from './graphql-session.ts';
import { openGraphqlSockets } from './graphql-socket.ts';

export interface GraphqlSettings extends Pick<GraphqlHttpSettings, 'development'> {
  /** How long a query or mutation may take; 30 s. */
  readonly timeoutMs?: number | undefined;
  /** How often a WebSocket client is asked whether it is there; 15 s. */
  readonly pingMs?: number | undefined;
  /** How long a reader of an answer or a stream may leave what is written untaken; 30 s. */
  readonly stallMs?: number | undefined;
}

export interface Graphql extends AsyncDisposable {
  readonly routes: readonly Route[];
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Every subscription ends with a reason, on both transports; what runs over WebSocket has `graceMs` to finish, HTTP as long as its server gives it. */
  drain(graceMs?: number): Promise<void>;
}

/** The GraphQL door: HTTP with server-sent events, and WebSocket, over one schema, one set of limits and one way to draw errors. */
export function openGraphql(deps: GraphDeps & { readonly identity: Pick<Identity, 'verifyAccessToken' | 'loadActor'> }, settings: GraphqlSettings): Graphql {
  const authenticate = openAuthenticate(deps.identity, deps.urls);
  const stopping = new AbortController();
  const { development, timeoutMs = 30_000, pingMs = 15_000, stallMs = 30_000 } = settings;
  const sockets = openGraphqlSockets(deps, { timeoutMs, pingMs }, authenticate);
  const drain = async (graceMs = 5_000): Promise<void> => {
    stopping.abort();
    await sockets.drain(graceMs);
  };
  return {
    routes: [{ method: 'ALL', path: '/graphql', faults: 'problem', handle: openGraphqlHttp(deps, { development, timeoutMs, stallMs }, authenticate, stopping.signal) }],
    upgrade: sockets.upgrade,
    drain,
    [Symbol.asyncDispose]: () => drain(0),
  };
}
