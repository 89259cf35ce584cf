import { randomBytes } from 'node:crypto';
import type { LogEvent } from 'kysely';
import { genesisHash, openAppender, openFeeds, type Appender, type Feeds } from '../../src/audit/index.ts';
import { systemActor, type OrganizationId, type SystemActor } from '../../src/kernel/index.ts';
import {
  newId,
  openDatabase,
  openDoorbell,
  openKeyring,
  openLog,
  openMetrics,
  openSafeFetch,
  parseMasterKeys,
  systemClock,
  type Clock,
  type DatabaseLocation,
  type Urls,
  type Wells,
} from '../../src/platform/index.ts';
import { createTestDatabase } from './database.ts';

/** The system's clock, which a test can move. */
export interface TestClock extends Clock {
  advance(milliseconds: number): void;
}

export type TestWells = Wells & {
  readonly clock: TestClock;
  readonly appender: Appender;
  readonly feeds: Feeds;
  /** Everything that was logged, from debug up, a JSON line each. */
  readonly logLines: string[];
  /** Where the database is, for other nodes and for processes of their own. */
  readonly location: DatabaseLocation;
  readonly masterKey: string;
  /** What `organizations` asked for: bare tenants with head and data key, nobody in them. */
  readonly organizations: readonly OrganizationId[];
} & AsyncDisposable;

export interface TestWellsOptions {
  /** How many bare organizations to begin with. */
  readonly organizations?: number | undefined;
  readonly urls?: Urls | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sees each statement as it ends. */
  readonly onStatement?: ((event: LogEvent) => void) | undefined;
  /** An existing database, for a second node; it is left alone at the end. */
  readonly share?: { readonly location: DatabaseLocation; readonly masterKey: string } | undefined;
}

const URLS: Urls = { public: 'http://localhost:48210', sidecar: 'http://localhost:48211' };

/** Real wells over a fresh database of the run's kind. Private addresses may be fetched: upstreams of tests listen on loopback. */
export async function openTestWells(options: TestWellsOptions = {}): Promise<TestWells> {
  const stack = new AsyncDisposableStack();
  try {
    const location = options.share?.location ?? stack.use(await createTestDatabase()).location;
    const masterKey = options.share?.masterKey ?? randomBytes(32).toString('base64');
    const db = stack.use(await openDatabase(location, options.onStatement));
    const logLines: string[] = [];
    const log = openLog('debug', { write: (line: string) => void logLines.push(line) });
    const clock = openTestClock();
    const metrics = openMetrics();
    const keyring = openKeyring(parseMasterKeys(masterKey));
    const bell = stack.use(openDoorbell(db));
    const fetch = stack.use(openSafeFetch({ allowPrivate: true, timeoutMs: 5_000, maxBytes: 1_000_000 }));
    const appender = stack.use(openAppender({ db, bell, clock, metrics }));
    const feeds = stack.use(openFeeds({ db, bell, clock, log, metrics }, { heartbeatMs: 200, pollMs: 250 }));
    const wells = { db, bell, clock, log, metrics, keyring, fetch, urls: options.urls ?? URLS, environment: options.environment ?? {} };
    const organizations: OrganizationId[] = [];
    for (let count = options.organizations ?? 0; count > 0; count--) organizations.push(await addOrganization(wells));
    return Object.assign(wells, { appender, feeds, logLines, location, masterKey, organizations, [Symbol.asyncDispose]: () => stack.disposeAsync() });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A bare organization: its row, the head of its log and its data key. */
export async function addOrganization(wells: Pick<Wells, 'db' | 'keyring'>, name = 'Acme'): Promise<OrganizationId> {
  const id = newId('organization');
  await wells.db.asOrganization(id, async (tx) => {
    await tx.insertInto('organization').values({ id, name }).execute();
    await tx.insertInto('organization_head').values({ organization_id: id, hash: genesisHash(id) }).execute();
    await wells.keyring.create(tx, id);
  });
  return id;
}

/** The server itself as the actor of a test. */
export function testActor(organizationId: OrganizationId): SystemActor {
  return systemActor(organizationId, 'test', newId('request'));
}

function openTestClock(): TestClock {
  let ahead = 0;
  return {
    now: () => new Date(systemClock.now().getTime() + ahead),
    advance: (milliseconds) => void (ahead += milliseconds),
  };
}
