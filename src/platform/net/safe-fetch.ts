import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, fetch as undiciFetch, type RequestInit as UndiciRequestInit } from 'undici';
import { Fault } from '../../kernel/index.ts';

/** Requests to addresses that users and providers choose; same shape as `fetch`, with a body that is read already. */
export type SafeFetch = (url: string | URL, init?: SafeRequest) => Promise<Response>;

export interface SafeRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: string | URLSearchParams | Uint8Array | null;
  readonly signal?: AbortSignal;
}

export interface SafeFetchSettings {
  /** Development and tests: http and addresses that are not public. */
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** One constant sentence, so that nobody can scan a network by our errors. */
const REFUSED = 'This address is not allowed as a target.';

/**
 * A fetch that cannot be turned against our own network: https only, every resolved address public and decided inside the
 * socket's lookup (a name that resolves differently a moment later changes nothing), redirects never followed, time and
 * size bounded. Refusals, time-outs and network errors are `provider_failed`.
 */
export function openSafeFetch(settings: SafeFetchSettings): SafeFetch & AsyncDisposable {
  const guardedLookup: LookupFunction = (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (!settings.allowPrivate && !addresses.every(({ address }) => isPublic(address))) return callback(new Error(REFUSED), []);
      const [first] = addresses;
      if (!first) return callback(new Error('The name has no address.'), []);
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
  const agent = new Agent({ connect: { lookup: guardedLookup, timeout: settings.timeoutMs }, headersTimeout: settings.timeoutMs, bodyTimeout: settings.timeoutMs });

  const safeFetch: SafeFetch = async (input, init = {}) => {
    const url = URL.parse(input);
    if (!url || !isAllowed(url, settings.allowPrivate)) throw new Fault('provider_failed', { message: REFUSED });
    const timeout = AbortSignal.timeout(settings.timeoutMs);
    try {
      const response = await undiciFetch(url, {
        ...(init as UndiciRequestInit),
        redirect: 'manual',
        dispatcher: agent,
        signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
      });
      const body = await readBounded(response.body, settings.maxBytes);
      // The standard constructor forbids a body with these.
      const empty = response.status === 204 || response.status === 205 || response.status === 304;
      return new Response(empty ? null : body, { status: response.status, statusText: response.statusText, headers: [...response.headers] });
    } catch (error) {
      if (error instanceof Fault) throw error;
      const refused = error instanceof Error && error.cause instanceof Error && error.cause.message === REFUSED;
      throw new Fault('provider_failed', { message: refused ? REFUSED : `${url.host} did not answer.`, cause: error });
    }
  };
  return Object.assign(safeFetch, { [Symbol.asyncDispose]: () => agent.close() });
}

/** What can be judged before anything is looked up. The socket looks up names only, so an address written out is judged here. */
function isAllowed(url: URL, allowPrivate: boolean): boolean {
  if (url.username || url.password) return false;
  if (allowPrivate) return url.protocol === 'https:' || url.protocol === 'http:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return url.protocol === 'https:' && !LOCALHOST.test(host) && (isIP(host) === 0 || isPublic(host));
}

/** Loopback wherever names are resolved (RFC 6761 section 6.3). */
const LOCALHOST = /(^|\.)localhost\.?$/;

/** Addresses that are handed out on the public Internet (RFC 4291 section 2.4); whatever lies outside is something else in disguise. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether ordinary traffic on the public Internet may go to this address; mapped, compatible and translated forms may not. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST));
}

async function readBounded(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new Fault('provider_failed', { message: 'The provider answered with more than we accept.' });
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
