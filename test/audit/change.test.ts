import { expect, it, onTestFinished } from 'vitest';
import { change, listEvents, verifyLog } from '../../src/audit/index.ts';
import { Fault, formatId, parsePage, type UserActor } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { openFaultyDatabase } from '../support/faulty-database.ts';
import { openTestWells, testActor } from '../support/wells.ts';

async function stage() {
  const wells = await openTestWells({ organizations: 1 });
  onTestFinished(() => wells[Symbol.asyncDispose]());
  const id = wells.organizations[0]!;
  return {
    wells,
    id,
    nameNow: async () => (await wells.db.read(id, (tx) => tx.selectFrom('organization').select('name').executeTakeFirstOrThrow())).name,
    events: async () => (await wells.db.read(id, (tx) => listEvents(tx, {}, parsePage({ first: 100 })))).items,
    revision: async () => (await wells.db.read(id, (tx) => tx.selectFrom('organization_head').select('access_revision').executeTakeFirstOrThrow())).access_revision,
  };
}

it('writes and tells of it in one transaction', async () => {
  const { wells, id, nameNow, events, revision } = await stage();
  const user: UserActor = { kind: 'user', organizationId: id, userId: formatId('user', 1, new Uint8Array(10)), name: 'Alice', role: 'ADMIN', applicationId: null, grantId: null, requestId: newId('request'), address: '192.0.2.1' };
  const integration = { id: newId('integration'), handle: 'github' };
  const result = await change(wells, user, async (tx) => {
    await tx.updateTable('organization').set({ name: 'Renamed' }).execute();
    return { result: 42, events: [{ kind: 'integration.updated', integration, details: { scopes: ['repo'] } }, { kind: 'user.signed_in' }] };
  });
  expect([result, await nameNow(), await revision()]).toEqual([42, 'Renamed', 2]);
  const [second, first] = await events();
  expect(second).toMatchObject({ sequence: 2, kind: 'user.signed_in' });
  expect(first).toMatchObject({ organizationId: id, sequence: 1, kind: 'integration.updated', outcome: 'SUCCESS' });
  expect(first?.body).toMatchObject({ v: 1, id: first?.id, organization: id, actor: { kind: 'user', id: user.userId, name: 'Alice' }, user: { id: user.userId, name: 'Alice' }, integration, request: user.requestId, address: '192.0.2.1', details: { scopes: ['repo'] } });
  expect(first?.at.toISOString()).toBe(first?.body.at);
});

it('writes nothing without its event: what is unchanged is rolled back', async () => {
  const { wells, id, nameNow, events } = await stage();
  const result = await change(wells, testActor(id), async (tx) => {
    await tx.updateTable('organization').set({ name: 'Forgotten' }).execute();
    return { result: 'same', unchanged: true };
  });
  expect([result, await nameNow(), await events()]).toEqual(['same', 'Acme', []]);
});

it('leaves nothing of what throws', async () => {
  const { wells, id, nameNow, events } = await stage();
  const fault = new Fault('conflict');
  const work = change(wells, testActor(id), async (tx) => {
    await tx.updateTable('organization').set({ name: 'Forgotten' }).execute();
    throw fault;
  });
  await expect(work).rejects.toBe(fault);
  expect([await nameNow(), await events()]).toEqual(['Acme', []]);
});

it('cannot swallow a failed statement and be taken for done', async () => {
  const { wells, id, events } = await stage();
  const work = change(wells, testActor(id), async (tx) => {
    await tx.insertInto('organization').values({ id, name: 'twice' }).execute().catch(() => {});
    return { result: null, events: [{ kind: 'organization.created' }] };
  });
  await expect(work).rejects.toThrow(/transaction is aborted/);
  expect(await events()).toEqual([]);
});

it('has done everything where the commit was applied and its answer lost', async () => {
  const { wells, id, nameNow, events } = await stage();
  const db = openFaultyDatabase(wells.db);
  for (const [mode, expected, count] of [['lost', 'Acme', 0], ['rolled_back', 'Acme', 0], ['applied', 'Renamed', 1]] as const) {
    db.failNext(mode);
    const work = change({ ...wells, db }, testActor(id), async (tx) => {
      await tx.updateTable('organization').set({ name: 'Renamed' }).execute();
      return { result: null, events: [{ kind: 'organization.created' }] };
    });
    await expect(work).rejects.toMatchObject({ code: 'unavailable' });
    expect([mode, await nameNow(), (await events()).length]).toEqual([mode, expected, count]);
  }
  expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true, sequence: 1 });
});
