import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLError } from 'graphql';
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer, type Context } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { asGraphQLError, faultOf, InvalidDocument, openContext, prepareDocument, renderError, renderResult, runOperation, schema, type GraphContext, type GraphDeps, type Session } from '../graph/index.ts';
import { Fault, invalid, toFault } from '../kernel/index.ts';
import { newId } from '../platform/index.ts';
import { readBearer, type Authenticate } from './graphql-session.ts';
import { GOING_AWAY } from './graphql-stream.ts';

export interface GraphqlSocketSettings {
  readonly timeoutMs: number;
  /** How often the other side is asked whether it is there; whoever does not answer until the next time is cut off. */
  readonly pingMs: number;
}

export interface GraphqlSockets {
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes no new operation, lets queries and mutations finish within `graceMs`, then closes every socket with a reason. */
  drain(graceMs: number): Promise<void>;
}

const MAX_MESSAGE = 262_144;
const MAX_OPERATIONS = 100;
/** Messages of one socket that are answered at the same time, an operation until it ends; more are not read before. */
const MAX_UNANSWERED = 128;
const MAX_ID = 128;
/** Bytes that wait for a client to read them, when yet another answer comes. */
const MAX_UNREAD = 16_777_216;
/** Clients take 4401 as the end and 4403 as a reason to come back with another token. */
const ENDED = CloseCode.Forbidden;

interface Extra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  session: Session | null;
  expiry: NodeJS.Timeout | undefined;
}

type SocketContext = Context<Record<string, unknown> | undefined, Extra>;

