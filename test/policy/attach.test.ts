import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApplication, type Application } from '../../src/directory/index.ts';
import { parsePage, type IntegrationId } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { attachIntegration, attachmentsOf, createPolicy, deletePolicy, detachIntegration, listPolicies } from '../../src/policy/index.ts';
import { foundOrganization, watch, type Acme } from '../directory/people.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { insertIntegration } from './integration.ts';

const first = parsePage({ first: 100 });
let wells: TestWells;
let acme: Acme;
let github: IntegrationId;
let bot: Application;
beforeAll(async () => void (wells = await openTestWells()));
beforeEach(async () => {
  acme = await foundOrganization(wells);
  github = await insertIntegration(wells, acme.organizationId, 'github');
  bot = (await createApplication(wells, acme.admin, { name: 'PR-Bot', kind: 'PUBLIC', redirectUris: [], ownerId: acme.member.userId })).application;
});
afterAll(() => wells[Symbol.asyncDispose]());

const both = () => ({ applicationId: bot.id, integrationId: github });
const rules = async () => (await listPolicies(wells, acme.admin, first)).items;

test('attaching writes the application-layer ALLOW, detaching takes it away and leaves what was written by hand', async () => {
  const attached = await watch(wells, acme.organizationId, () => attachIntegration(wells, acme.admin, both()));
  expect(attached).toMatchObject({ result: both(), kinds: ['application.integration_attached', 'policy.created'], raised: true });
  expect(attached.events[0]?.body).toMatchObject({ application: { id: bot.id, name: 'PR-Bot' }, integration: { id: github, handle: 'github' } });
  expect(await rules()).toMatchObject([{ layer: 'APPLICATION', effect: 'ALLOW', subject_kind: 'APPLICATION', subject_id: bot.id, integration_id: github, operation: null, origin: 'ATTACHMENT', state: 'LIVE' }]);
  expect((await attachmentsOf(wells, acme.admin, [bot.id])).get(bot.id)).toEqual([github]);
  expect(await watch(wells, acme.organizationId, () => attachIntegration(wells, acme.admin, both()))).toMatchObject({ kinds: [], raised: false });

  const manual = await createPolicy(wells, acme.admin, { layer: 'APPLICATION', effect: 'DENY', subject: { kind: 'APPLICATION', id: bot.id }, integrationId: github, operation: 'delete_repo', applicationId: null, expiresAt: null });
  const detached = await watch(wells, acme.organizationId, () => detachIntegration(wells, acme.admin, both()));
  expect(detached).toMatchObject({ result: both(), kinds: ['application.integration_detached', 'policy.deleted'], raised: true });
  expect(await rules()).toEqual([manual]);
  expect((await attachmentsOf(wells, acme.admin, [bot.id])).get(bot.id)).toEqual([]);
  expect(await watch(wells, acme.organizationId, () => detachIntegration(wells, acme.admin, both()))).toMatchObject({ kinds: [], raised: false });
});

test('the rule is an ordinary one: deleted by hand it stays deleted until the integration is attached anew', async () => {
  await attachIntegration(wells, acme.admin, both());
  const [rule] = await rules();
  await deletePolicy(wells, acme.admin, { id: rule!.id });
  await attachIntegration(wells, acme.admin, both());
  expect(await rules()).toEqual([]);
  expect((await watch(wells, acme.organizationId, () => detachIntegration(wells, acme.admin, both()))).kinds).toEqual(['application.integration_detached']);
  await attachIntegration(wells, acme.admin, both());
  expect(await rules()).toHaveLength(1);
});

test('the owner may attach and detach, another member may not, a service account by scope', async () => {
  const bob = await acme.admit({ subject: 'bob' });
  const stranger = { ...acme.member, userId: bob.id };
  await expect(attachIntegration(wells, stranger, both())).rejects.toMatchObject({ code: 'forbidden' });
  await expect(attachIntegration(wells, acme.serviceAccount('management:policies:write'), both())).rejects.toMatchObject({ code: 'forbidden' });
  await attachIntegration(wells, acme.member, both());
  expect((await attachmentsOf(wells, acme.member, [bot.id])).get(bot.id)).toEqual([github]);
  expect((await attachmentsOf(wells, stranger, [bot.id])).get(bot.id)).toEqual([]);
  await expect(detachIntegration(wells, stranger, both())).rejects.toMatchObject({ code: 'forbidden' });
  await detachIntegration(wells, acme.serviceAccount('management:applications:write'), both());
  await attachIntegration(wells, acme.member, both());
  await detachIntegration(wells, acme.member, both());
});

test('what is foreign is missing, at the field that names it', async () => {
  const other = await foundOrganization(wells, 'Other');
  const foreignIntegration = await insertIntegration(wells, other.organizationId, 'github');
  const foreignBot = (await createApplication(wells, other.admin, { name: 'x', kind: 'PUBLIC', redirectUris: [] })).application;
  await attachIntegration(wells, other.admin, { applicationId: foreignBot.id, integrationId: foreignIntegration });
  for (const verb of [attachIntegration, detachIntegration]) {
    for (const applicationId of [foreignBot.id, newId('application')]) await expect(verb(wells, acme.owner, { ...both(), applicationId })).rejects.toMatchObject({ code: 'not_found', field: 'applicationId' });
    for (const integrationId of [foreignIntegration, newId('integration')]) await expect(verb(wells, acme.owner, { ...both(), integrationId })).rejects.toMatchObject({ code: 'not_found', field: 'integrationId' });
  }
  expect((await attachmentsOf(wells, acme.owner, [foreignBot.id])).get(foreignBot.id)).toEqual([]);
  expect((await attachmentsOf(wells, other.owner, [foreignBot.id])).get(foreignBot.id)).toEqual([foreignIntegration]);
});
