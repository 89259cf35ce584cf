import { sql, type SelectQueryBuilder } from 'kysely';
import { formatCursor, parseCursor, toPage, type Page, type PageRequest } from '../../kernel/index.ts';
import type { Schema } from './schema.ts';

/** The cursor of a row in a list that is ordered by id, that is, by time of creation. */
export const idCursor = (row: { readonly id: string }): string => formatCursor('node', row.id);

/** One page of a query, oldest first, by the id of `table`; one row more than asked tells whether there is another page. */
export async function pageById<TB extends keyof Schema, Row extends { id: string }>(
  query: SelectQueryBuilder<Schema, TB, Row>,
  table: TB & string,
  page: PageRequest,
): Promise<Page<Row>> {
  const id = sql.ref(`${table}.id`);
  let bounded = query;
  if (page.after !== undefined) bounded = bounded.where(sql<boolean>`${id} > ${parseCursor('node', page.after, 'after')}`);
  if (page.before !== undefined) bounded = bounded.where(sql<boolean>`${id} < ${parseCursor('node', page.before, 'before')}`);
  const rows = await bounded.orderBy(id, page.backward ? 'desc' : 'asc').limit(page.limit + 1).execute();
  return toPage(rows, page);
}
