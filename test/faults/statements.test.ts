import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as operations from '../../schema/generated/graphql.ts';
import { createOrganization } from '../../src/directory/index.ts';
import { toFault } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { openDoors, Refused, type Doors, type Person } from '../support/doors.ts';
import { openTestPlane, type TestPlane } from '../support/plane.ts';
import { openStatementFaults, type StatementFailure } from './statement-faults.ts';

/** Each flow, each statement, failed and lost, COMMIT included: the caller hears it clearly, nothing is half done, and the same again succeeds. */
const stack = new AsyncDisposableStack();
const faults = openStatementFaults();
let plane: TestPlane;
let doors: Doors;
let alice: Person;
let connectionId = '';
let turn = 0;

beforeAll(async () => {
  plane = stack.use(await openTestPlane({ onStatement: faults.onStatement }));
  doors = await openDoors(plane);
  alice = await doors.signIn();
  await doors.connect(alice);
});
afterAll(() => stack.disposeAsync());

interface Flow {
  /** Undone or made new before each run, without any fault. */
  readonly prepare?: () => Promise<unknown>;
  readonly run: () => Promise<unknown>;
  /** Holds once it has succeeded. */
  readonly after?: () => Promise<unknown>;
  /** Many statements and a browser: where COMMIT can be lost too, and in that way alone. */
  readonly long?: true;
}

/** Raises the access revision, so that nothing remembered can be used and every statement of a decision is run. */
const forget = () => doors.graph(operations.UpdateApplicationDocument, { input: { id: doors.application.id, name: `PR-Bot ${++turn}` } });
const expireSoon = async (): Promise<void> => {
  plane.upstream.switches.accessTokenTtl = 30;
  await doors.connect(alice);
  plane.upstream.switches.accessTokenTtl = 3_600;
};
const findConnection = async () => {
  const { connections } = await doors.graph(operations.ConnectionsDocument, { first: 10, integrationId: doors.integrations.tracker });
  return connections.nodes[0]!;
};

/** Nobody holds the right to refresh for nothing, and no refresh token was given up for a request that was never sent. */
const holdRefreshed = async (): Promise<void> => {
  const { db } = plane.plane.wells;
  expect(await db.asOwner((tx) => tx.selectFrom('connection').select('id').where('lease_until', 'is not', null).execute())).toEqual([]);
  expect(await db.asOwner((tx) => tx.selectFrom('audit_event').select('id').where('kind', '=', 'connection.refresh_unknown').execute())).toEqual([]);
};

const FLOWS: Readonly<Record<string, Flow>> = {
  'an exchange for a user at the sidecar': { prepare: forget, run: () => doors.credential(alice) },
  'an exchange for a user at the authorization server': { prepare: forget, run: () => doors.credential(alice, {}, 'authorization server') },
  'an exchange of the shared token': { prepare: forget, run: () => doors.credential(null) },
  'an exchange that refreshes': { prepare: expireSoon, run: () => doors.credential(alice), after: holdRefreshed },
  'storing a token': { run: () => doors.storeToken(alice, `token-of-alice-${++turn}`) },
  'revoking a connection': {
    prepare: async () => {
      await doors.connect(alice);
      connectionId = (await findConnection()).id;
    },
    run: () => doors.graph(operations.RevokeConnectionDocument, { input: { id: connectionId } }),
    after: async () => expect(await findConnection()).toMatchObject({ status: 'DISCONNECTED' }),
  },
  'creating an organization': { run: () => createOrganization(plane.plane.wells, { name: 'Other', adminEmail: 'olga@other.test' }, newId('request')) },
  connecting: { run: () => doors.connect(alice), long: true },
  'signing in and consenting': { run: () => doors.signIn(), long: true },
};

/** What a caller may be told: that it did not work, whether to come back, and the request's id. */
function holdClear(thrown: unknown, failure: StatementFailure): void {
  if (!(thrown instanceof Refused)) return expect(['internal', 'unavailable']).toContain(toFault(thrown).code);
  const { status, headers, text, body } = thrown.reply;
  expect(text).not.toMatch(/\n\s+at |of-the-fault|terminated|\/src\/|node_modules/);
  // Back at the application, with an error of RFC 6749 section 4.1.2.1.
  if (status === 303) return expect(body['error']).toMatch(/^(server_error|temporarily_unavailable)$/);
  // A log that cannot be written is unavailable whatever the reason.
  expect(failure === 'lost' ? [503] : [500, 503], text).toContain(status);
  expect(text).toMatch(/req_\w{26}/);
  if (status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
}

/** Nothing is half there: no organization without its owner and service account, no refresh token sent twice. */
async function holdWorld(): Promise<void> {
  await doors.check(plane.plane.wells);
  const rows = await plane.plane.wells.db.asOwner((tx) =>
    tx
      .selectFrom('organization as o')
      .select((eb) => [eb.selectFrom('users').select(eb.fn.countAll().as('n')).whereRef('organization_id', '=', 'o.id').as('users'), eb.selectFrom('client_secret').select(eb.fn.countAll().as('n')).whereRef('organization_id', '=', 'o.id').as('secrets')])
      .execute(),
  );
  for (const { users, secrets } of rows) expect([Number(users) > 0, Number(secrets) > 0]).toEqual([true, true]);
  expect([...plane.upstream.refreshes.values()].every((times) => times === 1), 'a refresh token was sent twice').toBe(true);
}

async function failEach({ prepare, run, after, long }: Flow, failure: StatementFailure): Promise<string[]> {
  const failed: string[] = [];
  for (let skip = 0; ; skip++) {
    await prepare?.();
    faults.arm(failure, skip);
    const thrown = await run().then(() => null, (error: unknown) => error);
    const statement = faults.disarm();
    if (statement === null) {
      if (thrown) throw thrown;
      await doors.check(plane.plane.wells, plane.logLines);
      return failed;
    }
    failed.push(statement);
    try {
      if (thrown) holdClear(thrown, failure);
      // The next round of a long flow gets past this statement, which says the same in half the time.
      if (!long) await run();
      await after?.();
      await holdWorld();
    } catch (error) {
      throw new Error(`statement ${skip}, ${failure}: ${statement}`, { cause: error });
    }
  }
}

describe.each(Object.entries(FLOWS).filter(([, { long }]) => ON_POSTGRESQL || !long))('%s', (_name, flow) => {
  test.each(flow.long ? (['lost'] as const) : (['lost', 'failed'] as const))('with each statement %s', { timeout: 120_000 }, async (failure) => {
    const failed = await failEach(flow, failure);
    expect(failed.length).toBeGreaterThan(3);
    if (ON_POSTGRESQL) expect(failed).toContain('commit');
  });
});
