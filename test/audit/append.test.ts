import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainHash, change, EVENTS, genesisHash, openAppender, verifyLog, type EventDraft, type EventKind } from '../../src/audit/index.ts';
import { canonicalJson, type Json, type OrganizationId } from '../../src/kernel/index.ts';
import { openDatabase } from '../../src/platform/index.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { FAILURE_MODES, openFaultyDatabase } from '../support/faulty-database.ts';
import { addTenantRows } from '../support/tenant-rows.ts';
import { addOrganization, openTestWells, testActor, type TestWells } from '../support/wells.ts';

let wells: TestWells;
beforeAll(async () => {
  wells = await openTestWells();
});
afterAll(() => wells[Symbol.asyncDispose]());

const SIGNED_IN: EventDraft = { kind: 'user.signed_in' };
const headOf = (id: OrganizationId) => wells.db.read(id, (tx) => tx.selectFrom('organization_head').selectAll().executeTakeFirstOrThrow());
const eventsOf = (id: OrganizationId) => wells.db.read(id, (tx) => tx.selectFrom('audit_event').selectAll().orderBy('sequence').execute());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the chain', () => {
  const nasty = fc.string({ unit: fc.oneof(fc.constantFrom('\u0000', '\ud800', '\udfff', '\\u0000', '\\', '"', '\u2028', '💥', 'é', '\ufffd'), fc.string({ unit: 'binary', maxLength: 3 })), maxLength: 20 });
  const details = fc.dictionary(nasty.filter((key) => key !== '__proto__'), fc.oneof(nasty, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(nasty, { maxLength: 3 })), { maxKeys: 5 });

  it('is in SQL what it is here, whatever callers write', async () => {
    const id = await addOrganization(wells);
    let previous = genesisHash(id);
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(details, { minLength: 1, maxLength: 4 }), nasty, async (batch, name) => {
        const actor = { ...testActor(id), name };
        await Promise.all(batch.map((values) => wells.appender.append(actor, { ...SIGNED_IN, details: values as Record<string, Json> }, { revision: 1 })));
        const rows = await wells.db.read(id, (tx) => tx.selectFrom('audit_event').selectAll().where('sequence', '>', sequence).orderBy('sequence').execute());
        expect(rows).toHaveLength(batch.length);
        for (const row of rows) {
          expect(row.sequence).toBe(++sequence);
          previous = chainHash(previous, sequence, row.body);
          expect(hex(row.hash)).toBe(hex(previous));
          expect(canonicalJson(JSON.parse(row.body) as Json)).toBe(row.body);
        }
      }),
      { numRuns: ON_POSTGRESQL ? 100 : 40 },
    );
    expect(await headOf(id)).toMatchObject({ sequence, hash: Buffer.from(previous) });
    expect(await verifyLog(wells.db, id)).toEqual({ organizationId: id, intact: true, sequence, hash: hex(previous) });
  });

  it('begins differently in each organization', async () => {
    const [one, other] = [await addOrganization(wells), await addOrganization(wells)];
    expect(hex(genesisHash(one))).not.toBe(hex(genesisHash(other)));
  });
});

describe('fences', () => {
  it('refuse what was decided on an older revision, and only that', async () => {
    const id = await addOrganization(wells);
    const actor = testActor(id);
    const answers = await Promise.all([1, 2, 1].map((revision) => wells.appender.append(actor, SIGNED_IN, { revision })));
    expect(answers.map(({ stale }) => stale)).toEqual([false, true, false]);
    expect(answers.flatMap((answer) => (answer.stale ? [] : [answer.sequence]))).toEqual([1, 2]);
    await change(wells, actor, async () => ({ result: null, events: [{ kind: 'policy.created' }] }));
    expect(await wells.appender.append(actor, SIGNED_IN, { revision: 1 })).toEqual({ stale: true });
    expect(await wells.appender.append(actor, SIGNED_IN, { revision: 2 })).toMatchObject({ stale: false, sequence: 4 });
  });

  it('refuse a connection that was refreshed, ended or is not there', async () => {
    const rows = await addTenantRows(wells);
    const foreign = await addTenantRows(wells);
    const actor = testActor(rows.organizationId);
    const { access_revision: revision } = await headOf(rows.organizationId);
    const append = (version: number, connection = rows.connection) => wells.appender.append(actor, SIGNED_IN, { revision, connection: { id: connection, version } });
    expect(await append(1)).toMatchObject({ stale: false });
    expect(await append(2)).toEqual({ stale: true });
    expect(await append(1, foreign.connection)).toEqual({ stale: true });
    await wells.db.asOrganization(rows.organizationId, (tx) => tx.updateTable('connection').set({ version: 2 }).execute());
    expect(await append(1)).toEqual({ stale: true });
    expect(await append(2)).toMatchObject({ stale: false });
    await wells.db.asOrganization(rows.organizationId, (tx) => tx.updateTable('connection').set({ status: 'DISCONNECTED', reason: 'disconnected', credential: null }).execute());
    expect(await append(2)).toEqual({ stale: true });
  });

  it('stand in the table: the revision rises with every kind that alters access, and with no other', async () => {
    const id = await addOrganization(wells);
    for (const kind of Object.keys(EVENTS) as EventKind[]) {
      const before = (await headOf(id)).access_revision;
      await change(wells, testActor(id), async () => ({ result: null, events: [{ kind }] }));
      expect([kind, (await headOf(id)).access_revision - before]).toEqual([kind, EVENTS[kind].altersAccess ? 1 : 0]);
    }
  });
});

