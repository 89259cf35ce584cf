import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chainHash, genesisHash, verifyLog, type RememberedHead } from '../../src/audit/index.ts';
import type { OrganizationId } from '../../src/kernel/index.ts';
import type { OwnerTx } from '../../src/platform/index.ts';
import { addOrganization, openTestWells, testActor, type TestWells } from '../support/wells.ts';

let wells: TestWells;
let id: OrganizationId;

beforeAll(async () => {
  wells = await openTestWells();
});
afterAll(() => wells[Symbol.asyncDispose]());
beforeEach(async () => {
  id = await addOrganization(wells);
  await write(10);
});

const write = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => wells.appender.append(testActor(id), { kind: 'user.signed_in', details: { index } }, { revision: 1 })));
/** As a superuser would, past every guard. */
const tamper = (work: (tx: OwnerTx) => Promise<unknown>) => wells.db.asOwner(work);
const remember = async (): Promise<RememberedHead> => {
  const found = await verifyLog(wells.db, id);
  if (!found.intact) throw new Error(found.broken);
  return { sequence: found.sequence, hash: found.hash };
};
const broken = (sequence: number, text: RegExp) => ({ organizationId: id, intact: false, sequence, broken: expect.stringMatching(text) as string });

/** What a thief with the whole database can do: recompute everything from an event on. */
async function rechain(tx: OwnerTx, from: number): Promise<void> {
  const rows = await tx.selectFrom('audit_event').selectAll().where('organization_id', '=', id).orderBy('sequence').execute();
  let hash = genesisHash(id);
  for (const row of rows) {
    hash = chainHash(hash, row.sequence, row.body);
    if (row.sequence >= from) await tx.updateTable('audit_event').set({ hash }).where('organization_id', '=', id).where('sequence', '=', row.sequence).execute();
  }
  await tx.updateTable('organization_head').set({ hash, sequence: rows.at(-1)?.sequence ?? 0 }).where('organization_id', '=', id).execute();
}

it('holds for an honest log, also while it grows', async () => {
  expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true, sequence: 10, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  const growing = write(300);
  const remembered = await remember();
  await growing;
  expect(await verifyLog(wells.db, id, remembered)).toMatchObject({ intact: true, sequence: 310 });
});

it('holds for an empty log', async () => {
  expect(await verifyLog(wells.db, await addOrganization(wells))).toMatchObject({ intact: true, sequence: 0 });
});

it('reads logs longer than a page', async () => {
  await write(2_100);
  expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true, sequence: 2_110 });
  await tamper((tx) => tx.updateTable('audit_event').set({ body: '{}' }).where('organization_id', '=', id).where('sequence', '=', 1_001).execute());
  expect(await verifyLog(wells.db, id)).toEqual(broken(1_001, /does not follow/));
});

