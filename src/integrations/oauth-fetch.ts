import type { CustomFetch, CustomFetchOptions } from 'openid-client';
import type { SafeFetch } from '../platform/index.ts';
import { normalizeAnswer } from './normalize-answer.ts';
import type { OAuthQuirks } from './provider.ts';

/**
 * The safe fetch in the shape the OAuth library asks for. The library's own rule against http is off wherever this is
 * used: the safe fetch judges schemes and addresses, for the whole server.
 */
export const plainFetch =
  (fetch: SafeFetch): CustomFetch =>
  (url, options) =>
    fetch(url, { method: options.method, headers: options.headers, body: bodyOf(options), ...(options.signal && { signal: options.signal }) });

/** The same for a provider's token endpoint: requests as it wants them, answers as the standard wants them. */
export const quirkyFetch =
  (fetch: SafeFetch, quirks: OAuthQuirks): CustomFetch =>
  async (url, options) => {
    const form = bodyOf(options);
    const asJson = quirks.jsonRequests && form !== null;
    const body = asJson ? JSON.stringify(Object.fromEntries(new URLSearchParams(form))) : form;
    const headers = { ...options.headers, ...quirks.headers, ...(asJson && { 'content-type': 'application/json' }) };
    const response = await fetch(url, { method: options.method, headers, body, ...(options.signal && { signal: options.signal }) });
    return normalizeAnswer(response, quirks);
  };

/** The library sends forms and nothing else. */
function bodyOf({ body }: CustomFetchOptions): string | null {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string' || body instanceof URLSearchParams) return String(body);
  throw new TypeError('expected a form');
}
