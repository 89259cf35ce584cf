import { openGraphql, type Graphql, type GraphqlSettings } from '../../src/http/graphql.ts';
import { openHttpServer } from '../../src/http/server.ts';
import { loadActor, type VerifiedToken } from '../../src/identity/index.ts';
import { Fault, type Actor } from '../../src/kernel/index.ts';
import { resourcesOf } from '../../src/platform/index.ts';
import { openTestGraph, type TestGraph } from '../graph/support.ts';

export interface TestDoor extends AsyncDisposable {
  readonly graph: TestGraph;
  readonly door: Graphql;
  readonly url: string;
  readonly socketUrl: string;
  /** A token for GraphQL of this actor, true until `lifetimeMs` from now. */
  tokenOf(actor: Actor, lifetimeMs?: number): string;
  post(token: string | null, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The answer of an operation. */
  ask(token: string | null, query: string, variables?: Record<string, unknown>): Promise<{ data?: Record<string, unknown> | null; errors?: { message: string; extensions: Record<string, unknown> }[] }>;
}

/**
 * The GraphQL door on a real port over a real database. Tokens are names for what a token says; whether its subject still
 * stands is asked of the database, as in the server.
 */
export async function openTestDoor(settings: Partial<GraphqlSettings> = {}): Promise<TestDoor> {
  const graph = await openTestGraph();
  const { wells } = graph;
  const tokens = new Map<string, VerifiedToken>();
  const identity = {
    async verifyAccessToken(token: string, audience: string) {
      const verified = tokens.get(token);
      if (!verified?.audience.includes(audience) || verified.expiresAt <= wells.clock.now()) throw new Fault('unauthenticated');
      return verified;
    },
    loadActor: (token: VerifiedToken, origin: Parameters<typeof loadActor>[2]) => loadActor(wells, token, origin),
  };
  const door = openGraphql({ ...wells, identity }, { development: false, ...settings });
  const server = await openHttpServer({ name: 'server', host: '127.0.0.1', port: 0, routes: door.routes, upgrade: door.upgrade, log: wells.log, metrics: wells.metrics });
  const url = `http://127.0.0.1:${server.port}/graphql`;
  const post: TestDoor['post'] = (token, body, headers = {}) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return {
    graph,
    door,
    url,
    socketUrl: url.replace('http', 'ws'),
    post,
    ask: async (token, query, variables) => (await post(token, { query, variables })).json() as ReturnType<TestDoor['ask']>,
    tokenOf(actor, lifetimeMs = 60_000) {
      const token = `token-${tokens.size}`;
      tokens.set(token, { ...verifiedToken(actor), audience: [resourcesOf(wells.urls).graphql], expiresAt: new Date(wells.clock.now().getTime() + lifetimeMs) });
      return token;
    },
    async [Symbol.asyncDispose]() {
      await door.drain(0);
      await server.drain(500);
      await graph[Symbol.asyncDispose]();
    },
  };
}

function verifiedToken(actor: Actor): Omit<VerifiedToken, 'audience' | 'expiresAt'> {
  const { organizationId } = actor;
  if (actor.kind === 'user' && actor.applicationId) return { organizationId, subject: { kind: 'user', userId: actor.userId }, clientId: actor.applicationId, grantId: actor.grantId, scopes: ['openid'] };
  if (actor.kind === 'service_account') return { organizationId, subject: { kind: 'service_account', id: actor.serviceAccountId }, clientId: actor.serviceAccountId, grantId: null, scopes: actor.scopes };
  throw new Error('this actor has no token');
}
