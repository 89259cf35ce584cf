import { sql } from 'kysely';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { seal, Secret } from '../../src/platform/index.ts';
import { checkPlane, encodingsOf, REFERENCES } from '../support/check-plane.ts';
import { addTenantRows, type TenantRows } from '../support/tenant-rows.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

let wells: TestWells;
let acme: TenantRows;
let globex: TenantRows;

beforeEach(async () => {
  wells = await openTestWells();
  onTestFinished(() => wells[Symbol.asyncDispose]());
  acme = await addTenantRows(wells, 'Acme');
  globex = await addTenantRows(wells, 'Globex');
});

const SECRET = 'ghp_s3cr3t/with+signs=&"quotes"';

it('is content with a plane that holds', async () => {
  wells.log.info({ secret: new Secret(SECRET) }, 'a secret that is one');
  await checkPlane(wells, [SECRET]);
});

it('names every column that refers to a row of an organization', async () => {
  const { rows } = await wells.db.asOwner((tx) =>
    sql<{ table: string; column: string }>`SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
      WHERE table_schema = 'public' AND right(column_name, 3) = '_id' AND column_name NOT IN ('organization_id', 'oauth_client_id', 'master_key_id') ORDER BY 1, 2`.execute(tx),
  );
  const known = new Set([...REFERENCES.map(({ table, column }) => `${table}.${column}`), 'sign_in_provider.client_id']);
  expect(rows.map(({ table, column }) => `${table}.${column}`).filter((name) => !known.has(name))).toEqual([]);
});

describe('finds', () => {
  it.each(encodingsOf(SECRET))('a secret in a column as %s', async (form) => {
    await wells.db.asOwner((tx) => tx.updateTable('users').set({ name: `before${form}after` }).where('id', '=', acme.user).execute());
    await expect(checkPlane(wells, [SECRET])).rejects.toThrow('users.name holds a secret in the open');
  });

  it('a secret in bytes, in a list and in JSON', async () => {
    await wells.db.asOwner(async (tx) => {
      await tx.updateTable('integration').set({ server_token: Buffer.from(`x${SECRET}`), scopes: [SECRET] }).where('id', '=', acme.integration).execute();
      await tx.updateTable('capability').set({ input_schema: JSON.stringify({ deep: [SECRET] }) }).execute();
    });
    await expect(checkPlane(wells, [SECRET])).rejects.toThrow(/capability\.input_schema[\s\S]*integration\.scopes[\s\S]*integration\.server_token/);
  });

  it('a secret in base64 at any offset', async () => {
    for (let offset = 0; offset < 6; offset++) {
      const hidden = Buffer.from(`${'.'.repeat(offset)}${SECRET}${'.'.repeat(5 - offset)}`).toString(offset % 2 ? 'base64' : 'base64url');
      await wells.db.asOwner((tx) => tx.updateTable('users').set({ name: hidden }).where('id', '=', acme.user).execute());
      await expect(checkPlane(wells, [SECRET])).rejects.toThrow('users.name holds a secret');
    }
  });

  it('a secret in a log line', async () => {
    wells.log.debug({ url: `https://api.test/?token=${encodeURIComponent(SECRET)}` }, 'asked');
    await expect(checkPlane(wells, [SECRET])).rejects.toThrow('a log line holds a secret');
  });

  it('a credential that does not open', async () => {
    await wells.db.asOwner(async (tx) => {
      const key = await wells.keyring.key(tx, acme.organizationId);
      await tx.updateTable('connection').set({ credential: seal(key, { row: globex.connection, field: 'connection.credential' }, new Secret('x')) }).where('id', '=', acme.connection).execute();
    });
    await expect(checkPlane(wells)).rejects.toThrow(`the credential of ${acme.connection} does not open`);
  });

  it('a log that was changed', async () => {
    await wells.db.asOwner((tx) => tx.updateTable('audit_event').set({ outcome: 'FAILURE' }).where('organization_id', '=', acme.organizationId).execute());
    await expect(checkPlane(wells)).rejects.toThrow(`the log of ${acme.organizationId}: event 1`);
  });

  it('a row that refers to another organization', async () => {
    await wells.db.asOwner((tx) => tx.updateTable('policy').set({ layer: 'USER', subject_kind: 'USER', subject_id: globex.user }).where('id', '=', acme.policy).execute());
    await expect(checkPlane(wells)).rejects.toThrow('policy.subject_id refers to another organization\'s users');
  });
});
