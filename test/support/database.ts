import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { access, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { migrate, migrationsDigest, openDatabase, type DatabaseLocation } from '../../src/platform/index.ts';
import { administer, databaseUrl, TEMPLATE } from './postgresql.ts';

/** The database that the run is about. */
export const TEST_DATABASE: 'pglite' | 'postgresql' = process.env['TEST_DATABASE'] === 'postgresql' ? 'postgresql' : 'pglite';
/** For what one connection cannot show: races, outages, other nodes. */
export const ON_POSTGRESQL = TEST_DATABASE === 'postgresql';

export interface TestDatabase extends AsyncDisposable {
  readonly location: DatabaseLocation;
}

/** A fresh migrated database of the run's kind; gone when disposed. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return ON_POSTGRESQL ? copyTemplate() : { location: { directory: null, snapshot: await openSnapshot() }, [Symbol.asyncDispose]: async () => {} };
}

/** A fresh database without any table. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return ON_POSTGRESQL ? copyTemplate('template0') : { location: { directory: null }, [Symbol.asyncDispose]: async () => {} };
}

/** The server that the global setup started. */
export function serverUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run these tests with vitest --project postgresql');
  return url;
}

async function copyTemplate(template = TEMPLATE): Promise<TestDatabase> {
  const name = `kontext_test_${randomUUID().replaceAll('-', '')}`;
  await administer(serverUrl(), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    location: { url: databaseUrl(serverUrl(), name), poolSize: 10 },
    [Symbol.asyncDispose]: () => administer(serverUrl(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

let snapshot: Promise<Blob> | undefined;

/** A migrated PGlite, dumped once for all runs with the same migrations: to load it is several times faster than to make it. */
function openSnapshot(): Promise<Blob> {
  return (snapshot ??= migrationsDigest().then(async (key) => {
    const path = join(tmpdir(), `kontext-pglite-${key.slice(0, 32)}.tar`);
    if (!(await access(path).then(() => true, () => false))) await dumpMigrated(path);
    return openAsBlob(path);
  }));
}

/** Written beside its place and renamed, so that no one ever reads half of it. */
async function dumpMigrated(path: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kontext-pglite-'));
  try {
    const directory = join(folder, 'data');
    {
      await using database = await openDatabase({ directory });
      await migrate(database);
    }
    const pglite = await PGlite.create(directory);
    const dump = await pglite.dumpDataDir('none');
    await pglite.close();
    const draft = join(folder, 'dump.tar');
    await writeFile(draft, Buffer.from(await dump.arrayBuffer()));
    await rename(draft, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
