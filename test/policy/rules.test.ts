import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApplication, findApplications, listGroups, type Application } from '../../src/directory/index.ts';
import { parsePage, type Actor, type IntegrationId } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { createPolicy, deletePolicy, findPolicies, listPolicies, updatePolicy, type PolicyInput } from '../../src/policy/index.ts';
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

const EVERYONE: PolicyInput = { layer: 'ORGANIZATION', effect: 'ALLOW', subject: { kind: 'EVERYONE', id: null }, integrationId: null, operation: null, applicationId: null, expiresAt: null };
const create = (actor: Actor, input: Partial<PolicyInput> = {}) => createPolicy(wells, actor, { ...EVERYONE, ...input });
const aboutUser = (id: string): Partial<PolicyInput> => ({ layer: 'USER', subject: { kind: 'USER', id } });
const aboutBot = (): Partial<PolicyInput> => ({ layer: 'APPLICATION', subject: { kind: 'APPLICATION', id: bot.id } });

test('a rule tells the log whom and what it is about, by name', async () => {
  const input = { ...aboutUser(acme.member.userId), effect: 'DENY', integrationId: github, operation: 'delete_repo', applicationId: bot.id } as const;
  const { result, events, raised } = await watch(wells, acme.organizationId, () => create(acme.admin, input));
  expect(result).toMatchObject({ layer: 'USER', effect: 'DENY', subject_id: acme.member.userId, operation: 'delete_repo', state: 'LIVE', origin: 'MANUAL', condition: null });
  expect(events).toMatchObject([
    {
      kind: 'policy.created',
      body: {
        user: { id: acme.member.userId, name: 'Mia' },
        application: { id: bot.id, name: 'PR-Bot' },
        integration: { id: github, handle: 'github' },
        capability: 'github:delete_repo',
        details: { policy: result.id, layer: 'USER', effect: 'DENY', subject: { kind: 'USER', id: acme.member.userId, name: 'Mia' }, state: 'LIVE' },
      },
    },
  ]);
  expect(raised).toBe(true);
});

test('every subject of each layer, and drafts', async () => {
  await acme.admit({ subject: 'bob', groups: ['Engineering'] });
  const [engineering] = (await listGroups(wells, acme.admin, first)).items;
  const group = { kind: 'GROUP', id: engineering!.id } as const;
  const rules = [
    await create(acme.admin),
    await create(acme.admin, { subject: group }),
    await create(acme.admin, { layer: 'USER', subject: group }),
    await create(acme.admin, { layer: 'USER', subject: { kind: 'ROLE', id: 'MEMBER' } }),
    await create(acme.admin, aboutUser(acme.member.userId)),
    await create(acme.admin, { ...aboutBot(), draft: true }),
  ];
  expect(rules.at(-1)?.state).toBe('DRAFT');
  expect((await listPolicies(wells, acme.admin, first)).items).toHaveLength(6);
  const count = async (filter: Parameters<typeof listPolicies>[3]) => (await listPolicies(wells, acme.admin, first, filter)).items.length;
  expect(await count({ layer: 'USER' })).toBe(3);
  expect(await count({ state: 'DRAFT' })).toBe(1);
  expect(await count({ subjectKind: 'GROUP', layer: 'ORGANIZATION' })).toBe(1);
  expect(await count({ applicationId: bot.id })).toBe(1);
  expect(await count({ integrationId: github })).toBe(0);
});

test('bad input is named', async () => {
  const past = new Date(wells.clock.now().getTime() - 1);
  const bad: [Partial<PolicyInput>, string][] = [
    [{ subject: { kind: 'USER', id: acme.member.userId } }, 'subject.kind'],
    [{ layer: 'USER' }, 'subject.kind'],
    [{ layer: 'APPLICATION', subject: { kind: 'USER', id: acme.member.userId } }, 'subject.kind'],
    [{ subject: { kind: 'EVERYONE', id: 'x' } }, 'subject.id'],
    [{ subject: { kind: 'GROUP', id: null } }, 'subject.id'],
    [{ layer: 'USER', subject: { kind: 'USER', id: bot.id } }, 'subject.id'],
    [{ layer: 'USER', subject: { kind: 'ROLE', id: 'KING' } }, 'subject.id'],
    [{ operation: 'create_issue' }, 'integrationId'],
    [{ integrationId: github, operation: 'create issue' }, 'operation'],
    [{ applicationId: bot.id }, 'applicationId'],
    [{ expiresAt: past }, 'expiresAt'],
  ];
  for (const [input, field] of bad) await expect(create(acme.admin, input), field).rejects.toMatchObject({ code: 'invalid_input', field });
  expect((await listPolicies(wells, acme.admin, first)).items).toEqual([]);
});

