import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { verifyLog } from '../../src/audit/index.ts';
import { createOrganization, findClient, getOrganization, hasOrganizations, listUsers } from '../../src/directory/index.ts';
import { parsePage, systemActor } from '../../src/kernel/index.ts';
import { digest } from '../../src/platform/index.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { openTestWells } from '../support/wells.ts';
import { foundOrganization, watch } from './people.ts';

test('an organization begins with an owner who is invited, a service account that may manage everything, and a log that tells of all three', async () => {
  await using wells = await openTestWells();
  expect(await hasOrganizations(wells)).toBe(false);
  const { organizationId, serviceAccount } = await createOrganization(wells, { name: ' Acme ', adminEmail: 'alice@acme.test' }, 'req_boot');
  expect(await hasOrganizations(wells)).toBe(true);

  const system = systemActor(organizationId, 'test', 'req_test');
  expect(await getOrganization(wells, system)).toMatchObject({ id: organizationId, name: 'Acme' });
  const { items } = await listUsers(wells, system, parsePage({ first: 10 }));
  expect(items).toMatchObject([{ email: 'alice@acme.test', role: 'OWNER', status: 'ACTIVE', subject: null }]);

  expect(serviceAccount.clientSecret.reveal()).toMatch(/^kxs_[A-Za-z0-9_-]{43}$/);
  expect(inspect(serviceAccount)).not.toContain('kxs_');
  const client = await findClient(wells, serviceAccount.clientId);
  expect(client).toMatchObject({ kind: 'service_account', organizationId, enabled: true, scopes: ['management:all'] });
  expect(client?.secretDigests).toEqual([digest(serviceAccount.clientSecret.reveal())]);

  expect(await verifyLog(wells.db, organizationId)).toMatchObject({ intact: true, sequence: 3 });
  const key = await wells.db.read(organizationId, (tx) => wells.keyring.key(tx, organizationId));
  expect(key.organizationId).toBe(organizationId);
});

test('a bad name or address is named, and nothing is left behind', async () => {
  await using wells = await openTestWells();
  await expect(createOrganization(wells, { name: ' ', adminEmail: 'alice@acme.test' }, 'req_boot')).rejects.toMatchObject({ code: 'invalid_input', field: 'name' });
  await expect(createOrganization(wells, { name: 'Acme', adminEmail: 'alice' }, 'req_boot')).rejects.toMatchObject({ code: 'invalid_input', field: 'adminEmail' });
  expect(await hasOrganizations(wells)).toBe(false);
});

test('the database itself shows and takes no row of another organization', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const other = await foundOrganization(wells, 'Other');
  for (const table of ['organization_head', 'users', 'service_account', 'client_secret', 'audit_event', 'data_key'] as const) {
    const rows = await wells.db.read(acme.organizationId, (tx) => tx.selectFrom(table).select('organization_id').execute());
    expect(new Set(rows.map(({ organization_id }) => organization_id)), table).toEqual(new Set([acme.organizationId]));
  }
  const foreign = wells.db.asOrganization(acme.organizationId, (tx) =>
    tx.insertInto('service_account').values({ id: 'svc_x', organization_id: other.organizationId, name: 'x', scopes: [], status: 'ACTIVE' }).execute(),
  );
  await expect(foreign).rejects.toThrow(/row-level security/);
  const { kinds } = await watch(wells, other.organizationId, () => acme.admit({ subject: 'new' }));
  expect(kinds).toEqual([]);
});

test('of two nodes that bootstrap one empty database, one makes the organization', async () => {
  await using wells = await openTestWells();
  // The embedded database has one node, whose two attempts take turns.
  await using other = ON_POSTGRESQL ? await openTestWells({ share: wells }) : null;
  const nodes = [wells, other ?? wells];
  const made = await Promise.allSettled(nodes.map((node) => createOrganization(node, { name: 'Acme', adminEmail: 'alice@acme.test', first: true }, 'req_test')));
  expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(made.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
  await createOrganization(wells, { name: 'Another', adminEmail: 'bob@acme.test' }, 'req_test');
  const { count } = await wells.db.asOwner((tx) => tx.selectFrom('organization').select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow());
  expect(count).toBe(2);
});
