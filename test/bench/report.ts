/** One measured line: a figure, what it is held against in the same run, and the ratio that was asked for. */
export interface Figure {
  readonly bench: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The peer or floor of the same run. */
  readonly against?: { readonly what: string; readonly value: number };
  readonly target: string;
  readonly met: boolean;
  /** What else was seen. */
  readonly details?: Readonly<Record<string, number | string>>;
}

/** A ratio between a figure and its peer, with the least it should be. */
export function atLeast(bench: string, what: string, value: number, unit: string, against: { what: string; value: number }, ratio: number, details: Figure['details'] = {}): Figure {
  return { bench, what, value, unit, against, target: `>= ${ratio} x ${against.what}`, met: value >= ratio * against.value, details };
}

export function atMost(bench: string, what: string, value: number, unit: string, limit: number, details: Figure['details'] = {}): Figure {
  return { bench, what, value, unit, target: `<= ${limit} ${unit}`, met: value <= limit, details };
}

const round = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2));

/** A table for people, then one JSON line a figure for programs. */
export function print(figures: readonly Figure[]): void {
  const rows = figures.map(({ bench, what, value, unit, against, target, met }) => [bench, what, `${round(value)} ${unit}`, against ? `${round(against.value)} (${against.what})` : '', against ? round(value / against.value) : '', target, met ? 'yes' : 'NO']);
  const table = [['bench', 'what', 'measured', 'against', 'ratio', 'asked', 'met'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`);
  for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`);
}
