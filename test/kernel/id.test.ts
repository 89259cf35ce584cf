import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fault, formatId, ID_PREFIX, idKind, isId, parseId, type IdKind } from '../../src/kernel/index.ts';

const KINDS = Object.keys(ID_PREFIX) as IdKind[];
const kind = fc.constantFrom(...KINDS);
const time = fc.nat({ max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 10, maxLength: 10 });

it('is its prefix and 26 digits that parse back', () => {
  fc.assert(
    fc.property(kind, time, random, (of, at, bytes) => {
      const id = formatId(of, at, bytes);
      expect(id).toMatch(new RegExp(`^${ID_PREFIX[of]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`));
      expect(parseId(of, id)).toBe(id);
      expect(idKind(id)).toBe(of);
      expect(KINDS.filter((other) => isId(other, id))).toEqual([of]);
    }),
  );
});

it('is a UUID of version 7 in base 32', () => {
  const id = formatId('user', 0x017f22e279b0, Uint8Array.of(0xfc, 0xc3, 0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f));
  let value = 0n;
  for (const digit of id.slice(4)) value = value * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit));
  // The example of RFC 9562, appendix A.6.
  expect(value.toString(16).padStart(32, '0')).toBe('017f22e279b07cc398c4dc0c0c07398f');
});

it('sorts by time as text', () => {
  fc.assert(
    fc.property(kind, time, time, random, random, (of, left, right, a, b) => {
      fc.pre(left < right);
      expect(formatId(of, left, a) < formatId(of, right, b)).toBe(true);
    }),
  );
});

it.each<[unknown, string]>([
  ['', 'empty'],
  ['usr_', 'no digits'],
  ['app_01m7zz1x1wfcpsxc88aqa4x7jv', 'another kind'],
  ['usr_01M7ZZ1X1WFCPSXC88AQA4X7JV', 'upper case'],
  ['usr_01m7zz1x1wfcpsxc88aqa4x7j', 'too short'],
  ['usr_01m7zz1x1wfcpsxc88aqa4x7jvv', 'too long'],
  ['usr_81m7zz1x1wfcpsxc88aqa4x7jv', 'beyond 128 bits'],
  ['usr_01m7zz1x1wfcpsxc88aqa4x7ji', 'a letter that is no digit'],
  [' usr_01m7zz1x1wfcpsxc88aqa4x7jv', 'white space'],
  ['usr_01m7zz1x1wfcpsxc88aqa4x7jv\n', 'a line break'],
  [null, 'null'],
  [42, 'a number'],
  [['usr_01m7zz1x1wfcpsxc88aqa4x7jv'], 'a list'],
])('refuses %j (%s) at the named field', (text) => {
  expect(() => parseId('user', text, 'input.ownerId')).toThrow(expect.objectContaining({ code: 'invalid_input', field: 'input.ownerId', message: 'Expected an id that starts with "usr_".' }));
  expect(isId('user', text)).toBe(false);
});

it('throws faults', () => {
  expect(() => parseId('user', 'x')).toThrow(Fault);
});
