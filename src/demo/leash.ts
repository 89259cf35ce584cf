import { rmSync } from 'node:fs';

const GRACE_MS = 5_000;

/**
 * Loaded before a process of the demo (`node --import`), so that none outlives it: standard input is a pipe that the demo
 * holds, and the system closes it however the demo ends, `kill -9` included. Nothing of the program itself knows of this.
 */
process.stdin.on('end', () => {
  const folder = process.env['DEMO_FOLDER'];
  if (folder !== undefined) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  // Killed by a signal that nobody handles, it would not get to tidy up.
  if (process.listenerCount('SIGTERM') === 0) process.exit(1);
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), GRACE_MS).unref();
});
process.stdin.resume();
// Waiting for the demo's end is no reason to stay.
if ('unref' in process.stdin && typeof process.stdin.unref === 'function') process.stdin.unref();