describe('finds the first event that does not hold', () => {
  it.each([1, 5, 10])('where the body of event %d was edited', async (sequence) => {
    await tamper((tx) => sql`UPDATE audit_event SET body = replace(body, 'test', 'best') WHERE organization_id = ${id} AND sequence = ${sequence}`.execute(tx));
    expect(await verifyLog(wells.db, id)).toEqual(broken(sequence, /does not follow/));
  });

  it.each([
    ['at', sql`at + interval '1 second'`],
    ['kind', sql`'user.created'`],
    ['outcome', sql`'FAILURE'`],
    ['id', sql`'evt_00000000000000000000000000'`],
    ['actor_id', sql`'usr_x'`],
    ['user_id', sql`'usr_x'`],
    ['application_id', sql`'app_x'`],
    ['integration_id', sql`'int_x'`],
    ['capability', sql`'github:create_issue'`],
  ])('where the column %s was edited', async (column, value) => {
    await tamper((tx) => sql`UPDATE audit_event SET ${sql.ref(column)} = ${value} WHERE organization_id = ${id} AND sequence = 4`.execute(tx));
    expect(await verifyLog(wells.db, id)).toEqual(broken(4, new RegExp(`event 4: ${column} is not`)));
  });

  it.each([1, 6])('where event %d was deleted', async (sequence) => {
    await tamper((tx) => tx.deleteFrom('audit_event').where('organization_id', '=', id).where('sequence', '=', sequence).execute());
    expect(await verifyLog(wells.db, id)).toEqual(broken(sequence, /is missing/));
  });

  it('where one was deleted and the others moved up', async () => {
    await tamper(async (tx) => {
      await tx.deleteFrom('audit_event').where('organization_id', '=', id).where('sequence', '=', 6).execute();
      for (const sequence of [7, 8, 9, 10]) await tx.updateTable('audit_event').set({ sequence: sequence - 1 }).where('organization_id', '=', id).where('sequence', '=', sequence).execute();
    });
    expect(await verifyLog(wells.db, id)).toEqual(broken(6, /does not follow/));
  });

  it('where the tail was deleted', async () => {
    await tamper((tx) => tx.deleteFrom('audit_event').where('organization_id', '=', id).where('sequence', '>', 8).execute());
    expect(await verifyLog(wells.db, id)).toEqual(broken(9, /the head says 10/));
  });

  it('where the tail was deleted and the head set back', async () => {
    const remembered = await remember();
    await tamper(async (tx) => {
      await tx.deleteFrom('audit_event').where('organization_id', '=', id).where('sequence', '>', 8).execute();
      await rechain(tx, 8);
    });
    expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true });
    expect(await verifyLog(wells.db, id, remembered)).toEqual(broken(9, /the remembered log reached 10/));
  });

  it('where everything was truncated', async () => {
    const remembered = await remember();
    await tamper(async (tx) => {
      await sql`TRUNCATE audit_event`.execute(tx);
      await rechain(tx, 1);
    });
    expect(await verifyLog(wells.db, id, remembered)).toEqual(broken(1, /the remembered log reached 10/));
  });

  it('where two were swapped', async () => {
    await tamper(async (tx) => {
      const of = { organization_id: id };
      for (const [from, to] of [[3, 0], [4, 3], [0, 4]] as const) await tx.updateTable('audit_event').set({ ...of, sequence: to }).where('organization_id', '=', id).where('sequence', '=', from).execute();
    });
    expect(await verifyLog(wells.db, id)).toEqual(broken(3, /does not follow/));
  });

  it('where one was inserted at the end', async () => {
    await tamper((tx) => sql`INSERT INTO audit_event SELECT organization_id, 11, 'evt_forged', at, kind, outcome, actor_id, user_id, application_id, integration_id, capability, body, hash FROM audit_event WHERE organization_id = ${id} AND sequence = 10`.execute(tx));
    expect(await verifyLog(wells.db, id)).toEqual(broken(11, /does not follow/));
  });

  it('where an event of another organization was moved in', async () => {
    const other = await addOrganization(wells);
    await wells.appender.append(testActor(other), { kind: 'user.signed_in' }, { revision: 1 });
    await tamper(async (tx) => {
      await tx.deleteFrom('audit_event').where('organization_id', '=', id).where('sequence', '=', 1).execute();
      await tx.updateTable('audit_event').set({ organization_id: id }).where('organization_id', '=', other).execute();
      await rechain(tx, 1);
    });
    expect(await verifyLog(wells.db, id)).toEqual(broken(1, /organization_id is not/));
  });

  it('where an event was edited and everything after it chained anew, by the remembered head alone', async () => {
    const remembered = await remember();
    await write(5);
    await tamper(async (tx) => {
      await sql`UPDATE audit_event SET body = replace(body, 'test', 'best') WHERE organization_id = ${id} AND sequence = 7`.execute(tx);
      await rechain(tx, 7);
    });
    expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true, sequence: 15 });
    expect(await verifyLog(wells.db, id, remembered)).toEqual(broken(10, /not the one remembered/));
  });

  it('where the head was set back and the events were not', async () => {
    await tamper((tx) => tx.updateTable('organization_head').set({ sequence: 4 }).where('organization_id', '=', id).execute());
    expect(await verifyLog(wells.db, id)).toEqual(broken(5, /event 5 is beyond the head/));
  });

  it('where the head was changed or removed', async () => {
    await tamper((tx) => tx.updateTable('organization_head').set({ hash: Buffer.alloc(32) }).where('organization_id', '=', id).execute());
    expect(await verifyLog(wells.db, id)).toEqual(broken(10, /the head does not carry/));
    await tamper((tx) => tx.deleteFrom('organization_head').where('organization_id', '=', id).execute());
    expect(await verifyLog(wells.db, id)).toEqual(broken(10, /has no head/));
  });

  it.each(['{}', 'x', '{"id": 1}', 'null', '[]', '"text"'])('where the body is %s and the chain was made to fit', async (body) => {
    await tamper(async (tx) => {
      await tx.updateTable('audit_event').set({ body }).where('organization_id', '=', id).where('sequence', '=', 3).execute();
      await rechain(tx, 3);
    });
    expect(await verifyLog(wells.db, id)).toEqual(broken(3, /event 3: /));
  });
});
