import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EVENT_OUTCOMES, eventsAfter, findEvents, headSequence, listEvents, matches, type AuditEvent, type EventDraft, type EventFilter } from '../../src/audit/index.ts';
import { formatAuditCursor, formatCursor, parsePage, type OrganizationId, type UserActor } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { openTestWells, testActor, type TestWells } from '../support/wells.ts';

const USERS = [newId('user'), newId('user')] as const;
const APPLICATIONS = [newId('application'), newId('application')] as const;
const INTEGRATIONS = [newId('integration'), newId('integration')] as const;
const KINDS = ['user.signed_in', 'connection.started', 'access.exchanged'] as const;
const COUNT = 120;

let wells: TestWells;
let id: OrganizationId;
let all: readonly AuditEvent[];

beforeAll(async () => {
  wells = await openTestWells({ organizations: 2 });
  id = wells.organizations[0]!;
  const pick = <T>(list: readonly T[], index: number): T => list[index % list.length]!;
  for (let index = 0; index < COUNT; index++) {
    const user: UserActor = { ...testActor(id), kind: 'user', userId: pick(USERS, index), name: 'Alice', role: 'MEMBER', applicationId: null, grantId: null };
    const draft: EventDraft = {
      kind: pick(KINDS, index),
      outcome: pick(EVENT_OUTCOMES, index >> 1),
      ...(index % 3 === 0 && { user: { id: pick(USERS, index >> 2), name: 'x' } }),
      ...(index % 4 > 1 && { application: { id: pick(APPLICATIONS, index >> 3), name: 'x' } }),
      ...(index % 5 > 1 && { integration: { id: pick(INTEGRATIONS, index >> 2), handle: 'x' } }),
    };
    await wells.appender.append(index % 2 ? user : testActor(id), draft, { revision: 1 });
  }
  all = await wells.db.read(id, (tx) => eventsAfter(tx, 0, COUNT + 1));
});
afterAll(() => wells[Symbol.asyncDispose]());

const list = (filter: EventFilter, args: Parameters<typeof parsePage>[0]) => wells.db.read(id, (tx) => listEvents(tx, filter, parsePage(args)));
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const filters: fc.Arbitrary<EventFilter> = fc.record({
  kinds: optional(fc.subarray([...KINDS, 'policy.created' as const])),
  outcomes: optional(fc.subarray([...EVENT_OUTCOMES])),
  userId: optional(fc.constantFrom(...USERS, newId('user'))),
  applicationId: optional(fc.constantFrom(...APPLICATIONS)),
  integrationId: optional(fc.constantFrom(...INTEGRATIONS)),
});

it('filters in memory as in SQL', async () => {
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const expected = all.filter((event) => matches(filter, event)).map(({ sequence }) => sequence).reverse();
      expect((await list(filter, { first: 100 })).items.map(({ sequence }) => sequence)).toEqual(expected.slice(0, 100));
    }),
  );
});

it.each([1, 7, 100])('walks the log newest first in pages of %d, both ways', async (size) => {
  const newestFirst = all.toReversed().map(({ sequence }) => sequence);
  const forward: number[] = [];
  for (let after: string | null = null; ; ) {
    const page = await list({}, { first: size, after });
    expect(page.hasPrevious).toBe(after !== null);
    forward.push(...page.items.map(({ sequence }) => sequence));
    after = page.items.at(-1)?.cursor ?? null;
    if (!page.hasNext) break;
  }
  expect(forward).toEqual(newestFirst);
  const backward: number[] = [];
  for (let before: string | null = null; ; ) {
    const page = await list({}, { last: size, before });
    expect(page.hasNext).toBe(before !== null);
    backward.unshift(...page.items.map(({ sequence }) => sequence));
    before = page.items[0]?.cursor ?? null;
    if (!page.hasPrevious) break;
  }
  expect(backward).toEqual(newestFirst);
});

it('keeps its pages while events arrive', async () => {
  const first = await list({}, { first: 10 });
  await wells.appender.append(testActor(id), { kind: 'user.signed_in' }, { revision: 1 });
  const second = await list({}, { first: 10, after: first.items.at(-1)?.cursor ?? null });
  expect(second.items[0]?.sequence).toBe((first.items.at(-1)?.sequence ?? 0) - 1);
  await expect(list({}, { first: 10, after: formatCursor('node', '1') })).rejects.toMatchObject({ code: 'invalid_input', field: 'after' });
  await expect(list({}, { last: 10, before: 'x' })).rejects.toMatchObject({ code: 'invalid_input', field: 'before' });
});

it('finds by id, in its own organization alone', async () => {
  const [event] = all;
  expect(await wells.db.read(id, (tx) => findEvents(tx, [event!.id, newId('event')]))).toEqual([event]);
  const other = wells.organizations[1]!;
  expect(await wells.db.read(other, (tx) => findEvents(tx, [event!.id]))).toEqual([]);
  expect(await wells.db.read(other, (tx) => listEvents(tx, {}, parsePage({ first: 10, after: formatAuditCursor(50) })))).toMatchObject({ items: [] });
  expect(await wells.db.read(other, (tx) => headSequence(tx, id))).toBe(0);
  expect(await wells.db.read(id, (tx) => findEvents(tx, []))).toEqual([]);
});
