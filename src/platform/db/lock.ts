import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';

/** Said to whoever comes second. */
export class InUse extends Error {
  override readonly name = 'InUse';
}

/**
 * Holds a directory for this process, by a socket beside it that the system closes with the process, however that ends.
 * Throws `InUse` where another process holds it. What a killed process left behind is taken over.
 */
export async function holdDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const path = `${directory}.lock`;
  for (let attempt = 0; ; attempt++) {
    const held = await listen(path);
    if (held) return held;
    if (await answers(path)) throw new InUse(`${directory} is in use by another process: stop that one first, or use PostgreSQL (DATABASE_URL), which many can share.`);
    if (attempt === 2) throw new InUse(`${path} cannot be taken over: delete it where no process uses ${directory}.`);
    await rm(path, { force: true });
  }
}

/** The lock, or null where something stands at the path. */
function listen(path: string): Promise<{ release(): Promise<void> } | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    // Closing removes the socket from the folder.
    server.listen(path, () => resolve({ release: () => new Promise((done) => server.close(() => done())) }));
    server.unref();
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
