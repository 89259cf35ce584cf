import setup from '../support/postgresql.ts';
import type { Figure } from './report.ts';
import { print } from './report.ts';

/** Every bench, or those named on the command line. Against PostgreSQL; ratios of one run. */
const BENCHES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  append: async () => (await import('./append.ts')).benchAppend(),
  exchange: async () => (await import('./exchange.ts')).benchExchange(),
  feed: async () => (await import('./feed.ts')).benchFeed(),
  start: async () => (await import('./start.ts')).benchStart(),
};

process.env['TEST_DATABASE'] = 'postgresql';
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`No such bench: ${unknown.join(', ')}. There are ${Object.keys(BENCHES).join(', ')}.\n`);
  process.exit(2);
}
const stop = await setup();
try {
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`measuring ${name} ...\n`);
    figures.push(...(await bench()));
  }
  print(figures);
} finally {
  await stop();
}
