import { invalid } from './fault.ts';

/** Prefix of each kind of id. The prefix is part of the id everywhere: in the database, in logs and on the wire. */
export const ID_PREFIX = {
  organization: 'org',
  user: 'usr',
  group: 'grp',
  application: 'app',
  secret: 'sec',
  serviceAccount: 'svc',
  signInProvider: 'idp',
  integration: 'int',
  capability: 'cap',
  connection: 'con',
  attempt: 'att',
  policy: 'pol',
  event: 'evt',
  request: 'req',
} as const;

export type IdKind = keyof typeof ID_PREFIX;
export type Id<K extends IdKind> = `${(typeof ID_PREFIX)[K]}_${string}`;

export type OrganizationId = Id<'organization'>;
export type UserId = Id<'user'>;
export type ApplicationId = Id<'application'>;
export type IntegrationId = Id<'integration'>;
export type ConnectionId = Id<'connection'>;
export type PolicyId = Id<'policy'>;
export type EventId = Id<'event'>;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 128 bits in 26 digits of Crockford's base 32: the first digit holds 3 bits, so it is at most 7. */
const BODY = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * An id of this kind: its prefix and a UUIDv7 (RFC 9562 section 5.7) in base 32, so that ids of one kind sort by time.
 * Pure: the caller supplies the time in milliseconds and ten random bytes.
 */
export function formatId<K extends IdKind>(kind: K, unixMs: number, random: Uint8Array): Id<K> {
  const bytes = new Uint8Array(16);
  for (let i = 0, rest = unixMs; i < 6; i++, rest = Math.floor(rest / 256)) bytes[5 - i] = rest % 256;
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return `${ID_PREFIX[kind]}_${base32(bytes)}` as Id<K>;
}

export function isId<K extends IdKind>(kind: K, text: unknown): text is Id<K> {
  const prefix = ID_PREFIX[kind];
  return typeof text === 'string' && text.startsWith(`${prefix}_`) && BODY.test(text.slice(prefix.length + 1));
}

/** The text as an id of this kind, or `invalid_input` at `field`. */
export function parseId<K extends IdKind>(kind: K, text: unknown, field = 'id'): Id<K> {
  if (isId(kind, text)) return text;
  throw invalid(field, `Expected an id that starts with "${ID_PREFIX[kind]}_".`);
}

/** The kind that an id's prefix names, or null where it is no id at all. */
export function idKind(text: string): IdKind | null {
  for (const kind of Object.keys(ID_PREFIX) as IdKind[]) if (isId(kind, text)) return kind;
  return null;
}

/** 128 bits as 26 digits, the first of 3 bits: digit by digit from the end, over a small accumulator. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let accumulator = 0;
  let bits = 0;
  for (let index = bytes.length - 1; index >= 0; index--) {
    accumulator |= bytes[index]! << bits;
    for (bits += 8; bits >= 5; bits -= 5, accumulator >>>= 5) text = ALPHABET[accumulator & 31]! + text;
  }
  return ALPHABET[accumulator & 31]! + text;
}