test('what is foreign is missing, at the field that names it', async () => {
  const other = await foundOrganization(wells, 'Other');
  const foreignIntegration = await insertIntegration(wells, other.organizationId, 'github');
  const foreignBot = (await createApplication(wells, other.admin, { name: 'x', kind: 'PUBLIC', redirectUris: [] })).application;
  for (const id of [other.member.userId, newId('user')]) await expect(create(acme.admin, aboutUser(id))).rejects.toMatchObject({ code: 'not_found', field: 'subject.id' });
  for (const id of [foreignBot.id, newId('application')]) {
    await expect(create(acme.admin, { layer: 'APPLICATION', subject: { kind: 'APPLICATION', id } })).rejects.toMatchObject({ code: 'not_found', field: 'subject.id' });
    await expect(create(acme.admin, { ...aboutUser(acme.member.userId), applicationId: id })).rejects.toMatchObject({ code: 'not_found', field: 'applicationId' });
  }
  for (const integrationId of [foreignIntegration, newId('integration')]) await expect(create(acme.admin, { integrationId })).rejects.toMatchObject({ code: 'not_found', field: 'integrationId' });
  await expect(create(acme.admin, { subject: { kind: 'GROUP', id: newId('group') } })).rejects.toMatchObject({ code: 'not_found', field: 'subject.id' });

  const foreign = await create(other.admin);
  expect(await findPolicies(wells, acme.owner, [foreign.id, newId('policy')])).toEqual([]);
  for (const id of [foreign.id, newId('policy')]) {
    await expect(updatePolicy(wells, acme.owner, { id, effect: 'DENY' })).rejects.toMatchObject({ code: 'not_found', field: 'id' });
    await expect(deletePolicy(wells, acme.owner, { id })).rejects.toMatchObject({ code: 'not_found', field: 'id' });
    await expect(deletePolicy(wells, acme.member, { id })).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect(await findPolicies(wells, other.owner, [foreign.id])).toHaveLength(1);
});

test('a member writes rules about itself and about its application, and sees no others', async () => {
  const own = await create(acme.member, aboutUser(acme.member.userId));
  const bots = await create(acme.member, aboutBot());
  const others = await create(acme.admin);
  for (const input of [{}, aboutUser(acme.admin.userId), { layer: 'USER', subject: { kind: 'ROLE', id: 'MEMBER' } }] as const) {
    await expect(create(acme.member, input)).rejects.toMatchObject({ code: 'forbidden' });
  }
  const unowned = (await createApplication(wells, acme.admin, { name: 'x', kind: 'PUBLIC', redirectUris: [] })).application;
  await expect(create(acme.member, { layer: 'APPLICATION', subject: { kind: 'APPLICATION', id: unowned.id } })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(updatePolicy(wells, acme.member, { id: others.id, effect: 'DENY' })).rejects.toMatchObject({ code: 'forbidden' });
  expect((await listPolicies(wells, acme.member, first)).items.map(({ id }) => id).sort()).toEqual([own.id, bots.id].sort());
  expect(await findPolicies(wells, acme.member, [others.id])).toEqual([]);
  expect(await updatePolicy(wells, acme.member, { id: bots.id, effect: 'DENY' })).toMatchObject({ effect: 'DENY' });
  expect(await deletePolicy(wells, acme.member, { id: own.id })).toEqual(own);
});

test('service accounts act by scope', async () => {
  const reader = acme.serviceAccount('management:policies:read');
  const rule = await create(acme.serviceAccount('management:policies:write'));
  expect((await listPolicies(wells, reader, first)).items).toEqual([rule]);
  await expect(create(reader)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(deletePolicy(wells, reader, { id: rule.id })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(listPolicies(wells, acme.serviceAccount('management:users:read'), first)).rejects.toMatchObject({ code: 'forbidden' });
});

test('an update says from what to what, nothing when nothing changes; a deletion names the rule', async () => {
  const { id } = await create(acme.admin, { integrationId: github });
  const expiresAt = new Date(wells.clock.now().getTime() + 60_000);
  const patch = { id, effect: 'DENY', expiresAt, draft: true } as const;
  const updated = await watch(wells, acme.organizationId, () => updatePolicy(wells, acme.admin, patch));
  expect(updated).toMatchObject({ kinds: ['policy.updated'], raised: true, result: { effect: 'DENY', expires_at: expiresAt, state: 'DRAFT' } });
  const changed = { effect: { from: 'ALLOW', to: 'DENY' }, expires_at: { from: null, to: expiresAt.toISOString() }, state: { from: 'LIVE', to: 'DRAFT' } };
  expect(updated.events[0]?.body.details).toMatchObject({ policy: id, changed });
  expect(await watch(wells, acme.organizationId, () => updatePolicy(wells, acme.admin, patch))).toMatchObject({ kinds: [], raised: false });
  await expect(updatePolicy(wells, acme.admin, { id, expiresAt: new Date(0) })).rejects.toMatchObject({ code: 'invalid_input', field: 'expiresAt' });
  expect(await updatePolicy(wells, acme.admin, { id, expiresAt: null, draft: false })).toMatchObject({ expires_at: null, state: 'LIVE', effect: 'DENY' });
  const deleted = await watch(wells, acme.organizationId, () => deletePolicy(wells, acme.admin, { id }));
  expect(deleted.events).toMatchObject([{ kind: 'policy.deleted', body: { integration: { handle: 'github' }, details: { policy: id, effect: 'DENY' } } }]);
  expect(deleted.raised).toBe(true);
  expect((await listPolicies(wells, acme.admin, first)).items).toEqual([]);
});

test('a member sees the application that one of its own rules is about', async () => {
  const other = (await createApplication(wells, acme.admin, { name: 'Chat', kind: 'PUBLIC', redirectUris: [] })).application;
  expect(await findApplications(wells, acme.member, [other.id])).toEqual([]);
  await create(acme.member, { ...aboutUser(acme.member.userId), applicationId: other.id });
  expect(await findApplications(wells, acme.member, [other.id])).toEqual([other]);
});
