import { randomBytes } from 'node:crypto';
import { administer, databaseUrl, TEMPLATE } from '../support/postgresql.ts';
import { serverUrl } from '../support/database.ts';
import { foundAcme, type Acme } from '../support/acme.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { answering, freePort, run, type Running } from './process.ts';

/** A server in a process of its own over a fresh PostgreSQL database, with the story of `foundAcme` in it. */
export interface BenchPlane extends AsyncDisposable {
  readonly wells: TestWells;
  readonly acme: Acme;
  readonly port: number;
  readonly sidecarPort: number;
  readonly databaseUrl: string;
  readonly server: Running;
}

export async function openBenchPlane(): Promise<BenchPlane> {
  await using stack = new AsyncDisposableStack();
  const name = `kontext_bench_${randomBytes(8).toString('hex')}`;
  await administer(serverUrl(), `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  stack.defer(() => administer(serverUrl(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = databaseUrl(serverUrl(), name);
  const masterKey = randomBytes(32).toString('base64');
  const [port, sidecarPort] = [await freePort(), await freePort()];
  const urls = { public: `http://localhost:${port}`, sidecar: `http://localhost:${sidecarPort}` };
  const wells = stack.use(await openTestWells({ share: { location: { url, poolSize: 4 }, masterKey }, urls }));
  const acme = await foundAcme(wells);
  const server = stack.use(
    run('../../src/main.ts', ['start'], { DATABASE_URL: url, KONTEXT_MASTER_KEY: masterKey, PORT: String(port), SIDECAR_PORT: String(sidecarPort), KONTEXT_ENV: 'development', LOG_LEVEL: 'warn' }),
  );
  await answering(`http://127.0.0.1:${sidecarPort}/readyz`);
  const opened = stack.move();
  return { wells, acme, port, sidecarPort, databaseUrl: url, server, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
