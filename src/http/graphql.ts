import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GraphDeps } from '../graph/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Route } from '../platform/index.ts';
import { openGraphqlHttp, type GraphqlHttpSettings } from './graphql-http.ts';
import { openAuthenticate } from './graphql-session.ts';
import { openGraphqlSockets, type GraphqlSocketSettings } from './graphql-socket.ts';

export type GraphqlSettings = GraphqlHttpSettings & GraphqlSocketSettings;

export interface Graphql {
  readonly routes: readonly Route[];
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Finishes what is in flight within `graceMs`; every subscription ends with a reason, on both transports. */
  drain(graceMs: number): Promise<void>;
}

/** The GraphQL door: HTTP with server-sent events, and WebSocket, over one schema, one set of limits and one way to draw errors. */
export function openGraphql(deps: GraphDeps & { readonly identity: Pick<Identity, 'verifyAccessToken' | 'loadActor'> }, settings: GraphqlSettings): Graphql {
  const authenticate = openAuthenticate(deps.identity, deps.urls);
  const stopping = new AbortController();
  const sockets = openGraphqlSockets(deps, settings, authenticate);
  return {
    routes: [{ method: 'ALL', path: '/graphql', faults: 'problem', handle: openGraphqlHttp(deps, settings, authenticate, stopping.signal) }],
    upgrade: sockets.upgrade,
    async drain(graceMs) {
      stopping.abort();
      await sockets.drain(graceMs);
    },
  };
}
