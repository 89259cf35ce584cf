import { Fault, invalid, MANAGEMENT_SCOPES, type UserId } from '../kernel/index.ts';
import type { Tx } from '../platform/index.ts';

const CONTROL = /\p{Cc}/u;
const ADDRESS = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u;

/** A display name without the white space around it: 1 to 200 characters on one line. */
export function parseName(text: string, field = 'name'): string {
  const name = text.trim();
  if (name.length === 0 || name.length > 200) throw invalid(field, 'A name has 1 to 200 characters.');
  if (CONTROL.test(name) || !name.isWellFormed()) throw invalid(field, 'A name has no control characters.');
  return name;
}

/** An e-mail address that looks like one; only a sign-in with a verified address proves it. */
export function parseEmail(text: string, field = 'email'): string {
  const email = text.trim();
  if (email.length <= 254 && ADDRESS.test(email)) return email;
  throw invalid(field, 'Expected an e-mail address such as alice@example.com.');
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Redirect URIs exactly as given, for they are compared as text: https, http on a loopback host, or a private-use scheme
 * with a dot in it. No fragment, no wildcard, no user name, none twice.
 * @see RFC 8252 section 7, RFC 9700 section 4.1
 */
export function parseRedirectUris(uris: readonly string[], field = 'redirectUris'): string[] {
  if (uris.length > 50) throw invalid(field, 'An application has at most 50 redirect URIs.');
  return uris.map((uri, index) => {
    const at = `${field}.${index}`;
    if (uris.indexOf(uri) !== index) throw invalid(at, 'This redirect URI is given twice.');
    return parseRedirectUri(uri, at);
  });
}

function parseRedirectUri(text: string, field: string): string {
  const url = parseUrl(text, field);
  if (text.includes('#')) throw invalid(field, 'A redirect URI has no fragment.');
  if (text.includes('*')) throw invalid(field, 'A redirect URI has no wildcard: it is compared as text. List each one; the port of a loopback URI may vary.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    if (url.protocol.includes('.')) return text;
    throw invalid(field, 'A private-use scheme is a domain name in reverse, such as com.example.app (RFC 8252 section 7.1).');
  }
  return requireSafeOrigin(url, text, field);
}

/** An issuer exactly as given, for it is compared as text: https, or http on a loopback host, without query and fragment. */
export function parseIssuer(text: string, field = 'issuer'): string {
  const url = parseUrl(text, field);
  if (/[?#]/.test(text)) throw invalid(field, 'An issuer has neither query nor fragment.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid(field, 'An issuer is an https URL.');
  return requireSafeOrigin(url, text, field);
}

function parseUrl(text: string, field: string): URL {
  // The parser would drop white space and turn backslashes; then what was checked is not what is compared.
  if (text.length > 2_000 || /[\s\\\p{Cc}]/u.test(text) || !URL.canParse(text)) throw invalid(field, 'Expected an absolute URL of at most 2,000 characters.');
  return new URL(text);
}

function requireSafeOrigin(url: URL, text: string, field: string): string {
  if (!/^https?:\/\/[^/]/i.test(text)) throw invalid(field, 'Expected an absolute URL with a host.');
  if (url.username || url.password) throw invalid(field, 'This URL must not carry a user name or password.');
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname)) throw invalid(field, 'Use https; http is for localhost, 127.0.0.1 and [::1] alone.');
  return text;
}

/** Scopes of a service account: at least one, all known, none twice. */
export function parseScopes(scopes: readonly string[], field = 'scopes'): string[] {
  if (scopes.length === 0) throw invalid(field, 'A service account needs at least one scope.');
  return scopes.map((scope, index) => {
    if (!MANAGEMENT_SCOPES.includes(scope)) throw invalid(`${field}.${index}`, 'A scope is management:all or management:<noun>:read or :write.');
    if (scopes.indexOf(scope) !== index) throw invalid(`${field}.${index}`, 'This scope is given twice.');
    return scope;
  });
}

/** The id of an active user of the transaction's organization; a foreign one is `not_found`, as a missing one is. */
export async function requireActiveUser(tx: Tx, id: UserId, field: string): Promise<UserId> {
  const user = await tx.selectFrom('users').select('status').where('id', '=', id).executeTakeFirst();
  if (!user) throw new Fault('not_found', { field });
  if (user.status !== 'ACTIVE') throw invalid(field, 'This user is deactivated.');
  return id;
}
