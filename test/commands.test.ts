import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, ON_POSTGRESQL } from './support/database.ts';
import { freePorts, runMain } from './support/plane.ts';

/** The command line as an operator finds it: an empty database, and no setting that has a default. */
describe('the command line', () => {
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
  const run = (command: string, more: Record<string, string> = {}) => runMain(command.split(' ').filter(Boolean), { ...variables, ...more }).ended;
  const statusOf = (url: string, path: string, method = 'GET') => fetch(url + path, { method }).then(({ status }) => status, () => 0);
  /** Starts, waits for these doors, does the work, stops by SIGTERM; answers what was printed. */
  const start = async (command: string, more: Record<string, string>, doors: string[], work: () => Promise<void> = async () => {}) => {
    const server = runMain(command.split(' '), { ...variables, ...more });
    try {
      for (const url of doors) await expect.poll(() => statusOf(url, '/readyz'), { timeout: 20_000 }).toBe(200);
      await work();
    } finally {
      expect(await server.stop('SIGTERM'), server.output()).toBe(0);
    }
    return server.output();
  };
  const secretsIn = (output: string) => output.split('\n').filter((line) => line.startsWith('{"organizationId"'));

  it('says how it is used', async () => {
    for (const command of ['', 'dance', 'audit']) expect(await run(command)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('audit verify') });
    expect(await run('start --shoe-size 42')).toMatchObject({ code: 1, stderr: expect.stringContaining('--shoe-size') });
    expect(await run('bootstrap --organization Acme')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^bootstrap needs [^\n]+\.\n$/) });
  });

  it('says in one sentence what an empty database needs before it starts', async () => {
    expect(await run('start')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^The database holds no organization yet: [^\n]*bootstrap[^\n]*KONTEXT_BOOTSTRAP[^\n]*\.\n$/) });
  });

  it('says in one sentence what is wrong with a setting, and with a database that is not there', async () => {
    expect(await run('start', { PORT: 'x' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/^PORT [^\n]+\.\n$/) });
    const gone = { DATABASE_URL: 'postgresql://postgres@127.0.0.1:1/none', KONTEXT_MASTER_KEY: randomBytes(32).toString('base64') };
    expect(await run('start', gone)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^[^\n]+\n$/) });
    expect(await run('start', { KONTEXT_MASTER_KEY: 'short' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/^KONTEXT_MASTER_KEY [^\n]+\.\n$/) });
  });

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

  it('verifies the log, by exit code and against what was written down', async () => {
    const first = await run('audit verify');
    expect(first.code).toBe(0);
    const { sequence, hash } = JSON.parse(first.stdout) as { sequence: number; hash: string };
    expect(sequence).toBeGreaterThanOrEqual(3);
    expect(await run(`audit verify --organization ${organizationId} --expect ${sequence}:${hash}`)).toMatchObject({ code: 0 });
    const other = await run(`audit verify --organization ${organizationId} --expect ${sequence}:${'0'.repeat(64)}`);
    expect([other.code, JSON.parse(other.stdout)]).toMatchObject([1, { intact: false, broken: expect.any(String) }]);
    for (const wrong of ['--expect 1:x', `--organization ${organizationId} --expect x`, '--organization nobody']) expect(await run(`audit verify ${wrong}`)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^[^\n]+\.\n$/) });
  });

  it.runIf(ON_POSTGRESQL)('opens one door alone', async () => {
    const [server, sidecar] = urls as [string, string];
    await start('start --role server', {}, [server], async () => expect([await statusOf(server, '/graphql', 'POST'), await statusOf(sidecar, '/readyz')]).toEqual([415, 0]));
    await start('start --role sidecar', {}, [sidecar], async () => expect([await statusOf(sidecar, '/oauth2/token', 'POST'), await statusOf(server, '/readyz')]).toEqual([415, 0]));
    expect(await run('start --role none')).toMatchObject({ code: 1, stderr: expect.stringContaining('--role is one of') });
  });

  it.skipIf(ON_POSTGRESQL)('opens one door alone over PostgreSQL only', async () => {
    expect(await run('start --role sidecar')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^--role sidecar needs DATABASE_URL: [^\n]+\.\n$/) });
  });
});
