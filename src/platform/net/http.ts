import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, type Json } from '../../kernel/index.ts';

/** One request being answered. */
export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
  /** Path parameters of the route, decoded: `/connect/:attempt` gives `params.attempt`. */
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly address: string | null;
}

export type Handler = (call: Call) => Promise<void> | void;

/** A door: `METHOD /path/:parameter`, or `ALL /path/*` for whoever routes below it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'ALL';
  readonly path: string;
  readonly handle: Handler;
  /** How a thrown fault is drawn here. */
  readonly faults: 'oauth' | 'problem' | 'page';
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * The body as form parameters. Refuses another content type, more than `maxBytes` and a parameter given twice
 * (RFC 6749 section 3.2): what was checked is then what is used.
 */
export async function readForm(req: IncomingMessage, maxBytes: number): Promise<Map<string, string>> {
  if ((req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() !== FORM) {
    throw new Fault('unsupported_media_type', { message: `Send the parameters as ${FORM}.` });
  }
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readText(req, maxBytes))) {
    if (parameters.has(name)) throw new Fault('invalid_input', { message: 'A parameter is given twice.', field: name });
    // An empty value counts as omitted (RFC 6749 section 3.1).
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

/**
 * The body as UTF-8 text, at most `maxBytes`; `too_large` before the rest is read, with the connection left to answer on.
 * By events: an async iterator costs a request as much as everything else that is done with its body.
 */
export function readText(req: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    if (Number(req.headers['content-length'] ?? 0) > maxBytes) return reject(new Fault('too_large'));
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) return void chunks.push(chunk);
      req.off('data', onData).pause();
      reject(new Fault('too_large'));
    };
    req.on('data', onData);
    req.once('end', () => resolve((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8')));
    req.once('error', (error) => reject(new Fault('invalid_input', { message: 'The request ended before its body did.', cause: error })));
  });
}

/** Answers JSON that no cache keeps. */
export function sendJson(res: ServerResponse, status: number, body: Json, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': Buffer.byteLength(text), ...headers });
  res.end(text);
}

/** Answers a page that runs no script, loads nothing from elsewhere and stands in no frame. `formAction` names where its forms may lead besides here. */
export function sendHtml(res: ServerResponse, status: number, html: string, headers: Record<string, string | string[]> = {}, formAction = ''): void {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'${formAction && ` ${formAction}`}; frame-ancestors 'none'; base-uri 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...headers,
  });
  res.end(html);
}

export function sendRedirect(res: ServerResponse, to: string | URL, headers: Record<string, string | string[]> = {}): void {
  res.writeHead(303, { location: String(to), 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', ...headers });
  res.end();
}

/** The request's cookies; of two with one name the first, as browsers send the most specific first. */
export function readCookies(req: IncomingMessage): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    if (equals > 0 && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}

/** A `Set-Cookie` value for our own pages. `__Host-` where the public URL is https, which browsers demand for it. */
export function formatCookie(name: string, value: string, options: { secure: boolean; maxAgeSeconds: number }): string {
  return `${cookieName(name, options.secure)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${options.maxAgeSeconds}${options.secure ? '; Secure' : ''}`;
}

export const cookieName = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A page of ours around its content, readable without style or script. */
export function pageHtml(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)} · Kontext</title><style>${STYLE}</style></head><body><main><h1>${escapeHtml(title)}</h1>${content}</main></body></html>`;
}

/** What a fault looks like to a person: what is wrong, who can fix it and how, and the request's id. */
export function faultHtml(fault: Fault, requestId: string): string {
  return pageHtml('This did not work', `<p>${escapeHtml(fault.message)}</p><p>${escapeHtml(fault.hint)}</p><p><small>Request ${escapeHtml(requestId)}</small></p>`);
}

const STYLE =
  'body{margin:0;background:#f6f7f9;color:#1b1f24;font:16px/1.5 system-ui,sans-serif}main{max-width:32rem;margin:8vh auto;padding:2rem;background:#fff;border:1px solid #d8dee4;border-radius:12px}' +
  'h1{font-size:1.35rem;margin:0 0 1rem}label{display:block;margin:.5rem 0}button{font:inherit;padding:.55rem 1.1rem;border-radius:8px;border:1px solid #1f5fbf;background:#1f5fbf;color:#fff;cursor:pointer;margin-right:.5rem}' +
  'button.quiet{background:#fff;color:#1f5fbf}ul{padding-left:1.2rem}small{color:#57606a}a{color:#1f5fbf}input[type=password],input[type=text]{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}@media(max-width:34rem){main{margin:0;border:0;border-radius:0}}';
