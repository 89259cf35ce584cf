import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parsePage, toPage } from '../../src/kernel/index.ts';

it.each([
  [{}, 'first'],
  [{ first: null, last: null }, 'first'],
  [{ first: 1, last: 1 }, 'first'],
  [{ first: 0 }, 'first'],
  [{ first: 101 }, 'first'],
  [{ first: 1.5 }, 'first'],
  [{ first: Number.NaN }, 'first'],
  [{ last: -1 }, 'last'],
  [{ last: 101 }, 'last'],
])('refuses %j at %s', (args, field) => {
  expect(() => parsePage(args)).toThrow(expect.objectContaining({ code: 'invalid_input', field }));
});

it('reads either end', () => {
  expect(parsePage({ first: 100, after: 'a' })).toEqual({ limit: 100, backward: false, after: 'a', before: undefined });
  expect(parsePage({ last: 1, before: 'b' })).toEqual({ limit: 1, backward: true, after: undefined, before: 'b' });
});

it('walks a list in both directions without loss or repetition', () => {
  fc.assert(
    fc.property(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 7 }), fc.boolean(), (length, limit, backward) => {
      const list = Array.from({ length }, (_, index) => index);
      const walked: number[] = [];
      for (let edge: number | undefined; ; ) {
        const request = { limit, backward, after: backward || edge === undefined ? undefined : String(edge), before: backward && edge !== undefined ? String(edge) : undefined };
        const rest = edge === undefined ? list : list.filter((item) => (backward ? item < edge! : item > edge!));
        const page = toPage((backward ? rest.toReversed() : rest).slice(0, limit + 1), request);
        expect(page.items).toEqual([...page.items].sort((a, b) => a - b));
        expect(backward ? page.hasPrevious : page.hasNext).toBe(rest.length > limit);
        expect(backward ? page.hasNext : page.hasPrevious).toBe(edge !== undefined);
        walked.splice(backward ? 0 : walked.length, 0, ...page.items);
        edge = backward ? page.items[0] : page.items.at(-1);
        if (!(backward ? page.hasPrevious : page.hasNext)) break;
      }
      expect(walked).toEqual(list);
    }),
  );
});
