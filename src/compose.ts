import type { LogEvent } from 'kysely';
import { openAppender, openFeeds } from './audit/index.ts';
import { StartRefused, type Config } from './config.ts';
import { createOrganization, hasOrganizations } from './directory/index.ts';
import { openExchange } from './exchange/index.ts';
import { openGraphqlLater, openHttpServer, operationRoutes, pageRoutes, sidecarRoutes, type HttpServer, type HttpServerSettings } from './http/index.ts';
import { openIdentity } from './identity/index.ts';
import { Fault } from './kernel/index.ts';
import {
  migrate,
  newId,
  openDatabase,
  openDoorbell,
  openKeyFile,
  openKeyring,
  openMetrics,
  openSafeFetch,
  parseMasterKeys,
  systemClock,
  type Clock,
  type Database,
  type DatabaseLocation,
  type Log,
  type MasterKeys,
  type Wells,
} from './platform/index.ts';

/** Which doors a process opens. Each alone needs a database both can reach, so not PGlite. */
export const ROLES = ['all', 'server', 'sidecar'] as const;
export type ServerRole = (typeof ROLES)[number];

const FEED = { heartbeatMs: 15_000, pollMs: 1_000 };
const GRAPHQL = { timeoutMs: 15_000, pingMs: 15_000 };
const LOAD_AFTER_MS = 50;
const FETCH = { timeoutMs: 10_000, maxBytes: 2_000_000 };

