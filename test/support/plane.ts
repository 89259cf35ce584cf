import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogEvent } from 'kysely';
import { openPlane, type Plane } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { Id, OrganizationId } from '../../src/kernel/index.ts';
import { openLog } from '../../src/platform/index.ts';
import { createTestDatabase, ON_POSTGRESQL } from './database.ts';
import { openIdentityProvider, type Person } from './identity-provider.ts';
import { openTestProvider, type TestProvider } from './provider.ts';

type Variables = Readonly<Record<string, string>>;

/** Where a Kontext is and what surrounds it, whichever process it runs in. */
export interface Surroundings {
  readonly url: string;
  readonly sidecarUrl: string;
  /** The server's settings, as variables: for another node, a restart, a command. */
  readonly variables: Variables;
  /** What the bootstrap command printed. */
  readonly bootstrap: { readonly organizationId: OrganizationId; readonly serviceAccount: { readonly clientId: Id<'serviceAccount'>; readonly clientSecret: string } };
  /** Acme's identity provider; knows `people`, and Kontext by these. */
  readonly signIn: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
  readonly people: Person[];
  /** The service behind OAuth that its users connect to. */
  readonly upstream: TestProvider;
}

export interface TestPlane extends Surroundings, AsyncDisposable {
  readonly plane: Plane;
  /** Everything that was logged, from debug up, a JSON line each. */
  readonly logLines: string[];
  /** Another node over the same database, on ports of its own. PostgreSQL only. */
  openNode(options?: NodeOptions): Promise<TestNode>;
}

export interface TestNode extends AsyncDisposable {
  readonly plane: Plane;
  readonly url: string;
  readonly sidecarUrl: string;
}

export interface NodeOptions {
  /** Sees each statement as it ends; what it throws is what the statement answers. */
  readonly onStatement?: ((event: LogEvent) => void) | undefined;
  /** Replaces the server's settings. */
  readonly variables?: Variables | undefined;
}

/** The whole server in this process, on free ports over a fresh database of the run's kind, bootstrapped by the command line. */
export async function openTestPlane(options: NodeOptions = {}): Promise<TestPlane> {
  await using stack = new AsyncDisposableStack();
  const around = await surround(stack, options.variables);
  const logLines: string[] = [];
  const start = async (variables: Variables, onStatement?: NodeOptions['onStatement']): Promise<Plane> => {
    const log = openLog('debug', { write: (line: string) => void logLines.push(line) });
    return openPlane(readConfig(variables), 'all', { log, environment: variables, ...(onStatement && { onStatement }) });
  };
  const plane = stack.use(await start(around.variables, options.onStatement));
  const opened = stack.move();
  return {
    ...around,
    plane,
    logLines,
    async openNode({ variables = {}, onStatement } = {}) {
      const [port, sidecarPort] = await freePorts();
      const node = await start({ ...around.variables, PORT: port, SIDECAR_PORT: sidecarPort, ...variables }, onStatement);
      return { plane: node, url: `http://localhost:${port}`, sidecarUrl: `http://localhost:${sidecarPort}`, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export interface SpawnedPlane extends Surroundings, AsyncDisposable {
  /** Everything it printed so far. */
  readonly output: () => string;
  /** Sends a signal and answers the exit code once it is gone; null where the signal ended it. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** Starts it again; resolves once it is ready, with how long that took in milliseconds. */
  start(): Promise<number>;
}

/** `node src/main.ts start` as a process of its own. */
export async function spawnPlane(variables: Variables = {}): Promise<SpawnedPlane> {
  await using stack = new AsyncDisposableStack();
  const around = await surround(stack, variables);
  let server = runMain(['start'], around.variables);
  stack.defer(async () => void (await server.stop('SIGKILL')));
  await untilReady([around.url, around.sidecarUrl], server);
  const opened = stack.move();
  return {
    ...around,
    output: () => server.output(),
    stop: (signal) => server.stop(signal),
    async start() {
      const startedAt = performance.now();
      server = runMain(['start'], around.variables);
      await untilReady([around.url, around.sidecarUrl], server);
      return performance.now() - startedAt;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function surround(stack: AsyncDisposableStack, overrides: Variables = {}): Promise<Surroundings> {
  const [port, sidecarPort] = await freePorts();
  const [url, sidecarUrl] = [`http://localhost:${port}`, `http://localhost:${sidecarPort}`];
  const variables = {
    ...(await databaseVariables(stack)),
    KONTEXT_ENV: 'development',
    LOG_LEVEL: 'debug',
    PORT: port,
    SIDECAR_PORT: sidecarPort,
    PUBLIC_URL: url,
    SIDECAR_URL: sidecarUrl,
    ...overrides,
  };
  const { code, stdout, stderr } = await runMain(['bootstrap', '--organization', 'Acme', '--admin', 'alice@acme.test'], variables).ended;
  if (code !== 0) throw new Error(`bootstrap ended with ${code}: ${stderr}`);
  const people: Person[] = [
    { email: 'alice@acme.test', name: 'Alice Ames', groups: ['Engineering'] },
    { email: 'bob@acme.test', name: 'Bob Beck' },
  ];
  const client = { clientId: 'kontext', clientSecret: 'secret-of-kontext-at-the-identity-provider' };
  const provider = stack.use(await openIdentityProvider({ ...client, redirectUri: `${url}/sign-in/callback`, people }));
  const upstream = stack.use(await openTestProvider([`${url}/connect/callback`]));
  return { url, sidecarUrl, variables, bootstrap: JSON.parse(stdout) as Surroundings['bootstrap'], signIn: { issuer: provider.issuer, ...client }, people, upstream };
}

async function databaseVariables(stack: AsyncDisposableStack): Promise<Variables> {
  if (ON_POSTGRESQL) {
    const { location } = stack.use(await createTestDatabase());
    if (!('url' in location)) throw new Error('a database of another kind');
    return { DATABASE_URL: location.url, KONTEXT_MASTER_KEY: randomBytes(32).toString('base64') };
  }
  const folder = await mkdtemp(join(tmpdir(), 'kontext-test-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return { DATA_DIR: folder };
}

export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** The command line as whoever operates it has it, with these variables and no others. */
export function runMain(args: readonly string[], variables: Variables): Running {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...variables } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text));
  const ended = new Promise<Awaited<Running['ended']>>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return {
    child,
    output: () => stdout + stderr,
    ended,
    async stop(signal) {
      child.kill(signal);
      return (await ended).code;
    },
  };
}

const READY_MS = 20_000;

/** Resolves once each door says that it is ready. */
async function untilReady(urls: readonly string[], server: Running): Promise<void> {
  const until = performance.now() + READY_MS;
  for (const url of urls) {
    while (!(await fetch(`${url}/readyz`).then(({ ok }) => ok, () => false))) {
      if (server.child.exitCode !== null || performance.now() > until) throw new Error(`${url} is not ready: ${server.output().slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Two ports that nobody listens on, as text. */
export async function freePorts(): Promise<readonly [string, string]> {
  const servers = [createServer(), createServer()];
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [first = '', second = ''] = servers.map((server) => String((server.address() as AddressInfo).port));
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return [first, second];
}
