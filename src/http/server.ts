import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Fault, renderOAuthFault, renderProblem, retryHeader, toFault, type FaultAnswer, type Json } from '../kernel/index.ts';
import { faultHtml, newId, sendHtml, sendJson, type Call, type Log, type Metrics, type Route } from '../platform/index.ts';

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
  /** Finishes what is in flight and on its way, then closes; whatever is left after `graceMs` is cut off. Every answer meanwhile ends its connection. */
  drain(graceMs: number): Promise<void>;
}

export interface HttpServerSettings {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly routes: readonly Route[];
  /** Takes over WebSocket handshakes; without one they are refused. */
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'requests'>;
}

/** How long requests that are on their way have to arrive once the server drains. */
const LINGER_MS = 200;

/** The outer wall: every request gets an id, finds its route in the table, and leaves with an answer whatever was thrown. */
export async function openHttpServer(settings: HttpServerSettings): Promise<HttpServer> {
  const table = settings.routes.map(compileRoute);
  const underway = new Set<ServerResponse>();
  let draining = false;
  const server = createServer({ shouldUpgradeCallback: (req) => isWebSocket(settings, req), requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 30_000, maxHeaderSize: 16_384 }, (req, res) => {
    underway.add(res);
    res.once('close', () => underway.delete(res));
    if (draining) askToClose(res);
    void answer(settings, table, req, res);
  });
  server.on('upgrade', (req, socket, head) => {
    // Node takes its own listener off an upgraded socket, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy());
    if (settings.upgrade) settings.upgrade(req, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
  });
  await listen(server, settings);
  const drain = async (graceMs: number): Promise<void> => {
    draining = true;
    underway.forEach(askToClose);
    // What was sent before now may not have been read yet, and a connection that looks idle would be reset under it.
    await new Promise((resolve) => setTimeout(resolve, Math.min(graceMs, LINGER_MS)));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  };
  return { port: (server.address() as AddressInfo).port, drain, [Symbol.asyncDispose]: () => drain(0) };
}

/** A client that keeps its connection busy would otherwise keep the server from ending, and be cut off in the middle of a request. */
function askToClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('connection', 'close');
}

/** Any other upgrade is ignored, and the request answered as if it had not asked. @see RFC 9110 section 7.8 */
const isWebSocket = ({ upgrade }: HttpServerSettings, req: IncomingMessage): boolean => upgrade !== undefined && req.headers.upgrade?.toLowerCase() === 'websocket';

function listen(server: Server, { host, port, name }: HttpServerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code === 'EADDRINUSE' ? `The ${name} cannot listen on port ${port}: it is in use.` : `The ${name} cannot listen on ${host}:${port}: ${error.message}.`)));
    server.listen(port, host, resolve);
  });
}

interface CompiledRoute {
  readonly route: Route;
  readonly match: (path: string) => Readonly<Record<string, string>> | null;
}

/** `/a/:name` captures one segment, `/a/*` whatever lies below. */
function compileRoute(route: Route): CompiledRoute {
  const source = route.path.split('/').map((part) => (part === '*' ? '.*' : part.startsWith(':') ? `(?<${part.slice(1)}>[^/]+)` : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  const pattern = new RegExp(`^${source.join('/')}$`);
  return {
    route,
    match(path) {
      const found = pattern.exec(path);
      return found ? { ...found.groups } : null;
    },
  };
}

async function answer(settings: HttpServerSettings, table: readonly CompiledRoute[], req: IncomingMessage, res: ServerResponse): Promise<void> {
  const requestId = newId('request');
  const startedAt = performance.now();
  res.setHeader('x-request-id', requestId);
  let route: Route | undefined;
  try {
    const url = parseUrl(req);
    const found = findRoute(table, req.method ?? 'GET', url.pathname);
    route = found.route;
    const call: Call = { req, res, url, params: found.params, requestId, address: req.socket.remoteAddress ?? null };
    await route.handle(call);
  } catch (thrown) {
    const fault = toFault(thrown);
    if (fault.code === 'internal') settings.log.error({ err: thrown, requestId, route: route?.path }, 'a request failed');
    if (fault.code === 'unavailable') settings.log.warn({ err: thrown, requestId, route: route?.path }, 'a request could not be answered safely');
    if (res.headersSent) res.destroy();
    else drawFault(res, fault, requestId, route?.faults ?? 'problem');
    // What is still coming of a refused body is not read.
    if (!req.complete) res.once('finish', () => req.destroy());
  } finally {
    settings.metrics.requests.inc({ route: route?.path ?? 'none', status: String(res.statusCode) });
    // The route as it is written, never the path or query that came: they may carry codes and states.
    settings.log.info({ requestId, method: req.method, route: route?.path ?? 'none', status: res.statusCode, ms: Math.round(performance.now() - startedAt) }, 'answered');
  }
}

function parseUrl(req: IncomingMessage): URL {
  const target = req.url ?? '/';
  // Two leading slashes would name a host.
  const url = target.startsWith('/') ? URL.parse(`http://server${target.replace(/^\/+/, '/')}`) : null;
  if (!url) throw new Fault('invalid_input', { message: 'The request target is not a path.' });
  return url;
}

function findRoute(table: readonly CompiledRoute[], method: string, path: string): { route: Route; params: Readonly<Record<string, string>> } {
  const allowed = new Set<string>();
  for (const { route, match } of table) {
    const params = match(path);
    if (!params) continue;
    if (route.method === 'ALL' || route.method === method || (route.method === 'GET' && method === 'HEAD')) return { route, params: decode(params) };
    allowed.add(route.method);
  }
  if (allowed.size > 0) throw new Fault('method_not_allowed', { message: `Use ${[...allowed].join(' or ')} here.` });
  throw new Fault('not_found', { message: 'There is nothing at this path.', hint: 'Check the URL.' });
}

function decode(params: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new Fault('invalid_input', { message: 'The path is not valid percent-encoding.' });
  }
}

const DRAW: Readonly<Record<Route['faults'], (res: ServerResponse, fault: Fault, requestId: string) => void>> = {
  oauth: (res, fault, requestId) => send(res, renderOAuthFault(fault, requestId)),
  problem: (res, fault, requestId) => send(res, renderProblem(fault, requestId)),
  page: (res, fault, requestId) => sendHtml(res, fault.row.status, faultHtml(fault, requestId), retryHeader(fault)),
};

function drawFault(res: ServerResponse, fault: Fault, requestId: string, kind: Route['faults']): void {
  if (fault.code === 'method_not_allowed') res.setHeader('allow', fault.message.replace(/^Use | here\.$/g, '').replaceAll(' or ', ', '));
  DRAW[kind](res, fault, requestId);
}

const send = (res: ServerResponse, { status, headers, body }: FaultAnswer): void => sendJson(res, status, body as Json, { ...headers });
