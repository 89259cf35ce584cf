import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  createApplication,
  findApplications,
  findClient,
  getApplication,
  listApplications,
  rotateApplicationSecret,
  setApplicationStatus,
  setUserStatus,
  updateApplication,
  type Application,
} from '../../src/directory/index.ts';
import { parsePage } from '../../src/kernel/index.ts';
import { digest, newId } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { foundOrganization, watch, type Acme } from './people.ts';

const first = parsePage({ first: 100 });
const statements: string[] = [];
let wells: TestWells;
let acme: Acme;
beforeAll(async () => void (wells = await openTestWells({ onStatement: ({ query }) => void statements.push(query.sql) })));
beforeEach(async () => void (acme = await foundOrganization(wells)));
afterAll(() => wells[Symbol.asyncDispose]());

const create = async (input: { kind?: Application['kind']; ownerId?: Application['owner_id'] } = {}) =>
  createApplication(wells, acme.admin, { name: 'PR-Bot', kind: 'CONFIDENTIAL', redirectUris: ['https://bot.test/cb'], ...input });

test('a confidential application has a secret of which only the digest is kept, a public one has none', async () => {
  const { result, events } = await watch(wells, acme.organizationId, () => create());
  const { application, clientSecret } = result;
  expect(application).toMatchObject({ name: 'PR-Bot', kind: 'CONFIDENTIAL', status: 'ACTIVE', owner_id: acme.admin.userId, redirect_uris: ['https://bot.test/cb'] });
  expect(events).toMatchObject([{ kind: 'application.created', body: { application: { id: application.id, name: 'PR-Bot' }, details: { kind: 'CONFIDENTIAL' } } }]);
  expect(JSON.stringify(events)).not.toContain('kxs_');
  const client = await findClient(wells, application.id);
  expect(client).toMatchObject({ kind: 'application', organizationId: acme.organizationId, name: 'PR-Bot', enabled: true, confidential: true, redirectUris: ['https://bot.test/cb'], scopes: [] });
  expect(client?.secretDigests).toEqual([digest(clientSecret!.reveal())]);

  const open = await create({ kind: 'PUBLIC' });
  expect(open.clientSecret).toBeNull();
  expect(await findClient(wells, open.application.id)).toMatchObject({ confidential: false, secretDigests: [] });
  await expect(rotateApplicationSecret(wells, acme.admin, { id: open.application.id })).rejects.toMatchObject({ code: 'conflict', field: 'id' });
});

test('each application has a client id of its own, whatever it is called and wherever it belongs', async () => {
  const other = await foundOrganization(wells, 'Other');
  const made = [await create(), await create(), await createApplication(wells, other.admin, { name: 'PR-Bot', kind: 'PUBLIC', redirectUris: [] })];
  const ids = made.map(({ application }) => application.id);
  expect(new Set(ids).size).toBe(3);
  for (const { application } of made) expect(await findClient(wells, application.id)).toMatchObject({ id: application.id, organizationId: application.organization_id });
});

test('a client is found in one statement, and what is no client id needs none', async () => {
  const { application } = await create();
  statements.length = 0;
  await findClient(wells, application.id);
  expect(statements.filter((text) => /from "application"|from "client_secret"/.test(text))).toHaveLength(1);
  statements.length = 0;
  expect(await findClient(wells, `app_' OR true`)).toBeNull();
  expect(statements).toEqual([]);
  expect(await findClient(wells, newId('application'))).toBeNull();
  expect(await findClient(wells, newId('serviceAccount'))).toBeNull();
});

test('the owner may be another active user or nobody, and must be of the organization', async () => {
  const other = await foundOrganization(wells, 'Other');
  expect((await create({ ownerId: acme.member.userId })).application.owner_id).toBe(acme.member.userId);
  expect((await create({ ownerId: null })).application.owner_id).toBeNull();
  const robot = acme.serviceAccount('management:applications:write');
  expect((await createApplication(wells, robot, { name: 'x', kind: 'PUBLIC', redirectUris: [] })).application.owner_id).toBeNull();
  for (const ownerId of [other.member.userId, newId('user')]) await expect(create({ ownerId })).rejects.toMatchObject({ code: 'not_found', field: 'ownerId' });
  await setUserStatus(wells, acme.admin, { id: acme.member.userId, status: 'DEACTIVATED' });
  await expect(create({ ownerId: acme.member.userId })).rejects.toMatchObject({ code: 'invalid_input', field: 'ownerId' });
});

test('creating takes the right, and good input', async () => {
  const input = { name: 'PR-Bot', kind: 'PUBLIC', redirectUris: [] } as const;
  for (const actor of [acme.member, acme.serviceAccount('management:applications:read')]) {
    await expect(createApplication(wells, actor, input)).rejects.toMatchObject({ code: 'forbidden' });
  }
  await expect(createApplication(wells, acme.admin, { ...input, name: '' })).rejects.toMatchObject({ code: 'invalid_input', field: 'name' });
  await expect(createApplication(wells, acme.admin, { ...input, redirectUris: ['http://bot.test/'] })).rejects.toMatchObject({ code: 'invalid_input', field: 'redirectUris.0' });
});

test('an update says what changed from what to what; what changes nothing leaves no trace', async () => {
  const { application } = await create();
  const patch = { id: application.id, name: 'Bot', redirectUris: ['https://bot.test/cb'], ownerId: null };
  const { result, events, raised } = await watch(wells, acme.organizationId, () => updateApplication(wells, acme.admin, patch));
  expect(result).toMatchObject({ name: 'Bot', owner_id: null });
  expect(events.map(({ body }) => body.details)).toEqual([{ name: { from: 'PR-Bot', to: 'Bot' }, owner_id: { from: acme.admin.userId, to: null } }]);
  expect(raised).toBe(true);
  expect(await watch(wells, acme.organizationId, () => updateApplication(wells, acme.admin, patch))).toMatchObject({ kinds: [], raised: false });
});

