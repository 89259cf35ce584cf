import { expect, test } from 'vitest';
import { findUsers, getUser, listUsers, setUserRole, setUserStatus } from '../../src/directory/index.ts';
import { parsePage } from '../../src/kernel/index.ts';
import { digest, newId } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { actorOf, foundOrganization, watch, type Acme } from './people.ts';

const first = parsePage({ first: 100 });

test('whoever manages users sees all of them, a member itself, a service account by scope', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  for (const actor of [acme.owner, acme.admin, acme.serviceAccount('management:users:read'), acme.serviceAccount('management:all')]) {
    expect((await listUsers(wells, actor, first)).items).toHaveLength(3);
  }
  expect((await listUsers(wells, acme.member, first)).items.map(({ id }) => id)).toEqual([acme.member.userId]);
  expect((await findUsers(wells, acme.member, [acme.member.userId, acme.owner.userId])).map(({ id }) => id)).toEqual([acme.member.userId]);
  await expect(listUsers(wells, acme.serviceAccount('management:audit:read'), first)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(getUser(wells, acme.member, acme.owner.userId)).rejects.toMatchObject({ code: 'not_found' });
  const page = await listUsers(wells, acme.owner, parsePage({ first: 2 }));
  expect(page).toMatchObject({ hasNext: true, hasPrevious: false });
});

test('a foreign user is answered as a missing one, by every verb', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const other = await foundOrganization(wells, 'Other');
  const ids = [other.member.userId, newId('user')];
  expect(await findUsers(wells, acme.owner, ids)).toEqual([]);
  for (const id of ids) {
    await expect(getUser(wells, acme.owner, id)).rejects.toMatchObject({ code: 'not_found', field: 'id' });
    await expect(setUserStatus(wells, acme.owner, { id, status: 'DEACTIVATED' })).rejects.toMatchObject({ code: 'not_found', field: 'id' });
    await expect(setUserRole(wells, acme.owner, { id, role: 'ADMIN' })).rejects.toMatchObject({ code: 'not_found', field: 'id' });
    await expect(setUserRole(wells, acme.member, { id, role: 'ADMIN' })).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect(await getUser(wells, other.owner, other.member.userId)).toMatchObject({ status: 'ACTIVE', role: 'MEMBER' });
});

test('deactivation signs out everywhere in the same transaction; it is idempotent and can be undone', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  await signIn(wells, acme, acme.member.userId);
  await signIn(wells, acme, acme.admin.userId);
  const { result, events, raised } = await watch(wells, acme.organizationId, () => setUserStatus(wells, acme.admin, { id: acme.member.userId, status: 'DEACTIVATED' }));
  expect(result.status).toBe('DEACTIVATED');
  expect(events).toMatchObject([{ kind: 'user.status_changed', body: { user: { id: acme.member.userId, name: 'Mia' }, actor: { id: acme.admin.userId }, details: { from: 'ACTIVE', to: 'DEACTIVATED' } } }]);
  expect(raised).toBe(true);
  expect(await sessionsOf(wells, acme)).toEqual({ browsers: [acme.admin.userId], records: [acme.admin.userId] });

  const again = await watch(wells, acme.organizationId, () => setUserStatus(wells, acme.admin, { id: acme.member.userId, status: 'DEACTIVATED' }));
  expect(again).toMatchObject({ kinds: [], raised: false });
  expect(await setUserStatus(wells, acme.admin, { id: acme.member.userId, status: 'ACTIVE' })).toMatchObject({ status: 'ACTIVE' });
});

