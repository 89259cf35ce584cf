import { PGlite } from '@electric-sql/pglite';

/** The floor of starting: PGlite opened in a directory and asked one thing. */
const pglite = new PGlite(process.argv[2] ?? '');
await pglite.query('SELECT 1');
process.stdout.write('ready\n');
await pglite.close();
