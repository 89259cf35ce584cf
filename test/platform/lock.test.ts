import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { holdDirectory, InUse } from '../../src/platform/db/lock.ts';

const LOCK = fileURLToPath(new URL('../../src/platform/db/lock.ts', import.meta.url));

test('one process holds a directory, the next is refused in one sentence, and whoever is killed holds nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kontext-lock-'));
  try {
    const directory = join(folder, 'pglite');
    const script = `const { holdDirectory } = await import(${JSON.stringify(LOCK)}); await holdDirectory(${JSON.stringify(directory)}); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await expect(holdDirectory(directory)).rejects.toThrow(InUse);
    await expect(holdDirectory(directory)).rejects.toThrow(/is in use by another process: stop that one first/);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const taken = await holdDirectory(directory);
    await expect(holdDirectory(directory)).rejects.toThrow(InUse);
    await taken.release();
    await (await holdDirectory(directory)).release();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