test('a member changes and disables the application it owns, and no other', async () => {
  const own = (await create({ ownerId: acme.member.userId })).application;
  const foreign = (await create()).application;
  expect(await updateApplication(wells, acme.member, { id: own.id, name: 'Mine' })).toMatchObject({ name: 'Mine' });
  expect((await rotateApplicationSecret(wells, acme.member, { id: own.id })).clientSecret.reveal()).toMatch(/^kxs_/);
  expect(await setApplicationStatus(wells, acme.member, { id: own.id, status: 'DISABLED' })).toMatchObject({ status: 'DISABLED' });
  await expect(setApplicationStatus(wells, acme.member, { id: own.id, status: 'ACTIVE' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(updateApplication(wells, acme.member, { id: own.id, ownerId: null })).rejects.toMatchObject({ code: 'forbidden' });
  for (const id of [foreign.id, newId('application')]) {
    await expect(updateApplication(wells, acme.member, { id, name: 'Mine' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(rotateApplicationSecret(wells, acme.member, { id })).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect((await listApplications(wells, acme.member, first)).items.map(({ id }) => id)).toEqual([own.id]);
  expect((await listApplications(wells, { ...acme.member, applicationId: foreign.id }, first)).items).toHaveLength(2);
  await expect(getApplication(wells, acme.member, foreign.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('the kill switch ends what the application holds, and is idempotent', async () => {
  const { application } = await create();
  const other = (await create()).application;
  for (const { id } of [application, other]) await grant(id);
  const { events, raised } = await watch(wells, acme.organizationId, () => setApplicationStatus(wells, acme.admin, { id: application.id, status: 'DISABLED' }));
  expect(events).toMatchObject([{ kind: 'application.status_changed', body: { details: { from: 'ACTIVE', to: 'DISABLED' } } }]);
  expect(raised).toBe(true);
  const left = await wells.db.read(acme.organizationId, (tx) => tx.selectFrom('oidc_record').select('client_id').execute());
  expect(left).toEqual([{ client_id: other.id }]);
  expect(await findClient(wells, application.id)).toMatchObject({ enabled: false });
  expect((await watch(wells, acme.organizationId, () => setApplicationStatus(wells, acme.admin, { id: application.id, status: 'DISABLED' }))).kinds).toEqual([]);
  expect(await setApplicationStatus(wells, acme.admin, { id: application.id, status: 'ACTIVE' })).toMatchObject({ status: 'ACTIVE' });
});

test('a rotated secret ends the old ones at once, or keeps them for a while', async () => {
  const { application, clientSecret } = await create();
  const { id } = application;
  const digests = async () => new Set((await findClient(wells, id))?.secretDigests.map((bytes) => Buffer.from(bytes).toString('hex')));
  const hex = (secret: { reveal(): string }) => Buffer.from(digest(secret.reveal())).toString('hex');
  const second = await watch(wells, acme.organizationId, () => rotateApplicationSecret(wells, acme.admin, { id, keepOldForSeconds: 3_600 }));
  expect(await digests()).toEqual(new Set([hex(clientSecret!), hex(second.result.clientSecret)]));
  expect(second.events).toMatchObject([{ kind: 'application.secret_rotated', body: { details: { keepOldForSeconds: 3_600 } } }]);
  expect(second.raised).toBe(true);
  const third = await rotateApplicationSecret(wells, acme.admin, { id });
  expect(await digests()).toEqual(new Set([hex(third.clientSecret)]));
  for (const keepOldForSeconds of [-1, 0.5, Number.NaN, 2_592_001]) {
    await expect(rotateApplicationSecret(wells, acme.admin, { id, keepOldForSeconds })).rejects.toMatchObject({ code: 'invalid_input', field: 'keepOldForSeconds' });
  }
});

test('an expired secret is no secret', async () => {
  const { application } = await create();
  await wells.db.asOrganization(acme.organizationId, (tx) => tx.updateTable('client_secret').set({ expires_at: new Date(0) }).where('client_id', '=', application.id).execute());
  expect(await findClient(wells, application.id)).toMatchObject({ enabled: true, secretDigests: [] });
});

test('a foreign application is answered as a missing one, by every verb', async () => {
  const other = await foundOrganization(wells, 'Other');
  const foreign = (await createApplication(wells, other.admin, { name: 'x', kind: 'CONFIDENTIAL', redirectUris: [] })).application;
  const ids = [foreign.id, newId('application')];
  expect(await findApplications(wells, acme.owner, ids)).toEqual([]);
  for (const id of ids) {
    const missing = { code: 'not_found', field: 'id' };
    await expect(getApplication(wells, acme.owner, id)).rejects.toMatchObject(missing);
    await expect(updateApplication(wells, acme.owner, { id, name: 'y' })).rejects.toMatchObject(missing);
    await expect(setApplicationStatus(wells, acme.owner, { id, status: 'DISABLED' })).rejects.toMatchObject(missing);
    await expect(rotateApplicationSecret(wells, acme.owner, { id })).rejects.toMatchObject(missing);
  }
  expect(await getApplication(wells, other.owner, foreign.id)).toMatchObject({ name: 'x', status: 'ACTIVE' });
});

async function grant(clientId: Application['id']): Promise<void> {
  const record = { model: 'Grant', id_digest: digest(clientId), organization_id: acme.organizationId, client_id: clientId, payload: digest('sealed') };
  await wells.db.asOrganization(acme.organizationId, (tx) => tx.insertInto('oidc_record').values(record).execute());
}
