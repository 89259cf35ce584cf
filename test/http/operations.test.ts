import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationRoutes } from '../../src/http/operations.ts';
import { openHttpServer } from '../../src/http/server.ts';
import { Fault } from '../../src/kernel/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

describe('operations', () => {
  const stack = new AsyncDisposableStack();
  let wells: TestWells;
  let url = '';
  let draining = false;
  let gone = false;

  beforeAll(async () => {
    wells = stack.use(await openTestWells());
    const { db } = wells;
    const asIdentity: typeof db.asIdentity = (work) => (gone ? Promise.reject(new Fault('unavailable')) : db.asIdentity(work));
    const server = stack.use(await openHttpServer({ name: 'test', host: '127.0.0.1', port: 0, routes: operationRoutes({ ...wells, db: { ...db, asIdentity } }, () => draining), log: wells.log, metrics: wells.metrics }));
    url = `http://127.0.0.1:${server.port}`;
  });
  afterAll(() => stack.disposeAsync());

  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: (await response.json()) as unknown };
  };

  test('ready while the database answers', async () => {
    expect(await ask('/readyz')).toEqual({ status: 200, retryAfter: null, body: { status: 'ready', database: 'ok', draining: false } });
  });
  test('red while the database is gone, and alive all the same', async () => {
    gone = true;
    expect(await ask('/readyz')).toEqual({ status: 503, retryAfter: '1', body: { status: 'not_ready', database: 'unreachable', draining: false } });
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    gone = false;
    expect((await ask('/readyz')).status).toBe(200);
  });
  test('red while the server stops', async () => {
    draining = true;
    expect(await ask('/readyz')).toMatchObject({ status: 503, body: { status: 'not_ready', database: 'ok', draining: true } });
    draining = false;
  });
  test('metrics are Prometheus text and name no one', async () => {
    const response = await fetch(`${url}/metrics`);
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    expect(text).toMatch(/^# HELP /m);
    expect(text).toContain('route="/readyz",status="503"');
    expect(text).not.toMatch(/(org|usr|app|con)_[0-9a-z]{26}/);
  });
});
