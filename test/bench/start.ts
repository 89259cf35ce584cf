import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, firstLine, freePort, run } from './process.ts';
import { atMost, type Figure } from './report.ts';

const ROUNDS = 5;

/** From the start of the process to readiness, on an existing data directory, against a process that opens PGlite and nothing else. */
export async function benchStart(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kontext-bench-'));
  const env = { DATA_DIR: folder, KONTEXT_ENV: 'development', LOG_LEVEL: 'error' };
  try {
    {
      await using bootstrap = run('../../src/main.ts', ['bootstrap', '--organization', 'Acme', '--admin', 'alice@acme.test'], env);
      await new Promise((resolve) => bootstrap.child.once('exit', resolve));
    }
    const server: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      floor.push(await timed(async () => {
        await using bare = run('pglite-alone.ts', [join(folder, 'pglite')]);
        await firstLine(bare);
      }));
      server.push(await timed(async () => {
        const [port, sidecarPort] = [await freePort(), await freePort()];
        await using plane = run('../../src/main.ts', ['start'], { ...env, PORT: String(port), SIDECAR_PORT: String(sidecarPort) });
        void plane;
        await answering(`http://127.0.0.1:${port}/readyz`);
      }));
    }
    const alone = median(floor);
    return [{ ...atMost('start', 'start to ready on PGlite', median(server), 'ms', 1.5 * alone), against: { what: 'PGlite alone', value: alone }, target: '<= 1.5 x PGlite alone' }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const median = (values: readonly number[]): number => [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
