/** A test that proves something: its file below `test/`, its title as written, and where the test is a table, the row's words. */
export interface Proof {
  readonly file: string;
  readonly title: string;
  readonly vector?: string | undefined;
}

/** What it waits for, in the product's words: "the MCP gateway". */
export interface Open {
  readonly open: string;
}

/** One thing that must be so, in our words, and how we know; a sentence whose parts are known differently has an entry for each part. */
export type Requirement = { readonly id: string; readonly source: string; readonly says: string } & ({ readonly proof: readonly Proof[] } | Open);

/** `17` is the seventeenth sentence of its source, `17b` the second part of it. */
type Row = readonly [number: string, says: string, known: readonly Proof[] | Open];

export function requirements(source: string, rows: readonly Row[]): Requirement[] {
  return rows.map(([number, says, known]) => ({ id: `${source}.${number}`, source, says, ...('open' in known ? known : { proof: known }) }));
}

export const waitsFor = (open: string): Open => ({ open });

/** The tests of one file, by title. */
export const testsOf =
  (file: string) =>
  (title: string, vector?: string): Proof => ({ file, title, vector });
