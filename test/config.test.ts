import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readConfig, StartRefused } from '../src/config.ts';
import { createEmptyDatabase, createTestDatabase, ON_POSTGRESQL } from './support/database.ts';
import { freePorts, runMain } from './support/plane.ts';
import { administer } from './support/postgresql.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');

describe('a wrong setting is refused in one sentence that names it', () => {
  const POSTGRESQL = { DATABASE_URL: 'postgres://127.0.0.1/kontext' };
  test.each<[string, Record<string, string>]>([
    ['KONTEXT_MASTER_KEY is missing', POSTGRESQL],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://127.0.0.1/kontext' }],
    ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: '1' }],
    ['PUBLIC_URL must be https', { PUBLIC_URL: 'http://kontext.acme.test' }],
    ['SIDECAR_URL must be https', { SIDECAR_URL: 'http://sidecar.acme.test' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'kontext.acme.test' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'ftp://kontext.acme.test' }],
    ['PORT', { PORT: 'http' }],
    ['PORT', { PORT: '65536' }],
    ['PORT', { PORT: '-1' }],
    ['SIDECAR_PORT', { SIDECAR_PORT: '4001.5' }],
    ['KONTEXT_ENV', { KONTEXT_ENV: 'staging' }],
    ['KONTEXT_BOOTSTRAP', { KONTEXT_BOOTSTRAP: 'Acme' }],
    ['KONTEXT_BOOTSTRAP', { KONTEXT_BOOTSTRAP: 'Acme,alice@acme.test,more' }],
    ['KONTEXT_ALLOW_PRIVATE_NETWORK', { KONTEXT_ALLOW_PRIVATE_NETWORK: 'maybe' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ])('%s: %o', (sentence, variables) => {
    const refused = (() => {
      try {
        return readConfig(variables);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(StartRefused);
    const { message } = refused as StartRefused;
    expect(message).toContain(sentence);
    expect(message).toMatch(/^[^\n]+\.$/);
  });

  test('an empty variable counts as unset, and http is for loopback or development', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 4000, databaseUrl: undefined, publicUrl: 'http://localhost:4000', allowPrivateNetwork: false });
    expect(readConfig({ PUBLIC_URL: 'http://kontext.acme.test/', KONTEXT_ENV: 'development' })).toMatchObject({ publicUrl: 'http://kontext.acme.test', allowPrivateNetwork: true });
    expect(readConfig({ PUBLIC_URL: 'http://127.0.0.1:4000' }).publicUrl).toBe('http://127.0.0.1:4000');
  });
});

