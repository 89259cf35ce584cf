import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApplication, type Application } from '../../src/directory/index.ts';
import { change } from '../../src/audit/index.ts';
import { parsePage, type IntegrationId } from '../../src/kernel/index.ts';
import { createPolicy, deletePolicy, listPolicies, replaceConsentRules, type Consent } from '../../src/policy/index.ts';
import { foundOrganization, watch, type Acme } from '../directory/people.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { insertIntegration } from './integration.ts';

const first = parsePage({ first: 100 });
let wells: TestWells;
let acme: Acme;
let github: IntegrationId;
let bot: Application;
let chat: Application;
beforeAll(async () => void (wells = await openTestWells()));
beforeEach(async () => {
  acme = await foundOrganization(wells);
  github = await insertIntegration(wells, acme.organizationId, 'github');
  bot = (await createApplication(wells, acme.admin, { name: 'PR-Bot', kind: 'PUBLIC', redirectUris: [] })).application;
  chat = (await createApplication(wells, acme.admin, { name: 'Chat', kind: 'PUBLIC', redirectUris: [] })).application;
});
afterAll(() => wells[Symbol.asyncDispose]());

const consent = (application: Application, granted: Consent['granted'], expiresAt: Date | null = null) =>
  change(wells, acme.member, async (tx) => ({
    result: await replaceConsentRules(tx, { organizationId: acme.organizationId, userId: acme.member.userId, applicationId: application.id, granted, expiresAt }),
    events: [{ kind: 'grant.created', application: { id: application.id, name: application.name } }],
  }));
const rules = async () => (await listPolicies(wells, acme.member, first)).items;

test('consent writes user-layer ALLOWs about one application, each target once', async () => {
  const expiresAt = new Date(wells.clock.now().getTime() + 60_000);
  const { result, raised } = await watch(wells, acme.organizationId, () =>
    consent(bot, [{ integrationId: github, operation: 'create_issue' }, { integrationId: github, operation: 'create_issue' }, { integrationId: github, operation: null }], expiresAt),
  );
  expect(result).toHaveLength(2);
  expect(raised).toBe(true);
  const rule = { layer: 'USER', effect: 'ALLOW', subject_kind: 'USER', subject_id: acme.member.userId, application_id: bot.id, origin: 'CONSENT', state: 'LIVE', expires_at: expiresAt };
  const written = new Map((await rules()).map((one) => [one.id, one]));
  expect(result.map((id) => written.get(id))).toMatchObject([{ ...rule, operation: 'create_issue' }, { ...rule, operation: null }]);
  expect(written.size).toBe(2);
});

test('a later consent replaces the earlier one of the same application, and nothing else', async () => {
  const manual = await createPolicy(wells, acme.member, { layer: 'USER', effect: 'DENY', subject: { kind: 'USER', id: acme.member.userId }, integrationId: github, operation: 'delete_repo', applicationId: bot.id, expiresAt: null });
  await consent(bot, [{ integrationId: github, operation: null }]);
  const [elsewhere] = await consent(chat, [{ integrationId: github, operation: null }]);
  const [narrowed] = await consent(bot, [{ integrationId: github, operation: 'create_issue' }]);
  expect((await rules()).map(({ id }) => id).sort()).toEqual([manual.id, elsewhere, narrowed].sort());
  expect(await consent(bot, [])).toEqual([]);
  expect((await rules()).map(({ id }) => id).sort()).toEqual([manual.id, elsewhere].sort());
  await deletePolicy(wells, acme.member, { id: elsewhere! });
  expect((await rules()).map(({ id }) => id)).toEqual([manual.id]);
});

test('two consents at once leave one', async () => {
  await Promise.all(Array.from({ length: 4 }, () => consent(bot, [{ integrationId: github, operation: null }])));
  expect(await rules()).toHaveLength(1);
});
