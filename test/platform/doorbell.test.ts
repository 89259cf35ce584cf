import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { openDatabase, openDoorbell } from '../../src/platform/index.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { administer } from '../support/postgresql.ts';
import { openTestWells } from '../support/wells.ts';

it('rings for its organization and no other, and no more once stopped', async () => {
  await using wells = await openTestWells({ organizations: 2 });
  const [one, other] = wells.organizations;
  const [heard, foreign] = [vi.fn(), vi.fn()];
  const stop = wells.bell.onRing(one!, heard);
  wells.bell.onRing(other!, foreign);
  await delay(300); // to hear that the listening began is no ring
  heard.mockClear();
  foreign.mockClear();
  wells.bell.ring(one!);
  await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce());
  expect(foreign).not.toHaveBeenCalled();
  stop();
  wells.bell.ring(one!);
  await delay(100);
  expect(heard).toHaveBeenCalledOnce();
});

it('rings once for many rings at once', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  const heard = vi.fn();
  wells.bell.onRing(wells.organizations[0]!, heard);
  await delay(300);
  heard.mockClear();
  for (let i = 0; i < 1_000; i++) wells.bell.ring(wells.organizations[0]!);
  await vi.waitFor(() => expect(heard).toHaveBeenCalled());
  await delay(100);
  expect(heard.mock.calls.length).toBeLessThan(5);
});

it.runIf(ON_POSTGRESQL)('is heard on another node, also for more organizations than one notification holds', async () => {
  await using wells = await openTestWells({ organizations: 400 });
  await using db = await openDatabase(wells.location);
  await using bell = openDoorbell(db);
  const heard = new Set<string>();
  for (const id of wells.organizations) bell.onRing(id, () => heard.add(id));
  await vi.waitFor(() => expect(heard).toHaveLength(400)); // listening begins
  heard.clear();
  for (const id of wells.organizations) wells.bell.ring(id);
  await vi.waitFor(() => expect(heard).toHaveLength(400));
});

it.runIf(ON_POSTGRESQL)('says that something may have been missed, once it hears again', async () => {
  await using wells = await openTestWells({ organizations: 1 });
  const heard = vi.fn();
  wells.bell.onRing(wells.organizations[0]!, heard);
  await delay(300);
  heard.mockClear();
  await administer('url' in wells.location ? wells.location.url : '', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'kontext %'`);
  await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce(), { timeout: 5_000 });
  wells.bell.ring(wells.organizations[0]!);
  await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2), { timeout: 5_000 });
});
