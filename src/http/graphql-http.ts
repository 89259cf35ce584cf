import type { IncomingMessage, ServerResponse } from 'node:http';
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { asGraphQLError, openContext, prepareDocument, renderError, runOperation, schema, type GraphDeps, type Session } from '../graph/index.ts';
import { Fault, retryHeader, toFault, type Json } from '../kernel/index.ts';
import { readText, sendJson, type Call, type Handler } from '../platform/index.ts';
import { parseParams } from './graphql-params.ts';
import { readBearer, type Authenticate } from './graphql-session.ts';
import { openStream, renderAnswer } from './graphql-stream.ts';

export interface GraphqlHttpSettings {
  /** GraphiQL, and the schema to whoever has no token. */
  readonly development: boolean;
  /** How long a query or mutation may take. */
  readonly timeoutMs: number;
  /** How long a reader may leave what is written to it untaken. */
  readonly stallMs: number;
}

const MAX_BODY = 262_144;
const ANSWERS = ['application/graphql-response+json', 'application/json', 'text/event-stream'] as const;

interface Asked {
  readonly session: Session | null;
  /** Whether the client reads server-sent events. */
  readonly streams: boolean;
}

interface ServerContext extends Asked {
  readonly requestId: string;
  /** Aborted once the answer is over, however it ended. */
  readonly gone: AbortSignal;
}

/**
 * `/graphql` over HTTP: POST of JSON, answered with JSON or, for a subscription, with server-sent events. Everything that can
 * be refused without a library is refused before yoga sees it; yoga negotiates, streams and serves GraphiQL.
 */
export function openGraphqlHttp(deps: GraphDeps, settings: GraphqlHttpSettings, authenticate: Authenticate, stopping: AbortSignal): Handler {
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: '/graphql',
    context: ({ session, requestId }) => openContext(deps, session, requestId),
    graphiql: settings.development && { title: 'Kontext', defaultQuery: '{ viewer { name organization { name } } }' },
    plugins: [useCSRFPrevention(), engine(settings.timeoutMs), answers(deps, stopping)],
    landingPage: false,
    batching: false,
    multipart: false,
    cors: false,
    logging: false,
    maskedErrors: false, // `answers` renders every error, of every kind and transport
    maxRequestBodySize: false, // the body is read before
    parserAndValidationCache: false, // its size is bounded by number only; prepareDocument has its own
  });
  return async (call) => {
    try {
      const gone = watchClose(call.res);
      const isPage = settings.development && asksForGraphiQL(call.req);
      const context = isPage ? { session: null, streams: false } : await openRequest(call, settings.development, authenticate);
      if (context.session && context.streams) cutOffAt(call.res, deps, context.session.until);
      cutOffStalled(call.res, settings.stallMs);
      const answered = yoga(call.req, call.res, { ...context, requestId: call.requestId, gone });
      // Yoga waits for ever on a reader that has left.
      await Promise.race([answered, new Promise((resolve) => gone.addEventListener('abort', resolve))]);
    } catch (thrown) {
      refuse(call, toFault(thrown), deps);
    }
  };
}

const asksForGraphiQL = ({ method, headers }: IncomingMessage): boolean => method === 'GET' && (headers.accept ?? '').includes('text/html');

/** Checks method, content type, token and body, in this order: nothing is read from a stranger. Leaves the body for yoga. */
async function openRequest(call: Call, development: boolean, authenticate: Authenticate): Promise<Asked> {
  const { req, requestId, address } = call;
  if (req.method !== 'POST') throw new Fault('method_not_allowed', { message: 'GraphQL is served by POST.' });
  const contentType = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') throw new Fault('unsupported_media_type', { message: 'Send the operation as application/json.' });
  const { authorization } = req.headers;
  const session = development && authorization === undefined ? null : await authenticate(readBearer(authorization), { requestId, address });
  Object.assign(req, { body: parseParams(await readText(req, MAX_BODY)) });
  // An answer nobody asked for is better than a mutation that happened and could not be told.
  const accepted = ANSWERS.filter((type) => req.headers.accept?.includes(type));
  req.headers.accept = accepted.length > 0 ? accepted.join(', ') : 'application/json';
  return { session, streams: accepted.includes('text/event-stream') };
}

/** Reading and running as both doors do; yoga's own would use its own parser, rules and executor. */
function engine(timeoutMs: number): Plugin {
  const run = (args: ExecutionArgs) => runOperation(args, timeoutMs);
  const subscribe = (args: ExecutionArgs) => ((args.contextValue as ServerContext).streams ? run(args) : NO_STREAM);
  return {
    onParse: ({ setParseFn }) => setParseFn((source) => prepareDocument(String(source))),
    onValidate: ({ setValidationFn }) => setValidationFn(() => []),
    onExecute: ({ setExecuteFn }) => setExecuteFn(run),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  };
}

const NO_STREAM: ExecutionResult = {
  errors: [asGraphQLError(new Fault('invalid_input', { message: 'A subscription is answered with server-sent events or over WebSocket.', hint: 'Send Accept: text/event-stream.' }))],
};

/** Draws every result as it leaves. */
function answers(deps: GraphDeps, stopping: AbortSignal): Plugin<object, ServerContext> {
  return {
    onResultProcess({ result, setResult, serverContext: { requestId, gone } }) {
      const answer = Symbol.asyncIterator in result ? openStream(result as AsyncIterable<ExecutionResult>, requestId, deps.log, { stopping, gone }) : renderAnswer(result as ExecutionResult, requestId, deps.log);
      setResult(answer as typeof result);
    },
  };
}

function watchClose(res: ServerResponse): AbortSignal {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  return gone.signal;
}

/** Ends a stream with its token, also where nothing pulls any more. */
function cutOffAt(res: ServerResponse, { clock }: GraphDeps, until: Date): void {
  const timer = setTimeout(() => res.destroy(), Math.min(until.getTime() - clock.now().getTime() + 2_000, 0x7fffffff));
  res.once('close', () => clearTimeout(timer));
}

/** Ends an answer whose reader has stopped reading: the same bytes have waited for `stallMs` to twice that. Yoga lifts the socket's own limit. */
function cutOffStalled(res: ServerResponse, stallMs: number): void {
  let written = 0;
  const timer = setInterval(() => {
    const now = res.socket?.bytesWritten ?? 0;
    if (res.writableLength > 0 && now === written) res.destroy();
    written = now;
  }, stallMs);
  res.once('close', () => clearInterval(timer));
}

function refuse({ req, res, requestId }: Call, fault: Fault, { log }: GraphDeps): void {
  if (res.headersSent) return void res.destroy();
  const challenge = req.headers.authorization === undefined ? 'Bearer realm="kontext"' : 'Bearer realm="kontext", error="invalid_token"';
  const body: Json = { errors: [renderError(fault, requestId, log) as unknown as Json] }; // an interface has no index signature; every member is JSON
  sendJson(res, fault.row.status, body, {
    ...(fault.code === 'unauthenticated' && { 'www-authenticate': challenge }),
    ...(fault.code === 'method_not_allowed' && { allow: 'POST' }),
    ...retryHeader(fault),
    ...(!req.complete && { connection: 'close' }),
  });
  // What is still coming of a refused body is not read.
  if (!req.complete) res.once('finish', () => req.destroy());
}