export interface WellsOptions {
  readonly log: Log;
  readonly clock?: Clock;
  readonly onStatement?: (event: LogEvent) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The database and the keys, without any door: what commands need. */
export async function openWells(config: Config, options: WellsOptions): Promise<Wells & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const keys = await openMasterKeys(config, options.log);
  const setting = config.databaseUrl === undefined ? 'DATA_DIR' : 'DATABASE_URL';
  const db = stack.use(await openDatabaseOf(config, options).catch(refuse(setting)));
  await migrate(db).catch(refuse(setting));
  const keyring = openKeyring(keys);
  await db.asOwner((tx) => keyring.check(tx)).catch((error: unknown) => {
    throw new StartRefused((error as Error).message);
  });
  const bell = stack.use(openDoorbell(db));
  const fetch = stack.use(openSafeFetch({ ...FETCH, allowPrivate: config.allowPrivateNetwork }));
  const opened = stack.move();
  return {
    db,
    bell,
    fetch,
    log: options.log,
    clock: options.clock ?? systemClock,
    metrics: openMetrics(),
    keyring,
    urls: { public: config.publicUrl, sidecar: config.sidecarUrl },
    environment: options.environment,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Turns an error into the sentence that names the setting behind it. */
function refuse(setting: string): (error: unknown) => never {
  return (error) => {
    const reason = error instanceof Error ? error.message || ('code' in error && String(error.code)) || error.name : String(error);
    throw new StartRefused(`${setting} cannot be used: ${reason.replaceAll('\n', ' ').replace(/\.?$/, '.')}`);
  };
}

async function openMasterKeys(config: Config, log: Log): Promise<MasterKeys> {
  if (config.masterKey !== undefined) {
    try {
      return parseMasterKeys(config.masterKey);
    } catch (error) {
      throw new StartRefused((error as Error).message);
    }
  }
  const { keys, path, made } = await openKeyFile(config.dataDir).catch(refuse('DATA_DIR'));
  if (made) log.warn({ path }, 'a master key was made: whoever loses this file loses every stored credential');
  return keys;
}

async function openDatabaseOf(config: Config, options: WellsOptions): Promise<Database> {
  const location: DatabaseLocation = config.databaseUrl === undefined ? { directory: `${config.dataDir}/pglite` } : { url: config.databaseUrl, poolSize: config.databasePoolSize };
  return openDatabase(location, options.onStatement);
}

/** A running Kontext. */
export interface Plane extends AsyncDisposable {
  readonly wells: Wells;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  /** Stops taking requests, finishes what is in flight, ends the feeds with a reason, closes everything. */
  stop(graceMs: number): Promise<void>;
}

/** The only place where things are built: wells, rooms, doors, in the order of the line. */
export async function openPlane(config: Config, role: ServerRole, options: WellsOptions): Promise<Plane> {
  if (role !== 'all' && config.databaseUrl === undefined) {
    throw new StartRefused(`--role ${role} needs DATABASE_URL: the embedded database can be opened by one process only.`);
  }
  await using stack = new AsyncDisposableStack();
  const wells = stack.use(await openWells(config, options));
  await requireOrganization(wells, config);

  const appender = stack.use(openAppender(wells));
  const feeds = stack.use(openFeeds(wells, FEED));
  const identity = stack.use(await openIdentity(wells));
  const exchange = openExchange({ ...wells, appender, verifyAccessToken: identity.verifyAccessToken });
  identity.registerExchange(exchange.answer);

  let draining = false;
  const operations = operationRoutes(wells, () => draining);
  const doors: { name: string; url: string; server: HttpServer }[] = [];
  const open = async (name: string, url: string, port: number, routes: HttpServerSettings['routes'], upgrade?: HttpServerSettings['upgrade']): Promise<void> => {
    const server = stack.use(await openHttpServer({ name, host: config.host, port, routes: [...operations, ...routes], log: wells.log, metrics: wells.metrics, ...(upgrade && { upgrade }) }));
    doors.push({ name, url, server });
  };
  const graphql = role === 'sidecar' ? null : openGraphqlLater({ ...wells, feeds, identity }, { ...GRAPHQL, development: config.development });
  if (graphql) await open('server', config.publicUrl, config.port, [...graphql.routes, ...identity.routes, ...pageRoutes(wells, identity)], graphql.upgrade);
  if (role !== 'server') await open('sidecar', config.sidecarUrl, config.sidecarPort, sidecarRoutes(exchange));

  // Ready is ready: what is loaded now keeps nobody waiting but who asks for it at once.
  if (graphql) setTimeout(() => graphql.load().catch((error: unknown) => wells.log.error({ err: error }, 'the GraphQL door cannot be loaded')), LOAD_AFTER_MS).unref();

  const opened = stack.move();
  const stop = async (graceMs: number): Promise<void> => {
    if (draining) return;
    draining = true;
    await Promise.all([graphql?.drain(graceMs), ...doors.map(({ server }) => server.drain(graceMs))]);
    await opened.disposeAsync();
  };
  return { wells, servers: doors.map(({ name, url }) => ({ name, url })), stop, [Symbol.asyncDispose]: () => stop(0) };
}

/** On an empty database: makes the organization that KONTEXT_BOOTSTRAP names, or says what to do. */
async function requireOrganization(wells: Wells, config: Config): Promise<void> {
  if (await hasOrganizations(wells)) return;
  if (!config.bootstrap) {
    throw new StartRefused('The database holds no organization yet: run "node src/main.ts bootstrap --organization Acme --admin alice@acme.test", or set KONTEXT_BOOTSTRAP=Acme,alice@acme.test.');
  }
  try {
    await bootstrap(wells, { ...config.bootstrap, first: true });
  } catch (error) {
    // Another node that started on the same empty database was faster, and its output has the secret.
    if (!(error instanceof Fault && error.code === 'conflict')) throw error;
  }
}

/** Makes an organization and prints its service account once, as JSON on standard output: the only time its secret is shown. */
export async function bootstrap(wells: Wells, { organization, admin, first }: { organization: string; admin: string; first?: true }): Promise<void> {
  const { organizationId, serviceAccount } = await createOrganization(wells, { name: organization, adminEmail: admin, ...(first && { first }) }, newId('request'));
  const { clientId, clientSecret } = serviceAccount;
  process.stdout.write(`${JSON.stringify({ organizationId, serviceAccount: { clientId, clientSecret: clientSecret.reveal() } })}\n`);
}
