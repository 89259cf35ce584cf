import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as operations from '../../schema/generated/graphql.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { openDoors, type Doors, type Person } from '../support/doors.ts';
import { spawnPlane, type SpawnedPlane } from '../support/plane.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { openLoad } from './load.ts';

const ROUNDS = 4;
const LOOPS = 16;

describe.runIf(ON_POSTGRESQL)('kill -9 under load (a process over PGlite that is killed takes its database with it)', () => {
  const stack = new AsyncDisposableStack();
  let plane: SpawnedPlane;
  let doors: Doors;
  let alice: Person;
  /** A look at the same database from outside of the server. */
  let wells: TestWells;

  beforeAll(async () => {
    plane = stack.use(await spawnPlane());
    const { DATABASE_URL: url = '', KONTEXT_MASTER_KEY: masterKey = '' } = plane.variables;
    wells = stack.use(await openTestWells({ share: { location: { url, poolSize: 3 }, masterKey } }));
    doors = await openDoors(plane);
    alice = await doors.signIn();
    await doors.connect(alice);
  });
  afterAll(() => stack.disposeAsync());

  test(`${ROUNDS} rounds: ready again within five seconds, log whole, every answer in it, every acknowledged change there`, async () => {
    const made: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const load = openLoad(LOOPS, async (loop) => {
        if (loop > 0) return (await doors.exchange(loop % 2 ? alice : null)).status;
        const { createApplication } = await doors.graph(operations.CreateApplicationDocument, { input: { name: 'Made', kind: 'PUBLIC', redirectUris: [] } });
        made.push(createApplication?.application?.id ?? '');
        return 200;
      });
      await load.pass(LOOPS);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      await plane.stop('SIGKILL');
      await load.stop();
      expect(load.shots.filter(({ answer }) => answer === 200).length).toBeGreaterThan(LOOPS);
      expect(await plane.start()).toBeLessThan(5_000);
      await doors.check(wells, plane.output().split('\n'));
      const rows = await wells.db.asOwner((tx) => tx.selectFrom('application').select('id').execute());
      const ids = new Set<string>(rows.map(({ id }) => id));
      expect(made.filter((id) => !ids.has(id))).toEqual([]);
      expect((await doors.exchange(alice)).status).toBe(200);
    }
  });
});
