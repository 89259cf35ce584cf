import type { ObjectRef } from '@pothos/core';
import { parsePage, type Page, type PageRequest } from '../kernel/index.ts';
import { idCursor } from '../platform/index.ts';
import { builder } from './builder.ts';

type Types = typeof builder.$inferSchemaTypes;

/** The connection type of a node, one for all lists of it: `UserConnection`. */
export function connectionOf<Shape>(name: string, type: ObjectRef<Types, Shape | string, Shape>) {
  return builder.connectionObject({ type, name: `${name}Connection` }, { name: `${name}Edge` });
}

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly before?: string | null | undefined;
}

/** A page in Relay's shape; `read` is handed the checked size and cursors. */
export async function toConnection<T extends { readonly id: string }>(args: PageArguments, read: (page: PageRequest) => Promise<Page<T>>, cursorOf: (item: T) => string = idCursor) {
  const { items, hasNext, hasPrevious } = await read(parsePage(args));
  const edges = items.map((node) => ({ node, cursor: cursorOf(node) }));
  return { edges, pageInfo: { hasNextPage: hasNext, hasPreviousPage: hasPrevious, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null } };
}
