import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/kernel/index.ts';
import { isUniqueViolation, migrate, openDatabase } from '../../src/platform/index.ts';
import { createTestDatabase, ON_POSTGRESQL } from '../support/database.ts';
import { administer, databaseUrl, startPostgreSQL } from '../support/postgresql.ts';
import { openTestWells } from '../support/wells.ts';

const UNAVAILABLE = expect.objectContaining({ code: 'unavailable', retryAfter: 1 });

it('throws at once where a transaction is opened inside another', async () => {
  await using wells = await openTestWells({ organizations: 2 });
  const [one, other] = wells.organizations;
  for (const open of [() => wells.db.read(other!, async () => 1), () => wells.db.asOrganization(one!, async () => 1), () => wells.db.asIdentity(async () => 1), () => wells.db.asOwner(async () => 1)]) {
    await expect(wells.db.asOrganization(one!, open)).rejects.toThrow('a transaction was opened inside another');
  }
  expect(await wells.db.read(one!, async () => 'still alive')).toBe('still alive');
});

it('rolls back what throws and passes the error on as it is', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  const [id] = wells.organizations;
  const thrown = new Fault('conflict');
  const work = wells.db.asOrganization(id!, async (tx) => {
    await tx.updateTable('organization').set({ name: 'Changed' }).execute();
    throw thrown;
  });
  await expect(work).rejects.toBe(thrown);
  expect(await wells.db.read(id!, (tx) => tx.selectFrom('organization').select('name').execute())).toEqual([{ name: 'Acme' }]);
});

it('cannot write in a read', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  await expect(wells.db.read(wells.organizations[0]!, (tx) => tx.updateTable('organization').set({ name: 'x' }).execute())).rejects.toThrow(/read-only transaction/);
});

it('reads sequence numbers as numbers, times as dates and bytes as bytes', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  const head = await wells.db.read(wells.organizations[0]!, (tx) => tx.selectFrom('organization_head').selectAll().executeTakeFirstOrThrow());
  expect(head).toMatchObject({ sequence: 0, access_revision: 1 });
  expect(head.hash).toBeInstanceOf(Uint8Array);
  expect(head.hash).toHaveLength(32);
  const { created_at } = await wells.db.read(wells.organizations[0]!, (tx) => tx.selectFrom('organization').select('created_at').executeTakeFirstOrThrow());
  expect(created_at).toBeInstanceOf(Date);
  await expect(wells.db.asOwner((tx) => sql`SELECT 9007199254740993::bigint AS n`.execute(tx))).rejects.toThrow('bigint beyond 2^53');
});

it('tells a violation of uniqueness from other errors', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  const [id] = wells.organizations;
  const twice = await wells.db.asOrganization(id!, (tx) => tx.insertInto('organization').values({ id: id!, name: 'x' }).execute()).catch((error: unknown) => error);
  expect(isUniqueViolation(twice)).toBe(true);
  expect(isUniqueViolation(new Error('x'))).toBe(false);
  expect(isUniqueViolation({ code: '23505' })).toBe(false);
});

it('is unavailable once it is closed', async () => {
  for (const used of [true, false]) {
    await using place = await createTestDatabase();
    const db = await openDatabase(place.location);
    if (used) await db.asOwner(async () => 1);
    await db[Symbol.asyncDispose]();
    await expect(db.asOwner((tx) => sql`SELECT 1`.execute(tx))).rejects.toEqual(UNAVAILABLE);
  }
});

describe.runIf(ON_POSTGRESQL)('an outage', () => {
  it('of one connection is unavailable, and the next transaction has another connection', async () => {
    await using wells = await openTestWells({ organizations: 1 });
    const [id] = wells.organizations;
    const killed = wells.db.asOrganization(id!, async (tx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(tx);
      const url = 'url' in wells.location ? wells.location.url : '';
      await administer(url, `SELECT pg_terminate_backend(${rows[0]?.pid})`);
      await delay(50);
      await tx.selectFrom('organization').selectAll().execute();
    });
    await expect(killed).rejects.toEqual(UNAVAILABLE);
    expect(await wells.db.read(id!, async () => 'recovered')).toBe('recovered');
  });

  it('of all idle connections costs nothing', async () => {
    await using wells = await openTestWells({ organizations: 1 });
    const [id] = wells.organizations;
    await Promise.all([1, 2, 3].map(() => wells.db.read(id!, (tx) => sql`SELECT pg_sleep(0.02)`.execute(tx))));
    await administer('url' in wells.location ? wells.location.url : '', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
    await delay(100);
    expect(await wells.db.read(id!, async () => 'recovered')).toBe('recovered');
  });

  it('of the server is unavailable until it is back', async () => {
    const first = await startPostgreSQL();
    const port = new URL(first.url).port;
    await using db = await openDatabase({ url: databaseUrl(first.url, 'postgres'), poolSize: 2 });
    await migrate(db);
    expect(await db.asOwner(async () => 1)).toBe(1);
    await first[Symbol.asyncDispose]();
    await expect(db.asOwner(async () => 1)).rejects.toEqual(UNAVAILABLE);
    await expect(db.asIdentity(async () => 1)).rejects.toEqual(UNAVAILABLE);
    await using _second = await startPostgreSQL({ port: Number(port) });
    expect(await db.asOwner(async () => 1)).toBe(1);
  });

  it('of an address where nobody listens is unavailable', async () => {
    await using db = await openDatabase({ url: 'postgresql://postgres@127.0.0.1:1/none', poolSize: 1 });
    await expect(db.asOwner(async () => 1)).rejects.toEqual(UNAVAILABLE);
  });
});

it.runIf(ON_POSTGRESQL)('says which role does the work', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  const role = () => sql<{ role: string }>`SELECT current_user AS role`;
  const [id] = wells.organizations;
  const roleOf = async (rows: Promise<{ rows: { role: string }[] }>) => (await rows).rows[0]?.role;
  expect(await wells.db.asOrganization(id!, (tx) => roleOf(role().execute(tx)))).toBe('kontext_app');
  expect(await wells.db.asIdentity((tx) => roleOf(role().execute(tx)))).toBe('kontext_identity');
  // A pooled connection forgets both with its transaction.
  expect(await wells.db.asOwner((tx) => roleOf(role().execute(tx)))).not.toMatch(/^kontext_/);
});
