import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Schema, Tx } from '../../src/platform/index.ts';
import { addTenantRows, type TenantRows } from '../support/tenant-rows.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

const TENANT_TABLES = [
  'organization_head', 'data_key', 'sign_in_provider', 'users', 'groups', 'group_member', 'application', 'service_account', 'client_secret',
  'integration', 'application_integration', 'capability', 'connection', 'attempt', 'policy', 'audit_event', 'oidc_record', 'browser_session',
] as const satisfies (keyof Schema)[];

let wells: TestWells;
let acme: TenantRows;
let globex: TenantRows;

beforeAll(async () => {
  wells = await openTestWells();
  acme = await addTenantRows(wells, 'Acme');
  globex = await addTenantRows(wells, 'Globex');
});
afterAll(() => wells[Symbol.asyncDispose]());

const asAcme = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => wells.db.asOrganization(acme.organizationId, work);
const count = async (tx: Tx, table: string): Promise<number> => (await sql<{ n: number }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(tx)).rows[0]?.n ?? -1;

it('covers every table that has an organization', async () => {
  const { rows } = await wells.db.asOwner((tx) =>
    sql<{ name: string; secured: boolean; owner: boolean }>`
      SELECT c.relname AS name, c.relrowsecurity AS secured, pg_has_role('kontext_app', c.relowner, 'MEMBER') AS owner FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'kysely%'`.execute(tx),
  );
  expect(rows.filter(({ secured, owner }) => !secured || owner)).toEqual([]);
  const { rows: withOrganization } = await wells.db.asOwner((tx) =>
    sql<{ name: string }>`SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'organization_id' ORDER BY 1`.execute(tx),
  );
  expect(withOrganization.map(({ name }) => name)).toEqual([...TENANT_TABLES].sort());
});

it('gives its roles no way around it', async () => {
  const { rows } = await wells.db.asOwner((tx) =>
    sql`SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb FROM pg_roles WHERE starts_with(rolname, 'kontext_') ORDER BY 1`.execute(tx),
  );
  const powerless = { rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false, rolcreatedb: false };
  expect(rows).toEqual([{ rolname: 'kontext_app', ...powerless }, { rolname: 'kontext_identity', ...powerless }]);
  await expect(asAcme((tx) => sql`ALTER TABLE users DISABLE ROW LEVEL SECURITY`.execute(tx))).rejects.toThrow(/must be owner/);
  await expect(asAcme((tx) => sql`SELECT 1 FROM users, (SELECT set_config('row_security', 'off', true)) s`.execute(tx).then(() => count(tx, 'users')))).rejects.toThrow(/row-level security/);
});

describe.each(TENANT_TABLES)('%s', (table) => {
  it('shows its own rows and no other without any filter', async () => {
    const both = await wells.db.asOwner(async (tx) => (await sql<{ n: number }>`SELECT count(DISTINCT organization_id) AS n FROM ${sql.table(table)}`.execute(tx)).rows[0]?.n);
    expect(both).toBeGreaterThanOrEqual(2);
    const { rows } = await asAcme((tx) => sql<{ organization_id: string }>`SELECT organization_id FROM ${sql.table(table)}`.execute(tx));
    expect(new Set(rows.map((row) => row.organization_id))).toEqual(new Set([acme.organizationId]));
    const read = await wells.db.read(acme.organizationId, (tx) => sql<{ organization_id: string }>`SELECT organization_id FROM ${sql.table(table)}`.execute(tx));
    expect(read.rows).toEqual(rows);
  });

  it('takes no row for another organization', async () => {
    const { rows } = await wells.db.asOwner((tx) => sql<{ name: string }>`SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ${table}`.execute(tx));
    const columns = rows.map(({ name }) => (name === 'organization_id' ? sql`${globex.organizationId}::text` : sql.ref(name)));
    const copy = (tx: Tx) => sql`INSERT INTO ${sql.table(table)} (${sql.join(rows.map(({ name }) => sql.ref(name)))}) SELECT ${sql.join(columns)} FROM ${sql.table(table)}`.execute(tx);
    await expect(asAcme(copy)).rejects.toThrow(/violates row-level security policy/);
  });

  it('neither changes nor deletes a foreign row', async () => {
    const forged = sql`${globex.organizationId}::text`;
    const outcome = async (work: (tx: Tx) => Promise<unknown>): Promise<string> => asAcme(work).then(() => 'done', (error: unknown) => String(error));
    const moved = await outcome((tx) => sql`UPDATE ${sql.table(table)} SET organization_id = ${forged}`.execute(tx));
    expect(moved).toMatch(/row-level security|permission denied/);
    const before = await wells.db.read(globex.organizationId, (tx) => count(tx, table));
    await outcome(async (tx) => {
      await sql`DELETE FROM ${sql.table(table)} WHERE organization_id = ${forged}`.execute(tx);
    });
    expect(await wells.db.read(globex.organizationId, (tx) => count(tx, table))).toBe(before);
  });

  it('is not truncated by the role', async () => {
    await expect(asAcme((tx) => sql`TRUNCATE ${sql.table(table)} CASCADE`.execute(tx))).rejects.toThrow(/permission denied/);
  });
});

it('hides the organization itself', async () => {
  const names = await asAcme((tx) => tx.selectFrom('organization').select('name').execute());
  expect(names).toEqual([{ name: 'Acme' }]);
});

it('shows nothing where no organization is opened, also in a connection that was used before', async () => {
  await asAcme(async (tx) => count(tx, 'users'));
  const seen = await wells.db.asOwner(async (tx) => {
    await sql`SET LOCAL ROLE kontext_app`.execute(tx);
    return (await sql`SELECT 1 FROM users`.execute(tx)).rows;
  });
  expect(seen).toEqual([]);
});

it('keeps the log from being changed', async () => {
  for (const statement of [sql`UPDATE audit_event SET outcome = 'SUCCESS'`, sql`DELETE FROM audit_event`, sql`TRUNCATE audit_event`, sql`DELETE FROM organization_head`]) {
    await expect(asAcme((tx) => statement.execute(tx))).rejects.toThrow(/permission denied/);
    await expect(wells.db.asIdentity((tx) => statement.execute(tx))).rejects.toThrow(/permission denied/);
  }
});

it('lets the authorization server see no credential, no rule and no log', async () => {
  for (const table of ['connection', 'integration', 'policy', 'audit_event', 'groups', 'capability', 'sign_in_provider']) {
    await expect(wells.db.asIdentity((tx) => sql`SELECT 1 FROM ${sql.table(table)}`.execute(tx))).rejects.toThrow(/permission denied/);
  }
  const keys = await wells.db.asIdentity((tx) => tx.selectFrom('data_key').select('organization_id').execute());
  expect(keys.filter(({ organization_id }) => organization_id !== 'platform')).toEqual([]);
});

it('refuses a reference into another organization', async () => {
  const cross = asAcme((tx) => tx.insertInto('group_member').values({ organization_id: acme.organizationId, group_id: acme.group, user_id: globex.user }).execute());
  await expect(cross).rejects.toThrow(/foreign key/);
});
