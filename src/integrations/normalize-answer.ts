import type { OAuthQuirks } from './provider.ts';

type Members = Record<string, unknown>;

/**
 * The provider's answer as RFC 6749 section 5 spells it, so that a strict library can read it. Put right for everybody:
 * errors with a success status, form-encoded bodies, members that are null, scopes as a list, `token_type` that is missing
 * or says whose token it is, expiry of zero (never), members that are not of their type, challenges that hide the error. Put right by name: the quirks.
 * Answers that are no object at all pass as they are. Identity tokens are dropped: this is about access, not identity.
 */
export async function normalizeAnswer(response: Response, quirks: OAuthQuirks): Promise<Response> {
  const text = await response.text();
  const members = parseMembers(text, response.headers.get('content-type') ?? '');
  if (!members || response.status >= 500) return answer(response, text || null, response.status);
  const { error } = members;
  if (typeof error === 'string' && members['access_token'] === undefined) {
    const refusal = { error: quirks.errorAliases[error] ?? error, error_description: members['error_description'] };
    return answer(response, JSON.stringify(refusal), response.status < 400 ? 400 : response.status);
  }
  return answer(response, JSON.stringify(tokenMembers(members, quirks)), response.status);
}

function tokenMembers(members: Members, quirks: OAuthQuirks): Members {
  const nested = quirks.nestedUnder === null ? undefined : members[quirks.nestedUnder];
  const merged: Members = { ...members, ...(isMembers(nested) && typeof nested['access_token'] === 'string' && nested) };
  const present = Object.entries(merged).filter(([name, value]) => value !== null && value !== '' && name !== 'id_token');
  const tokens: Members = Object.fromEntries(present);
  if (Array.isArray(tokens['scope'])) tokens['scope'] = tokens['scope'].join(' ');
  const seconds = Number.parseFloat(String(tokens['expires_in']));
  if (Number.isFinite(seconds) && seconds > 0) tokens['expires_in'] = seconds;
  else delete tokens['expires_in'];
  for (const name of ['scope', 'refresh_token']) if (typeof tokens[name] !== 'string') delete tokens[name];
  if (tokens['access_token'] !== undefined && !/^(bearer|dpop)$/i.test(String(tokens['token_type']))) tokens['token_type'] = 'bearer';
  return tokens;
}

function parseMembers(text: string, contentType: string): Members | null {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : null;
  } catch {
    const form = new URLSearchParams(text);
    const isForm = !contentType.includes('html') && (form.has('access_token') || form.has('error'));
    return isForm ? Object.fromEntries(form) : null;
  }
}

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

function answer(original: Response, body: string | null, status: number): Response {
  const headers = new Headers(original.headers);
  headers.delete('www-authenticate');
  headers.delete('content-length');
  headers.delete('content-encoding');
  if (body !== null && /^[{]/.test(body)) headers.set('content-type', 'application/json');
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : body, { status, headers });
}
