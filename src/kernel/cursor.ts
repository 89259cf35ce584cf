import { invalid } from './fault.ts';

/** Opaque to clients and versioned, so that its meaning can change without breaking one that was handed out. */
const VERSION = '1';

/** An opaque cursor of a kind (`audit`, `node`) that carries a position; URL-safe text. */
export function formatCursor(kind: string, position: string): string {
  return btoa(`${VERSION}:${kind}:${position}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The position inside a cursor of this kind, or `invalid_input` at `field`. */
export function parseCursor(kind: string, cursor: string, field = 'after'): string {
  const prefix = `${VERSION}:${kind}:`;
  const text = decode(cursor);
  if (text?.startsWith(prefix) && /^[\x20-\x7E]*$/.test(text) && formatCursor(kind, text.slice(prefix.length)) === cursor) return text.slice(prefix.length);
  throw invalid(field, 'This is not a cursor that this list handed out.');
}

function decode(cursor: string): string | null {
  try {
    return atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
}

/** Cursor of an audit event: its sequence number in the organization. */
export function formatAuditCursor(sequence: number): string {
  return formatCursor('audit', String(sequence));
}

export function parseAuditCursor(cursor: string, field = 'after'): number {
  const position = parseCursor('audit', cursor, field);
  if (!/^(0|[1-9][0-9]{0,14})$/.test(position)) throw invalid(field, 'This is not a cursor that this feed handed out.');
  return Number(position);
}
