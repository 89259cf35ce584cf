import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationRoutes } from '../../src/http/operations.ts';
import { openHttpServer, type HttpServer } from '../../src/http/server.ts';
import { Fault } from '../../src/kernel/index.ts';
import type { Route } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

let wells: TestWells;
let server: HttpServer;
let url: string;
let draining = false;
beforeAll(async () => {
  wells = await openTestWells();
  const failing: Record<string, unknown> = {
    conflict: new Fault('conflict', { message: 'Taken.', field: 'handle' }),
    limited: new Fault('rate_limited', { retryAfter: 1.2 }),
    bug: new Error('a detail of row 7'),
  };
  const fails: Route = { method: 'GET', path: '/fails/:how', faults: 'problem', handle: ({ params }) => Promise.reject(failing[params['how'] ?? '']) };
  server = await openHttpServer({ name: 'test', host: '127.0.0.1', port: 0, routes: [...operationRoutes(wells, () => draining), fails], log: wells.log, metrics: wells.metrics });
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await wells[Symbol.asyncDispose]();
});

const get = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(url + path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: (response.headers.get('content-type') ?? '').includes('json') ? (JSON.parse(text) as Record<string, unknown>) : {} };
};

describe('a failure at a REST door', () => {
  it('is a problem document with the status of the answer, what is wrong and who can fix it', async () => {
    const { status, headers, body } = await get('/fails/conflict');
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([409, 'application/problem+json', 'no-store']);
    expect(body).toEqual({ type: 'about:blank', title: expect.any(String), status: 409, detail: 'Taken.', code: 'CONFLICT', hint: expect.any(String), field: 'handle', request_id: headers.get('x-request-id') });
  });

  it('says in whole seconds when to come back', async () => {
    const { status, headers } = await get('/fails/limited');
    expect([status, headers.get('retry-after')]).toEqual([429, '2']);
  });

  it('that nobody expected shows the request\'s id alone, and the log has the rest', async () => {
    const { status, text, body } = await get('/fails/bug');
    expect(status).toBe(500);
    expect(text).not.toMatch(/row 7|\bat \S+:\d+|node_modules/);
    const lines = wells.logLines.filter((line) => line.includes('a detail of row 7'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ requestId: body['request_id'] });
  });

  it('is 404 for an unknown path, 405 with Allow for another method, 400 for a broken path', async () => {
    expect([(await get('/nothing')).status, (await get('//healthz')).status]).toEqual([404, 200]);
    const wrong = await get('/healthz', { method: 'POST' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    expect(await get('/fails/%ZZ')).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
  });

  it('is no crash where headers are too large or no HTTP comes at all', async () => {
    expect((await get('/healthz', { headers: { 'x-large': 'x'.repeat(20_000) } })).status).toBe(431);
    const answered = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('this is not HTTP\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk))).on('close', () => resolve(text));
    });
    expect(answered).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe('operators', () => {
  it('hear that it lives and that it is ready', async () => {
    expect((await get('/healthz')).body).toEqual({ status: 'ok' });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', database: 'ok', draining: false } });
  });

  it('see readiness red while the database is gone and while it stops, and green again by itself', async () => {
    const { asIdentity } = wells.db;
    wells.db.asIdentity = () => Promise.reject(new Fault('unavailable'));
    const gone = await get('/readyz');
    expect([gone.status, gone.headers.get('retry-after'), gone.body['database']]).toEqual([503, '1', 'unreachable']);
    expect((await get('/healthz')).status).toBe(200);
    wells.db.asIdentity = asIdentity;
    draining = true;
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { draining: true } });
    draining = false;
    expect((await get('/readyz')).status).toBe(200);
  });

  it('read what was counted, in the format of Prometheus', async () => {
    await get('/fails/conflict');
    const { text, headers } = await get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/^# HELP \S+/m);
    expect(text).toMatch(/\{[^}]*route="\/fails\/:how"[^}]*status="409"[^}]*\} [1-9]/);
  });
});
