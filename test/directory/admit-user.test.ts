import { expect, test } from 'vitest';
import { admitUser, createOrganization, groupsOfUsers, listGroups, listUsers, setUserStatus } from '../../src/directory/index.ts';
import { parsePage } from '../../src/kernel/index.ts';
import { openTestWells } from '../support/wells.ts';
import { actorOf, foundOrganization, ISSUER, watch } from './people.ts';

const first = parsePage({ first: 100 });

test('an unknown person becomes a member on the first sign-in and is the same person on the second', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const created = await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', email: 'bob@acme.test', name: ' Bob ' }));
  expect(created.result).toMatchObject({ name: 'Bob', email: 'bob@acme.test', role: 'MEMBER', status: 'ACTIVE', issuer: ISSUER, subject: 'bob' });
  expect(created.kinds).toEqual(['user.created']);
  expect(created.events[0]?.body).toMatchObject({ user: { id: created.result.id, name: 'Bob' }, address: '192.0.2.1', actor: { kind: 'system' }, details: { invited: false } });
  expect(Object.keys(created.events[0]?.body.user ?? {})).toEqual(['id', 'name']);

  const again = await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', email: 'robert@acme.test', name: 'Robert' }));
  expect(again.result).toMatchObject({ id: created.result.id, name: 'Robert', email: 'robert@acme.test' });
  expect(again.kinds).toEqual(['user.signed_in']);
  expect(again.raised).toBe(false);
});

test('the same subject of another issuer is another person', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const one = await acme.admit({ subject: 'bob' });
  const two = await acme.admit({ subject: 'bob', issuer: 'https://idp.other.test' });
  expect(two.id).not.toBe(one.id);
});

test('an invited person is found by verified address alone, whatever its case, and once', async () => {
  await using wells = await openTestWells();
  const { organizationId } = await createOrganization(wells, { name: 'Acme', adminEmail: 'Alice@Acme.test' }, 'req_boot');
  const admit = (subject: string, emailVerified: boolean) =>
    admitUser(wells, organizationId, { issuer: ISSUER, subject, email: 'alice@acme.test', emailVerified, name: 'Alice', groups: null }, { requestId: 'req_test', address: null });
  expect(await admit('mallory', false)).toMatchObject({ role: 'MEMBER' });
  const linked = await watch(wells, organizationId, () => admit('alice', true));
  expect(linked.result).toMatchObject({ role: 'OWNER', subject: 'alice', name: 'Alice' });
  expect(linked.events[0]?.body).toMatchObject({ kind: 'user.created', details: { invited: true, role: 'OWNER' } });
  expect(await admit('second', true)).toMatchObject({ role: 'MEMBER' });
});

test('two first sign-ins at once make one user', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const users = await Promise.all(Array.from({ length: 6 }, () => acme.admit({ subject: 'twin', email: 'twin@acme.test', groups: ['Twins', 'Engineering'] })));
  expect(new Set(users.map(({ id }) => id)).size).toBe(1);
  const { items } = await listUsers(wells, acme.owner, first);
  expect(items.filter(({ subject }) => subject === 'twin')).toHaveLength(1);
});

test('groups follow the claims, raise the revision when they change, and stay where the provider sends none', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const joined = await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', groups: ['Engineering', ' Sales ', '', 'Engineering'] }));
  expect(joined.kinds).toEqual(['user.created', 'user.groups_changed']);
  expect(joined.raised).toBe(true);
  const namesOf = async () => (await groupsOfUsers(wells, acme.owner, [joined.result.id])).get(joined.result.id)?.map(({ name }) => name);
  expect(await namesOf()).toEqual(['Engineering', 'Sales']);

  const same = await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', groups: ['Sales', 'Engineering'] }));
  expect(same.kinds).toEqual(['user.signed_in']);
  expect((await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', groups: null }))).kinds).toEqual(['user.signed_in']);
  expect(await namesOf()).toEqual(['Engineering', 'Sales']);

  const moved = await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', groups: ['Sales', 'Support\u0000'] }));
  expect(moved.events[1]?.body.details).toEqual({ added: ['Support'], removed: ['Engineering'] });
  await acme.admit({ subject: 'bob', groups: [] });
  expect(await namesOf()).toEqual([]);
  expect((await listGroups(wells, acme.admin, first)).items).toHaveLength(3);
});

test('a member sees its own groups and nobody else\'s', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const bob = await acme.admit({ subject: 'bob', groups: ['Sales'] });
  const eve = await acme.admit({ subject: 'eve', groups: ['Engineering'] });
  expect((await listGroups(wells, actorOf(bob), first)).items.map(({ name }) => name)).toEqual(['Sales']);
  const groups = await groupsOfUsers(wells, actorOf(bob), [bob.id, eve.id]);
  expect(groups.get(bob.id)).toHaveLength(1);
  expect(groups.get(eve.id)).toEqual([]);
});

test('a deactivated user is turned away, and the log says so', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const bob = await acme.admit({ subject: 'bob', groups: ['Sales'] });
  await setUserStatus(wells, acme.admin, { id: bob.id, status: 'DEACTIVATED' });
  const refused = await watch(wells, acme.organizationId, () => acme.admit({ subject: 'bob', name: 'Bobby', groups: [] }).catch((error: unknown) => error));
  expect(refused.result).toMatchObject({ code: 'forbidden' });
  expect(refused.events).toMatchObject([{ kind: 'sign_in.failed', outcome: 'FAILURE', body: { user: { id: bob.id } } }]);
  expect((await groupsOfUsers(wells, acme.owner, [bob.id])).get(bob.id)).toHaveLength(1);
});
