import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migrate, migrationsDigest, openDatabase } from '../../src/platform/index.ts';
import { createEmptyDatabase, ON_POSTGRESQL } from '../support/database.ts';

it('brings an empty database to the newest schema, and does nothing the second time', async () => {
  await using place = await createEmptyDatabase();
  await using db = await openDatabase(place.location);
  const applied = await migrate(db);
  expect(applied[0]).toBe('0001_spine');
  expect(await migrate(db)).toEqual([]);
  expect(await db.asOwner((tx) => tx.selectFrom('organization').selectAll().execute())).toEqual([]);
});

it('refuses a database that a newer version migrated, in one sentence', async () => {
  await using place = await createEmptyDatabase();
  await using db = await openDatabase(place.location);
  await migrate(db);
  await db.asOwner((tx) => sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_future', now()::text)`.execute(tx));
  await expect(migrate(db)).rejects.toThrow('The database was migrated by a newer version of Kontext; start that version or a newer one.');
});

it.runIf(ON_POSTGRESQL)('takes turns where several nodes start together', async () => {
  await using place = await createEmptyDatabase();
  await using one = await openDatabase(place.location);
  await using other = await openDatabase(place.location);
  const applied = await Promise.all([migrate(one), migrate(other), migrate(one)]);
  expect(applied.map((names) => names.length > 0).sort()).toEqual([false, false, true]);
});

it('has a digest of what it is made of', async () => {
  expect(await migrationsDigest()).toMatch(/^[0-9a-f]{64}$/);
});
