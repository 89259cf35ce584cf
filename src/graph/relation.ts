import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { parseCursor, toPage, type Actor, type Page, type PageRequest } from '../kernel/index.ts';
import { actorOf, type GraphContext, type GraphDeps } from './context.ts';

/** How much of one parent's list is served: whatever lies beyond is reached through the list of the root, which pages in the database. */
export const RELATION_MAX = 1_000;

/** One page of each parent's list; a parent without any has none. */
type LoadPages<Parent extends string, T> = (deps: GraphDeps, actor: Actor, parents: readonly Parent[], page: PageRequest) => Promise<ReadonlyMap<Parent, Page<T>>>;

/** Everything that the relations of a request have loaded. */
const loaded = createContextCache<Set<Map<string, unknown>>, GraphContext>(() => new Set());

/** Lets go of it: a mutation has changed what is true. */
export function clearRelations(context: GraphContext): void {
  for (const loaders of loaded(context)) loaders.clear();
}

/** The list that belongs to each object of a level: one load for all parents that ask for the same page. */
export function relation<Parent extends string, T>(load: LoadPages<Parent, T>) {
  const loadersOf = createContextCache<Map<string, DataLoader<Parent, Page<T>>>, GraphContext>(() => new Map());
  return (context: GraphContext, parent: Parent, page: PageRequest): Promise<Page<T>> => {
    const loaders = loadersOf(context);
    loaded(context).add(loaders);
    const key = JSON.stringify(page);
    const loader = loaders.get(key) ?? new DataLoader<Parent, Page<T>>(async (parents) => {
      const pages = await load(context.deps, actorOf(context), parents, page);
      return parents.map((id) => pages.get(id) ?? EMPTY);
    });
    loaders.set(key, loader);
    return loader.load(parent);
  };
}

const EMPTY: Page<never> = { items: [], hasNext: false, hasPrevious: false };

/** Pages out of whole lists, at most RELATION_MAX of each: oldest first, by id, as every list pages. */
export function pagesOf<Parent extends string, T extends { readonly id: string }>(
  load: (deps: GraphDeps, actor: Actor, parents: readonly Parent[]) => Promise<ReadonlyMap<Parent, readonly T[]>>,
): LoadPages<Parent, T> {
  return async (deps, actor, parents, page) => {
    const after = page.after === undefined ? '' : parseCursor('node', page.after, 'after');
    const before = page.before === undefined ? undefined : parseCursor('node', page.before, 'before');
    const lists = await load(deps, actor, parents);
    return new Map(
      [...lists].map(([parent, list]) => {
        const oldest = list.toSorted((one, other) => (one.id < other.id ? -1 : 1)).slice(0, RELATION_MAX);
        const inside = oldest.filter(({ id }) => id > after && (before === undefined || id < before));
        return [parent, toPage((page.backward ? inside.toReversed() : inside).slice(0, page.limit + 1), page)];
      }),
    );
  };
}
