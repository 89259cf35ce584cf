import type { Graphql, GraphqlSettings, openGraphql } from './graphql.ts';

export interface LateGraphql extends Graphql {
  /** Loads the door's code, once; a request does the same. */
  load(): Promise<Graphql>;
}

/**
 * The GraphQL door, whose code (schema, engine, transports) is as much as all the rest of the server. It is loaded with the
 * first request or by `load`, so that the doors that decide and hand out do not wait for it when a node starts.
 */
export function openGraphqlLater(deps: Parameters<typeof openGraphql>[0], settings: GraphqlSettings): LateGraphql {
  let loading: Promise<Graphql> | undefined;
  const load = (): Promise<Graphql> => (loading ??= import('./graphql.ts').then((door) => door.openGraphql(deps, settings)));
  const drain = async (graceMs?: number): Promise<void> => (await loading)?.drain(graceMs);
  return {
    load,
    routes: [{ method: 'ALL', path: '/graphql', faults: 'problem', handle: async (call) => (await load()).routes[0]?.handle(call) }],
    upgrade: (req, socket, head) =>
      void load().then(
        (door) => door.upgrade(req, socket, head),
        () => socket.destroy(),
      ),
    drain,
    [Symbol.asyncDispose]: () => drain(0),
  };
}