describe('the command line ends with 1 and one sentence', () => {
  const stack = new AsyncDisposableStack();
  /** A database of the run's kind that is bootstrapped, under KEY where that is ours to say. */
  let standing: Record<string, string>;
  let empty: Record<string, string>;
  let ports: Record<string, string>;

  beforeAll(async () => {
    const folder = async (): Promise<string> => {
      const path = await mkdtemp(join(tmpdir(), 'kontext-config-'));
      stack.defer(() => rm(path, { recursive: true, force: true }));
      return path;
    };
    const [port, sidecarPort] = await freePorts();
    ports = { PORT: port, SIDECAR_PORT: sidecarPort };
    const open = async (create: typeof createTestDatabase): Promise<Record<string, string>> => {
      if (!ON_POSTGRESQL) return { DATA_DIR: await folder(), KONTEXT_MASTER_KEY: KEY };
      const { location } = stack.use(await create());
      return { DATABASE_URL: 'url' in location ? location.url : '', KONTEXT_MASTER_KEY: KEY };
    };
    [standing, empty] = [await open(createTestDatabase), await open(createEmptyDatabase)];
    expect(await runMain(['bootstrap', '--organization', 'Acme', '--admin', 'alice@acme.test'], standing).ended).toMatchObject({ code: 0 });
    // The server's own key is made by the first start.
    const first = runMain(['start'], { ...standing, ...ports });
    await vi.waitFor(async () => expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200), 20_000);
    expect(await first.stop('SIGTERM')).toBe(0);
  });
  afterAll(() => stack.disposeAsync());

  const refuse = async (args: readonly string[], variables: Record<string, string>): Promise<string> => {
    const { code, stderr, stdout } = await runMain(args, { ...ports, LOG_LEVEL: 'fatal', ...variables }).ended;
    expect([code, stdout]).toEqual([1, '']);
    return stderr.trimEnd();
  };
  /** No second line, no stack. */
  const oneSentence = expect.stringMatching(/^[^\n]+[.]$/);

  test('where there is no organization yet', async () => {
    const said = await refuse(['start'], empty);
    expect(said).toEqual(oneSentence);
    expect(said).toContain('bootstrap --organization');
    expect(said).toContain('KONTEXT_BOOTSTRAP');
  });
  test('where the master key is another', async () => {
    const said = await refuse(['start'], { ...standing, KONTEXT_MASTER_KEY: OTHER_KEY });
    expect(said).toEqual(oneSentence);
    expect(said).toContain('KONTEXT_MASTER_KEY');
  });
  test('where the master key is no key', async () => {
    for (const key of ['short', `${KEY},`, 'x'.repeat(64)]) {
      const said = await refuse(['start'], { ...standing, KONTEXT_MASTER_KEY: key });
      expect(said).toEqual(oneSentence);
      expect(said).toContain('KONTEXT_MASTER_KEY');
    }
  });
  test('where a port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    for (const name of ['PORT', 'SIDECAR_PORT']) {
      const said = await refuse(['start'], { ...standing, [name]: String(port) });
      expect(said).toEqual(oneSentence);
      expect(said).toContain(`port ${port}`);
    }
    await new Promise((resolve) => server.close(resolve));
  });
  test('where the role is unknown, or alone on the embedded database', async () => {
    expect(await refuse(['start', '--role', 'gateway'], standing)).toBe('--role is one of all, server, sidecar.');
    const said = await refuse(['start', '--role', 'sidecar'], { DATA_DIR: '/nowhere' });
    expect(said).toEqual(oneSentence);
    expect(said).toContain('--role sidecar needs DATABASE_URL');
  });
  test('where the data directory cannot be one', async () => {
    const path = join(tmpdir(), `kontext-config-${process.pid}`);
    await writeFile(path, '');
    stack.defer(() => rm(path));
    expect(await refuse(['start'], { DATA_DIR: path })).toEqual(oneSentence);
  });
  test('where the log to verify is named wrongly', async () => {
    expect(await refuse(['audit', 'verify', '--organization', 'acme'], standing)).toEqual(oneSentence);
    expect(await refuse(['audit', 'verify', '--expect', '1'], standing)).toEqual(oneSentence);
    expect(await refuse(['bootstrap', '--organization', 'Acme', '--admin', 'nobody'], standing)).toEqual(oneSentence);
  });
  test('an unknown command is told which there are', async () => {
    const { code, stderr } = await runMain(['stop'], {}).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining('Usage: node src/main.ts')]);
  });

  test.runIf(ON_POSTGRESQL)('where the database cannot be reached or is another than it should be', async () => {
    const [port = ''] = await freePorts();
    const unreachable = await refuse(['start'], { DATABASE_URL: `postgres://postgres@127.0.0.1:${port}/kontext`, KONTEXT_MASTER_KEY: KEY });
    expect(unreachable).toEqual(oneSentence);
    expect(unreachable).toMatch(/database/i);
    const missing = await refuse(['start'], { ...standing, DATABASE_URL: `${standing['DATABASE_URL']}_not` });
    expect(missing).toEqual(oneSentence);
    await administer(standing['DATABASE_URL'] ?? '', 'INSERT INTO kysely_migration (name, timestamp) VALUES (\'9999_the_future\', \'2126-01-01\')');
    expect(await refuse(['start'], standing)).toContain('newer version of Kontext');
  });
});
