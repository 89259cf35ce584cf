import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createServiceAccount, findClient, findServiceAccounts, listServiceAccounts, revokeServiceAccount } from '../../src/directory/index.ts';
import { parsePage } from '../../src/kernel/index.ts';
import { digest, newId } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { foundOrganization, watch, type Acme } from './people.ts';

const first = parsePage({ first: 100 });
let wells: TestWells;
let acme: Acme;
beforeAll(async () => void (wells = await openTestWells()));
beforeEach(async () => void (acme = await foundOrganization(wells)));
afterAll(() => wells[Symbol.asyncDispose]());

test('a service account is made with a secret shown once, and revoked for good', async () => {
  const made = await watch(wells, acme.organizationId, () => createServiceAccount(wells, acme.admin, { name: 'CI', scopes: ['management:audit:read'] }));
  const { serviceAccount, clientSecret } = made.result;
  const { id } = serviceAccount;
  expect(made.events).toMatchObject([{ kind: 'service_account.created', body: { details: { serviceAccount: id, name: 'CI', scopes: ['management:audit:read'] } } }]);
  expect(await findClient(wells, id)).toMatchObject({ kind: 'service_account', enabled: true, confidential: true, redirectUris: [], scopes: ['management:audit:read'], secretDigests: [digest(clientSecret.reveal())] });

  const record = { model: 'ClientCredentials', id_digest: digest(id), organization_id: acme.organizationId, client_id: id, payload: digest('sealed') };
  await wells.db.asOrganization(acme.organizationId, (tx) => tx.insertInto('oidc_record').values(record).execute());
  const revoked = await watch(wells, acme.organizationId, () => revokeServiceAccount(wells, acme.admin, { id }));
  expect(revoked).toMatchObject({ kinds: ['service_account.revoked'], raised: true, result: { status: 'REVOKED' } });
  expect(await findClient(wells, id)).toMatchObject({ enabled: false, secretDigests: [] });
  expect(await wells.db.read(acme.organizationId, (tx) => tx.selectFrom('oidc_record').selectAll().execute())).toEqual([]);
  expect(await watch(wells, acme.organizationId, () => revokeServiceAccount(wells, acme.admin, { id }))).toMatchObject({ kinds: [], raised: false });
});

test('nobody hands out more than they have', async () => {
  const give = (actor: Parameters<typeof createServiceAccount>[1], ...scopes: string[]) => createServiceAccount(wells, actor, { name: 'x', scopes });
  await give(acme.owner, 'management:all');
  await give(acme.serviceAccount('management:all'), 'management:all');
  await give(acme.admin, 'management:users:write', 'management:policies:read');
  for (const scope of ['management:all', 'management:organization:write']) await expect(give(acme.admin, scope)).rejects.toMatchObject({ code: 'forbidden' });
  const robot = acme.serviceAccount('management:service_accounts:write', 'management:users:write');
  await give(robot, 'management:users:read', 'management:users:write');
  for (const scope of ['management:all', 'management:policies:read']) await expect(give(robot, scope)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(give(acme.member, 'management:audit:read')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(give(acme.owner, 'management:nothing:read')).rejects.toMatchObject({ code: 'invalid_input', field: 'scopes.0' });
});

test('they are seen by whoever may, a foreign one as a missing one', async () => {
  const other = await foundOrganization(wells, 'Other');
  const { serviceAccount: foreign } = await createServiceAccount(wells, other.owner, { name: 'x', scopes: ['management:all'] });
  expect((await listServiceAccounts(wells, acme.admin, first)).items.map(({ name }) => name)).toEqual(['Bootstrap']);
  await expect(listServiceAccounts(wells, acme.member, first)).rejects.toMatchObject({ code: 'forbidden' });
  expect(await findServiceAccounts(wells, acme.owner, [foreign.id, newId('serviceAccount')])).toEqual([]);
  for (const id of [foreign.id, newId('serviceAccount')]) await expect(revokeServiceAccount(wells, acme.owner, { id })).rejects.toMatchObject({ code: 'not_found', field: 'id' });
  expect(await findClient(wells, foreign.id)).toMatchObject({ enabled: true });
  const [own] = (await listServiceAccounts(wells, acme.admin, first)).items;
  expect(await findServiceAccounts(wells, { ...acme.serviceAccount('management:users:read'), serviceAccountId: own!.id }, [own!.id])).toEqual([own]);
});