/** `/graphql` over WebSocket, by the graphql-transport-ws protocol. The token comes with `connection_init` or in the handshake's header. */
export function openGraphqlSockets(deps: GraphDeps, settings: GraphqlSocketSettings, authenticate: Authenticate): GraphqlSockets {
  const running = new Set<Promise<unknown>>();
  /** The request id of the message that is being handled, however it ends. */
  const current = new AsyncLocalStorage<string>();
  let draining = false;

  const end = ({ socket }: Extra, reason: string): void => socket.close(ENDED, reason.slice(0, 120));
  const run = (args: ExecutionArgs) => {
    const result = runOperation(args, settings.timeoutMs);
    running.add(result);
    void result.finally(() => running.delete(result));
    return result;
  };
  const server = makeServer<Record<string, unknown> | undefined, Extra>({
    schema,
    execute: run as never, // graphql-ws types the answers of graphql 16 and older too
    subscribe: run as never,
    async onConnect({ extra, connectionParams }) {
      try {
        const authorization = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'] ?? extra.request.headers.authorization;
        const session = await authenticate(readBearer(authorization), { requestId: newId('request'), address: extra.request.socket.remoteAddress ?? null });
        extra.session = session;
        extra.expiry = setTimeout(() => end(extra, 'The access token has expired.'), Math.min(session.until.getTime() - deps.clock.now().getTime(), 0x7fffffff));
        return true;
      } catch (thrown) {
        const fault = toFault(thrown);
        if (fault.code === 'internal') deps.log.error({ err: thrown }, 'a WebSocket client could not be authenticated');
        if (isEnd(fault)) end(extra, fault.message);
        else extra.socket.close(1013, fault.message);
        return false;
      }
    },
    async onSubscribe({ extra, subscriptions }: SocketContext, id, payload): Promise<ExecutionArgs | readonly GraphQLError[]> {
      const requestId = current.getStore() ?? newId('request');
      try {
        if (id.length > MAX_ID) {
          // Not even the refusal repeats it.
          extra.socket.close(CloseCode.BadRequest, `An operation id has at most ${MAX_ID} characters`);
          throw invalid('id', `An operation id has at most ${MAX_ID} characters.`);
        }
        if (draining) throw new Fault('unavailable', { message: GOING_AWAY });
        if (Object.keys(subscriptions).length > MAX_OPERATIONS) throw new Fault('rate_limited', { message: `At most ${MAX_OPERATIONS} operations run on one socket.` });
        const contextValue = openContext(deps, await renew(extra, requestId), requestId);
        return { schema, document: prepareDocument(payload.query), variableValues: payload.variables ?? {}, operationName: payload.operationName, contextValue };
      } catch (thrown) {
        return thrown instanceof InvalidDocument ? thrown.errors : [asGraphQLError(thrown)];
      }
    },
    onNext: (_context, _id, _payload, args, result) => renderResult(result, (args.contextValue as GraphContext).requestId, deps.log),
    onError({ extra }, _id, _payload, errors) {
      const ended = errors.map(faultOf).find(isEnd);
      // After the message that tells the operation why.
      if (ended) setImmediate(() => end(extra, ended.message));
      return errors.map((error) => renderError(error, current.getStore() ?? '', deps.log));
    },
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false, handleProtocols: (offered) => offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) && GRAPHQL_TRANSPORT_WS_PROTOCOL });
  const serve = (socket: WebSocket, request: IncomingMessage): void => {
    const extra: Extra = { socket, request, session: null, expiry: undefined };
    let unanswered = 0;
    const stopPinging = pingRegularly(socket, settings.pingMs);
    // What a client does wrong (too large, not UTF-8) closes its socket; nobody else needs to know.
    socket.on('error', (error) => deps.log.debug({ err: error }, 'a WebSocket client misbehaved'));
    const closed = server.opened(
      {
        protocol: socket.protocol,
        // Resolves once the message has left: a client that does not read is not written to.
        send: (data) =>
          new Promise((resolve) => {
            if (socket.bufferedAmount > MAX_UNREAD) socket.terminate();
            if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
            else resolve();
          }),
        // Without the payload, which need not come back.
        onPing: () => new Promise((resolve) => socket.send('{"type":"pong"}', () => resolve())),
        close: (code, reason) => socket.close(code === CloseCode.Unauthorized ? ENDED : code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            if (++unanswered === MAX_UNANSWERED) socket.pause();
            current
              .run(newId('request'), handle, String(data))
              .catch((error: unknown) => {
                deps.log.error({ err: error }, 'a WebSocket message could not be handled');
                socket.close(1011, 'Something went wrong on our side.');
              })
              .finally(() => unanswered-- === MAX_UNANSWERED && socket.resume());
          }),
      },
      extra,
    );
    socket.once('close', (code, reason) => {
      clearTimeout(extra.expiry);
      stopPinging();
      void closed(code, String(reason));
    });
  };

  return {
    upgrade(req, socket, head) {
      if (draining) return void socket.end('HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\r\n');
      if (req.url?.split('?')[0] !== '/graphql') return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      sockets.handleUpgrade(req, socket, head, serve);
    },
    async drain(graceMs) {
      draining = true;
      const grace = new Promise((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([Promise.allSettled(running), grace]);
      const gone = [...sockets.clients].map((socket) => {
        socket.close(1001, GOING_AWAY);
        return new Promise((resolve) => socket.once('close', resolve));
      });
      await Promise.race([Promise.all(gone), grace]);
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

const isEnd = ({ code }: Fault): boolean => code === 'unauthenticated' || code === 'forbidden';

/** The session as it is now: a socket outlives many changes of rights. */
async function renew({ session }: Extra, requestId: string): Promise<Session> {
  if (!session) throw new Fault('unauthenticated');
  return { ...session, actor: { ...(await session.recheck()), requestId } };
}

function pingRegularly(socket: WebSocket, everyMs: number): () => void {
  let asked = 0;
  let answered = 0;
  // Each ping has its own number: a client that reads nothing cannot know it.
  socket.on('pong', (data) => String(data) === String(asked) && (answered = asked));
  const timer = setInterval(() => {
    if (answered !== asked) return socket.terminate();
    socket.ping(String(++asked));
  }, everyMs);
  return () => clearInterval(timer);
}
