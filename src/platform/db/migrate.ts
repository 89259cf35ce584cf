import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { Database } from './database.ts';

const FOLDER = new URL('../../../migrations/', import.meta.url);

/** One statement: comments, quoted text and dollar-quoted bodies may hold semicolons. */
const STATEMENT = /(?:--[^\n]*|'(?:[^']|'')*'|\$\$[\s\S]*?\$\$|[^;'$-]|-(?!-)|\$(?!\$))+/g;

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(FOLDER)).filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file)).sort();
  const migrations: Record<string, Migration> = {};
  for (const file of files) {
    const statements = (await readFile(new URL(file, FOLDER), 'utf8')).match(STATEMENT) ?? [];
    migrations[file.replace('.sql', '')] = {
      async up(db) {
        for (const statement of statements) if (statement.replace(/--[^\n]*/g, '').trim()) await sql.raw(statement).execute(db);
      },
    };
  }
  return migrations;
}

/**
 * Brings the database to the newest schema and answers the names of what it applied, none where it was there already.
 * One transaction under a lock: a crash leaves the schema as it was, and two nodes that start together take turns.
 * Throws one clear sentence where the database is newer than this server.
 */
export async function migrate(database: Database): Promise<string[]> {
  const migrations = await readMigrations();
  if (await isNewest(database, Object.keys(migrations))) return [];
  const migrator = new Migrator({ db: database.kysely, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw /previously executed migration .* is missing/.test(String(error))
    ? new Error('The database was migrated by a newer version of Kontext; start that version or a newer one.')
    : error;
  return (results ?? []).map((result) => result.migrationName);
}

/** Whether exactly these were applied: one look, where the migrator would inspect the whole schema at every start. */
async function isNewest({ kysely }: Database, names: readonly string[]): Promise<boolean> {
  const { rows: tables } = await sql<{ known: string | null }>`SELECT to_regclass('kysely_migration')::text AS known`.execute(kysely);
  if (!tables[0]?.known) return false;
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(kysely);
  return rows.map(({ name }) => name).join() === names.join();
}

/** A digest of all migrations: what a prepared database was made from. */
export async function migrationsDigest(): Promise<string> {
  const files = (await readdir(FOLDER)).sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(await readFile(new URL(file, FOLDER)));
  return hash.digest('hex');
}