test('nobody deactivates themself, and a member nobody', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  await setUserRole(wells, acme.owner, { id: acme.admin.userId, role: 'OWNER' });
  await expect(setUserStatus(wells, acme.owner, { id: acme.owner.userId, status: 'DEACTIVATED' })).rejects.toMatchObject({ code: 'forbidden', message: /yourself/ });
  await expect(setUserStatus(wells, acme.member, { id: acme.admin.userId, status: 'DEACTIVATED' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(setUserStatus(wells, acme.serviceAccount('management:users:read'), { id: acme.member.userId, status: 'DEACTIVATED' })).rejects.toMatchObject({ code: 'forbidden' });
});

test('the last active owner stays: neither demoted nor deactivated', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const root = acme.serviceAccount('management:all');
  const id = acme.owner.userId;
  await expect(setUserStatus(wells, root, { id, status: 'DEACTIVATED' })).rejects.toMatchObject({ code: 'conflict', field: 'id' });
  await expect(setUserRole(wells, root, { id, role: 'MEMBER' })).rejects.toMatchObject({ code: 'conflict', field: 'id' });
  await setUserRole(wells, acme.owner, { id: acme.admin.userId, role: 'OWNER' });
  await setUserStatus(wells, root, { id: acme.admin.userId, status: 'DEACTIVATED' });
  await expect(setUserRole(wells, acme.owner, { id, role: 'ADMIN' })).rejects.toMatchObject({ code: 'conflict' });
  await setUserStatus(wells, root, { id: acme.admin.userId, status: 'ACTIVE' });
  expect(await setUserRole(wells, acme.owner, { id, role: 'ADMIN' })).toMatchObject({ role: 'ADMIN' });
});

test('two owners who unmake each other at once leave one', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  await setUserRole(wells, acme.owner, { id: acme.admin.userId, role: 'OWNER' });
  const second = actorOf(await getUser(wells, acme.owner, acme.admin.userId));
  const outcomes = await Promise.allSettled([
    setUserRole(wells, acme.owner, { id: second.userId, role: 'MEMBER' }),
    setUserRole(wells, second, { id: acme.owner.userId, role: 'MEMBER' }),
  ]);
  // The second one finds itself no owner any more.
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { items } = await listUsers(wells, acme.serviceAccount('management:all'), first);
  expect(items.filter(({ role }) => role === 'OWNER')).toHaveLength(1);
});

test('only an owner makes, unmakes or deactivates an owner', async () => {
  await using wells = await openTestWells();
  const acme = await foundOrganization(wells);
  const robot = acme.serviceAccount('management:users:write');
  for (const actor of [acme.admin, robot, { ...acme.admin, role: 'OWNER' as const }]) {
    await expect(setUserRole(wells, actor, { id: acme.member.userId, role: 'OWNER' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(setUserRole(wells, actor, { id: acme.owner.userId, role: 'MEMBER' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(setUserStatus(wells, actor, { id: acme.owner.userId, status: 'DEACTIVATED' })).rejects.toMatchObject({ code: 'forbidden' });
  }
  const { result, events, raised } = await watch(wells, acme.organizationId, () => setUserRole(wells, robot, { id: acme.member.userId, role: 'ADMIN' }));
  expect(result.role).toBe('ADMIN');
  expect(events).toMatchObject([{ kind: 'user.role_changed', body: { details: { from: 'MEMBER', to: 'ADMIN' }, user: { name: 'Mia' } } }]);
  expect(raised).toBe(true);
  expect((await watch(wells, acme.organizationId, () => setUserRole(wells, robot, { id: acme.member.userId, role: 'ADMIN' }))).kinds).toEqual([]);
});

async function signIn(wells: TestWells, { organizationId }: Acme, userId: Acme['member']['userId']): Promise<void> {
  const expires_at = new Date(Date.now() + 3_600_000);
  await wells.db.asOrganization(organizationId, async (tx) => {
    await tx.insertInto('browser_session').values({ digest: digest(userId), organization_id: organizationId, user_id: userId, expires_at }).execute();
    await tx.insertInto('oidc_record').values({ model: 'RefreshToken', id_digest: digest(userId), organization_id: organizationId, account_id: userId, payload: digest('sealed'), expires_at }).execute();
  });
}

function sessionsOf(wells: TestWells, { organizationId }: Acme): Promise<{ browsers: string[]; records: (string | null)[] }> {
  return wells.db.read(organizationId, async (tx) => ({
    browsers: (await tx.selectFrom('browser_session').select('user_id').execute()).map(({ user_id }) => user_id),
    records: (await tx.selectFrom('oidc_record').select('account_id').execute()).map(({ account_id }) => account_id),
  }));
}
