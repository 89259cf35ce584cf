/** A row as an audit event names it: id and name, nothing else of it. */
export function named<I extends string>(row: { readonly id: I; readonly name: string }): { id: I; name: string } {
  return { id: row.id, name: row.name };
}
