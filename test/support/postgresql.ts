import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate, openDatabase } from '../../src/platform/index.ts';

/** A database that is migrated once and copied for each test. */
export const TEMPLATE = 'kontext_template';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
}

/** A throw-away PostgreSQL from npm on a free port, or on the given one; see postgresql-server.ts for how it ends. */
export async function startPostgreSQL(options: { readonly port?: number } = {}): Promise<TestServer> {
  const script = fileURLToPath(new URL('postgresql-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script, String(options.port ?? '')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await Promise.race([new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)), gone.then(() => null)]);
  if (url === null) throw new Error('PostgreSQL for the tests did not start; see above, or set TEST_DATABASE_URL to a server.');
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await gone;
    },
  };
}

/** Runs statements as the server's administrator, outside of any transaction. */
export async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The URL of another database of the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Makes the template anew from the migrations as they stand. */
export async function prepareTemplate(serverUrl: string): Promise<void> {
  await administer(serverUrl, `DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`, `CREATE DATABASE ${TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'`);
  await using database = await openDatabase({ url: databaseUrl(serverUrl, TEMPLATE), poolSize: 1 });
  await migrate(database);
}

/** vitest's global setup: a server for the whole run, or the one of TEST_DATABASE_URL; workers inherit the variable. */
export default async function setup(): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  const server = given ? null : await startPostgreSQL();
  const url = given ?? server?.url ?? '';
  await prepareTemplate(url);
  process.env['TEST_DATABASE_URL'] = url;
  return async () => {
    if (!given) delete process.env['TEST_DATABASE_URL'];
    await server?.[Symbol.asyncDispose]();
  };
}
