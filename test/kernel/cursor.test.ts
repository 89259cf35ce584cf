import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatAuditCursor, formatCursor, parseAuditCursor, parseCursor } from '../../src/kernel/index.ts';

const REFUSED = expect.objectContaining({ code: 'invalid_input', field: 'after' });
const position = fc.string({ unit: 'grapheme-ascii' });

it('carries its position back and forth, in text that needs no escaping', () => {
  fc.assert(
    fc.property(position, (text) => {
      const cursor = formatCursor('node', text);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(parseCursor('node', cursor)).toBe(text);
    }),
  );
  fc.assert(fc.property(fc.nat({ max: 10 ** 15 - 1 }), (sequence) => void expect(parseAuditCursor(formatAuditCursor(sequence))).toBe(sequence)));
});

it('of another kind is refused', () => {
  fc.assert(fc.property(position, (text) => void expect(() => parseCursor('audit', formatCursor('node', text))).toThrow(REFUSED)));
});

it('is refused with any character changed, added or removed, or it carries another position', () => {
  const cursor = formatAuditCursor(123456);
  const texts = [...cursor].flatMap((_, index) => [cursor.slice(0, index) + cursor.slice(index + 1), ...[...'AQgwxyz019-_=+/ %'].map((other) => cursor.slice(0, index) + other + cursor.slice(index + 1))]);
  for (const text of [...texts, `${cursor}=`, `${cursor}\n`, ` ${cursor}`, `${cursor}A`]) {
    if (text === cursor) continue;
    let accepted: number | null = null;
    try {
      accepted = parseAuditCursor(text);
    } catch (error) {
      expect(error).toEqual(REFUSED);
    }
    // Cursors carry no signature: a position is nothing secret, and rights are checked where it is used.
    if (accepted !== null) expect([text, formatAuditCursor(accepted)]).toEqual([text, text]);
  }
});

it.each(['', 'x', '💥', '%', 'a'.repeat(100_000), btoa('1:audit:-1'), btoa('1:audit:01'), btoa('1:audit:1e3'), btoa('1:audit:'), btoa('1:audit:9999999999999999'), btoa('2:audit:1')])('that nobody handed out is refused (%#)', (text) => {
  expect(() => parseAuditCursor(text.replaceAll('=', ''))).toThrow(REFUSED);
});