describe('group commit', () => {
  it('carries what waits together in few transactions, in the order it was asked', async () => {
    const id = await addOrganization(wells);
    const db = openFaultyDatabase(wells.db);
    await using appender = openAppender({ ...wells, db });
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => appender.append(testActor(id), SIGNED_IN, { revision: 1 })));
    expect(answers.map((answer) => (answer.stale ? null : answer.sequence))).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    expect(db.transactions).toBe(4);
  });

  it('keeps organizations apart', async () => {
    const ids = [await addOrganization(wells), await addOrganization(wells)];
    await Promise.all(ids.flatMap((id) => Array.from({ length: 20 }, () => wells.appender.append(testActor(id), SIGNED_IN, { revision: 1 }))));
    for (const id of ids) expect((await eventsOf(id)).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it.each(FAILURE_MODES)('tells every caller that it cannot be known to be durable (%s), and goes on', async (mode) => {
    const id = await addOrganization(wells);
    const db = openFaultyDatabase(wells.db);
    await using appender = openAppender({ ...wells, db });
    db.failNext(mode);
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => appender.append(testActor(id), SIGNED_IN, { revision: 1 })));
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    // The log may say too much, never too little.
    expect(await eventsOf(id)).toHaveLength(mode === 'applied' ? 5 : 0);
    expect(await appender.append(testActor(id), SIGNED_IN, { revision: 1 })).toMatchObject({ stale: false, sequence: mode === 'applied' ? 6 : 1 });
    expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true });
  });

  it('makes whatever goes wrong unavailable: nothing may leave without its row', async () => {
    const id = await addOrganization(wells);
    const unknown = { ...testActor(id), organizationId: 'org_00000000000000000000000000' as OrganizationId };
    await expect(wells.appender.append(unknown, SIGNED_IN, { revision: 1 })).rejects.toMatchObject({ code: 'unavailable', message: 'The audit log cannot be written right now, so nothing is handed out.' });
  });

  it('finishes what is on its way before it closes', async () => {
    const id = await addOrganization(wells);
    const appender = openAppender(wells);
    const answers = Promise.all(Array.from({ length: 600 }, () => appender.append(testActor(id), SIGNED_IN, { revision: 1 })));
    await appender[Symbol.asyncDispose]();
    expect(await eventsOf(id)).toHaveLength(600);
    await answers;
  });
});

describe.runIf(ON_POSTGRESQL)('many nodes', () => {
  it('leave no gap in the log under 16 writers, half of whom roll back', async () => {
    const id = await addOrganization(wells);
    await using stack = new AsyncDisposableStack();
    const nodes = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const db = stack.use(await openDatabase(wells.location));
        return { ...wells, db, appender: stack.use(openAppender({ ...wells, db })) };
      }),
    );
    const write = async (writer: number): Promise<number> => {
      const node = nodes[writer % nodes.length]!;
      let written = 0;
      for (let round = 0; round < 25; round++) {
        const actor = testActor(id);
        if (writer % 2 === 0) {
          written += (await node.appender.append(actor, SIGNED_IN, { revision: 1 })).stale ? 0 : 1;
        } else if (round % 2 === 0) {
          await change(node, actor, async () => ({ result: null, events: [SIGNED_IN, SIGNED_IN] }));
          written += 2;
        } else {
          await node.db
            .asOrganization(id, async (tx) => {
              await tx.updateTable('organization').set({ name: `writer ${writer}` }).execute();
              throw new Error('rolled back');
            })
            .catch(() => {});
        }
      }
      return written;
    };
    const written = (await Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)))).reduce((sum, count) => sum + count, 0);
    expect((await eventsOf(id)).map(({ sequence }) => sequence)).toEqual(Array.from({ length: written }, (_, index) => index + 1));
    expect(await verifyLog(wells.db, id)).toMatchObject({ intact: true, sequence: written });
  });

  it('let no decision pass a revocation that was answered', async () => {
    const id = await addOrganization(wells);
    await using db = await openDatabase(wells.location);
    await using appender = openAppender({ ...wells, db });
    let revoked = false;
    let passed = 0;
    const deciding = Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 40; round++) {
        const known = revoked;
        const answer = await appender.append(testActor(id), SIGNED_IN, { revision: 1 });
        if (known) expect(answer).toEqual({ stale: true });
        else if (!answer.stale) passed++;
      }
    });
    while (passed < 20) await new Promise(setImmediate);
    await change(wells, testActor(id), async () => ({ result: null, events: [{ kind: 'policy.deleted' }] }));
    revoked = true;
    await Promise.all(deciding);
    const events = await eventsOf(id);
    expect(events.at(-1)?.kind).toBe('policy.deleted');
  });
});
