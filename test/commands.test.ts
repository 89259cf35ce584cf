import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, ON_POSTGRESQL } from './support/database.ts';
import { freePorts, runMain } from './support/plane.ts';

/** The command line as an operator finds it, on an empty database: what it does. What it refuses stands in `config.test.ts`. */
describe('the command line', { timeout: 180_000 }, () => {
  const stack = new AsyncDisposableStack();
  let variables: Record<string, string>;
  let urls: string[];
  let organizationId = '';
  beforeAll(async () => {
    const [port, sidecarPort] = await freePorts();
    urls = [`http://localhost:${port}`, `http://localhost:${sidecarPort}`];
    variables = { ...(await emptyDatabase()), PORT: port, SIDECAR_PORT: sidecarPort };
  });
  afterAll(() => stack.disposeAsync());

  async function emptyDatabase(): Promise<Record<string, string>> {
    if (!ON_POSTGRESQL) {
      const folder = await mkdtemp(join(tmpdir(), 'kontext-test-'));
      stack.defer(() => rm(folder, { recursive: true, force: true }));
      return { DATA_DIR: folder };
    }
    const { location } = stack.use(await createEmptyDatabase());
    return { DATABASE_URL: 'url' in location ? location.url : '', KONTEXT_MASTER_KEY: randomBytes(32).toString('base64') };
  }
  const run = (command: string) => runMain(command.split(' '), variables).ended;
  const statusOf = (url: string, path: string, method = 'GET') => fetch(url + path, { method }).then(({ status }) => status, () => 0);
  /** Starts, waits for these doors, does the work, stops by SIGTERM; answers what was printed. */
  const start = async (command: string, more: Record<string, string>, doors: string[], work: () => Promise<void> = async () => {}) => {
    const server = runMain(command.split(' '), { ...variables, ...more });
    try {
      for (const url of doors) await expect.poll(() => statusOf(url, '/readyz'), { timeout: 60_000 }).toBe(200);
      await work();
    } finally {
      expect(await server.stop('SIGTERM'), server.output()).toBe(0);
    }
    return server.output();
  };
  const secretsIn = (output: string) => output.split('\n').filter((line) => line.startsWith('{"organizationId"'));

  it('makes the first organization by a setting, prints its service account once, and stops with 0', async () => {
    const [line, ...others] = secretsIn(await start('start', { KONTEXT_BOOTSTRAP: 'Acme,alice@acme.test' }, urls, async () => {
      expect([await statusOf(urls[0]!, '/graphql', 'POST'), await statusOf(urls[1]!, '/oauth2/token', 'POST')]).toEqual([415, 415]);
    }));
    expect(others).toEqual([]);
    const printed = JSON.parse(line ?? '{}') as { organizationId: string; serviceAccount: unknown };
    expect(printed).toMatchObject({ organizationId: expect.stringMatching(/^org_/), serviceAccount: { clientId: expect.stringMatching(/^svc_/), clientSecret: expect.any(String) } });
    organizationId = printed.organizationId;
    expect(secretsIn(await start('start', { KONTEXT_BOOTSTRAP: 'Acme,alice@acme.test' }, urls))).toEqual([]);
  });

  it('refuses a database that another master key was used for, and a log that is not there', async () => {
    const other = { ...variables, ...(await emptyDatabase()) };
    const empty = await runMain(['audit', 'verify'], other).ended;
    expect([empty.code, empty.stdout]).toEqual([1, '']);
    expect(empty.stderr).toContain('There is no log to verify');
    const changed = ON_POSTGRESQL ? { ...variables, KONTEXT_MASTER_KEY: randomBytes(32).toString('base64') } : variables;
    const key = join(variables['DATA_DIR'] ?? '', 'master.key');
    const before = ON_POSTGRESQL ? '' : await readFile(key, 'utf8');
    if (!ON_POSTGRESQL) await writeFile(key, randomBytes(32).toString('base64'));
    const { code, stderr } = await runMain(['start'], changed).ended;
    if (!ON_POSTGRESQL) await writeFile(key, before);
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not the one this database was made with')]);
  });

  it.skipIf(ON_POSTGRESQL)('lets one process at a time into the embedded database', async () => {
    await start('start', {}, urls, async () => {
      const { code, stderr } = await run('audit verify');
      expect([code, stderr]).toEqual([1, expect.stringContaining('is in use by another process')]);
    });
    expect((await run('audit verify')).code).toBe(0);
  });

  it('verifies the log, by exit code and against what was written down', async () => {
    const first = await run('audit verify');
    expect(first.code).toBe(0);
    const { sequence, hash } = JSON.parse(first.stdout) as { sequence: number; hash: string };
    expect(sequence).toBeGreaterThanOrEqual(3);
    expect(await run(`audit verify --organization ${organizationId} --expect ${sequence}:${hash}`)).toMatchObject({ code: 0 });
    const other = await run(`audit verify --organization ${organizationId} --expect ${sequence}:${'0'.repeat(64)}`);
    expect([other.code, JSON.parse(other.stdout)]).toMatchObject([1, { intact: false, broken: expect.any(String) }]);
  });

  it.runIf(ON_POSTGRESQL)('opens one door alone', async () => {
    const [server, sidecar] = urls as [string, string];
    await start('start --role server', {}, [server], async () => expect([await statusOf(server, '/graphql', 'POST'), await statusOf(sidecar, '/readyz')]).toEqual([415, 0]));
    await start('start --role sidecar', {}, [sidecar], async () => expect([await statusOf(sidecar, '/oauth2/token', 'POST'), await statusOf(server, '/readyz')]).toEqual([415, 0]));
  });
});
