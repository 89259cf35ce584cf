import { invalid } from './fault.ts';

export const PAGE_MAX = 100;

/** What a caller asks of a list: `first` from `after` on, or `last` up to `before`; ids or sequence numbers as positions. */
export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** True when the list is read from its end (`last`). */
  readonly backward: boolean;
}

/** One page; items are always in the list's own order, whichever way it was read. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** Relay's four arguments as one page request; sizes are mandatory and lie between 1 and 100. */
export function parsePage(args: {
  first?: number | null | undefined;
  last?: number | null | undefined;
  after?: string | null | undefined;
  before?: string | null | undefined;
}): PageRequest {
  const backward = args.last != null;
  const limit = args.first ?? args.last;
  const field = backward ? 'last' : 'first';
  if (limit == null || (args.first != null && backward)) throw invalid('first', 'Give either first or last, from 1 to 100.');
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) throw invalid(field, `A page holds 1 to ${PAGE_MAX} items.`);
  return { limit, backward, after: args.after ?? undefined, before: args.before ?? undefined };
}

/** The page out of `limit + 1` rows read in the asked direction. */
export function toPage<T>(rows: readonly T[], page: PageRequest): Page<T> {
  const more = rows.length > page.limit;
  const items = rows.slice(0, page.limit);
  return page.backward
    ? { items: items.reverse(), hasNext: page.before !== undefined, hasPrevious: more }
    : { items, hasNext: more, hasPrevious: page.after !== undefined };
}
