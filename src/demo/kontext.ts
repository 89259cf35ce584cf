import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ended, start, type Child } from './process.ts';

/** What `audit verify` prints of one organization, and its exit code. */
export interface Verification {
  readonly organizationId: string;
  readonly intact: boolean;
  readonly sequence: number;
  readonly hash?: string;
  readonly broken?: string;
  readonly exitCode: number | null;
}

/** The server as whoever operates it has it: a command line, a data folder, two addresses. */
export interface Kontext extends AsyncDisposable {
  readonly url: string;
  readonly sidecarUrl: string;
  readonly dataDir: string;
  /** What the server printed about the organization that it made, once. */
  readonly bootstrap: { readonly organizationId: string; readonly serviceAccount: { readonly clientId: string; readonly clientSecret: string } };
  running(): boolean;
  lastWords(): string;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** Over the same data, on the same ports. */
  restart(): Promise<void>;
  /** `audit verify` against a head that was written down elsewhere. Only while the server is stopped: PGlite belongs to one process. */
  verify(remembered: { readonly sequence: number; readonly hash: string }): Promise<Verification>;
}

const DOCUMENTED_PORTS = [4000, 4001] as const;
const ATTEMPTS = 3;
const READY_MS = 30_000;

/**
 * Kontext on PGlite in a fresh folder, which is removed in the end. On its documented ports where `documentedPorts` asks
 * for them and they are free, else on any; a port that somebody takes meanwhile is a reason to try others.
 */
export async function startKontext({ documentedPorts }: { readonly documentedPorts: boolean }): Promise<Kontext> {
  for (let attempt = 1; ; attempt++) {
    const ports = documentedPorts && attempt === 1 && (await areFree(DOCUMENTED_PORTS)) ? DOCUMENTED_PORTS : await freePorts();
    const folder = await mkdtemp(join(tmpdir(), 'kontext-demo-'));
    try {
      return await open(folder, ports);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (attempt === ATTEMPTS || !(error instanceof Ended) || !error.message.includes('it is in use')) throw error;
    }
  }
}

async function open(folder: string, [port, sidecarPort]: readonly [number, number]): Promise<Kontext> {
  const url = `http://localhost:${port}`;
  const sidecarUrl = `http://localhost:${sidecarPort}`;
  const variables = {
    KONTEXT_ENV: 'development',
    KONTEXT_BOOTSTRAP: 'Acme,alice@acme.test',
    DATA_DIR: folder,
    PORT: String(port),
    SIDECAR_PORT: String(sidecarPort),
    LOG_LEVEL: 'info',
    DEMO_FOLDER: folder,
  };
  const serve = (): Child => start('main.ts', ['start'], variables);
  let child = serve();
  let running = true;
  try {
    const bootstrap = await child.line<Kontext['bootstrap']>('organizationId');
    await ready([url, sidecarUrl], child);
    return {
      url,
      sidecarUrl,
      dataDir: folder,
      bootstrap,
      running: () => running,
      lastWords: () => child.lastWords(),
      stop() {
        running = false;
        return child.stop();
      },
      async restart() {
        child = serve();
        running = true;
        await ready([url, sidecarUrl], child);
      },
      async verify({ sequence, hash }) {
        await using command = start('main.ts', ['audit', 'verify', '--organization', bootstrap.organizationId, '--expect', `${sequence}:${hash}`], variables);
        const verification = await command.line<Omit<Verification, 'exitCode'>>('intact');
        return { ...verification, exitCode: await command.ended };
      },
      async [Symbol.asyncDispose]() {
        await child.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Resolves once each door says that it is ready; rejects where the process ends before. */
async function ready(urls: readonly string[], child: Child): Promise<void> {
  // Nothing it prints has this member: only its end settles this.
  const ended = child.line<{ never: never }>('never');
  const doors = Promise.all(
    urls.map(async (url) => {
      const until = performance.now() + READY_MS;
      while (!(await fetch(`${url}/readyz`).then((response) => response.ok, () => false))) {
        if (performance.now() > until) throw new Error(`${url}/readyz does not answer 200:\n${child.lastWords()}`);
        await sleep(20);
      }
    }),
  );
  await Promise.race([doors, ended]);
}

async function freePorts(): Promise<readonly [number, number]> {
  await using first = await listen(0);
  await using second = await listen(0);
  return [first.port, second.port];
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    // Whoever listens on either address of localhost answers in our place.
    for (const host of ['127.0.0.1', '::1']) {
      const taken = await listen(port, host).then((server) => server[Symbol.asyncDispose]().then(() => false), (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE');
      if (taken) return false;
    }
  }
  return true;
}

async function listen(port: number, host = '127.0.0.1'): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
