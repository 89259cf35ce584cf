import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHttpServer, type HttpServer } from '../../src/http/server.ts';
import { Fault } from '../../src/kernel/index.ts';
import { openLog, openMetrics, readForm, sendJson, type Route } from '../../src/platform/index.ts';

const logLines: string[] = [];
const metrics = openMetrics();
const held = Promise.withResolvers<void>();
let server: HttpServer;
let url = '';

const faulty = (kind: Route['faults'], fault: () => unknown): Route => ({
  method: 'GET',
  path: `/faulty/${kind}`,
  faults: kind,
  handle: () => {
    throw fault();
  },
});

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/things/:thing', faults: 'problem', handle: ({ res, params, url: { pathname }, requestId }) => sendJson(res, 200, { ...params, pathname, requestId }) },
  { method: 'POST', path: '/things/:thing', faults: 'problem', handle: async ({ req, res }) => sendJson(res, 200, Object.fromEntries(await readForm(req, 100))) },
  { method: 'ALL', path: '/below/*', faults: 'problem', handle: ({ res, url: { pathname } }) => sendJson(res, 200, { pathname }) },
  faulty('problem', () => new Error('secret-of-the-stack')),
  faulty('oauth', () => new Fault('unavailable', { cause: new Error('secret-of-the-stack') })),
  faulty('page', () => new Fault('unavailable', { message: '<script>alert(1)</script>' })),
  { method: 'GET', path: '/half', faults: 'problem', handle: ({ res }) => (res.writeHead(200).write('half'), Promise.reject(new Error('secret-of-the-stack'))) },
  { method: 'GET', path: '/slow', faults: 'problem', handle: ({ res }) => held.promise.then(() => sendJson(res, 200, {})) },
];

beforeAll(async () => {
  server = await openHttpServer({ name: 'test', host: '127.0.0.1', port: 0, routes: ROUTES, log: openLog('debug', { write: (line: string) => void logLines.push(line) }), metrics });
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server[Symbol.asyncDispose]());

/** What goes over the wire as it is, and all that comes back until the server closes. */
function speak(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => void (heard += chunk)).on('close', () => resolve(heard)).on('error', reject);
  });
}
const get = (target: string, ...headers: string[]) => speak([`GET ${target} HTTP/1.1`, 'host: here', 'connection: close', ...headers, '', ''].join('\r\n'));

/** RFC 9457, with the request's id in body and header alike. */
async function problem(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ type: 'about:blank', status: response.status, detail: expect.any(String), hint: expect.any(String), request_id: response.headers.get('x-request-id') });
  return body;
}

describe('routing', () => {
  test('captures what the path names, decoded once', async () => {
    expect(await (await fetch(`${url}/things/a%2Fb%25?x=1`)).json()).toMatchObject({ thing: 'a/b%', pathname: '/things/a%2Fb%25' });
    expect(await (await fetch(`${url}/below/a/b`)).json()).toEqual({ pathname: '/below/a/b' });
  });
  test('HEAD is GET without a body', async () => {
    const response = await fetch(`${url}/things/a`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
  test.each(['/', '/things', '/things/', '/things/a/b', '/below', '/Things/a', '/%2e%2e/etc', '/faulty'])('there is nothing at %s', async (path) => {
    expect(await problem(await fetch(`${url}${path}`))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });
  test('another method is told which there are', async () => {
    for (const [path, allow] of [['/things/a', 'GET, POST'], ['/slow', 'GET']] as const) {
      const response = await fetch(`${url}${path}`, { method: 'DELETE' });
      expect(response.headers.get('allow')).toBe(allow);
      expect(await problem(response)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    }
  });
  test('a path that is no percent-encoding names nothing', async () => {
    for (const path of ['/things/%', '/things/%zz', '/things/%ff']) expect(await problem(await fetch(`${url}${path}`))).toMatchObject({ status: 400, code: 'INVALID_INPUT' });
  });
  test('two slashes name no host', async () => {
    expect(await get('//things/a')).toContain('"pathname":"/things/a"');
    expect(await get('//evil.test/things/a')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await get('/\\evil.test/things')).toMatch(/^HTTP\/1\.1 40[04] /);
  });
  test('a target that is no path is refused', async () => {
    for (const target of ['http://evil.test/things/a', '*', 'things/a']) expect(await get(target), target).toMatch(/^HTTP\/1\.1 400 /);
    expect(await get('/things/a\u0000')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('limits', () => {
  test('headers that are too large are refused before anything is read', async () => {
    expect(await get('/things/a', `x-long: ${'x'.repeat(20_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
  });
  test('what is not HTTP is refused', async () => {
    expect(await speak('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await get('/things/a', 'content-length: 5', 'transfer-encoding: chunked')).toMatch(/^HTTP\/1\.1 400 /);
  });
  test('a body that is too large is answered without being read', async () => {
    const form = 'content-type: application/x-www-form-urlencoded';
    const declared = await speak(['POST /things/a HTTP/1.1', 'host: here', form, 'content-length: 1000000', '', 'a=1'].join('\r\n'));
    expect(declared).toMatch(/^HTTP\/1\.1 413 /);
    const chunked = await speak(['POST /things/a HTTP/1.1', 'host: here', form, 'transfer-encoding: chunked', '', `200\r\n${'a'.repeat(0x200)}`, ''].join('\r\n'));
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
  });
  test('an upgrade to nothing is refused', async () => {
    expect(await get('/graphql', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==')).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('faults', () => {
  test('are drawn as the route says, without what caused them', async () => {
    expect(await problem(await fetch(`${url}/faulty/problem`))).toMatchObject({ status: 500, code: 'INTERNAL' });
    const oauth = await fetch(`${url}/faulty/oauth`);
    expect([oauth.status, oauth.headers.get('retry-after'), await oauth.text()]).toEqual([503, '1', expect.not.stringContaining('secret-of-the-stack')]);
    const page = await fetch(`${url}/faulty/page`);
    const html = await page.text();
    expect([page.status, page.headers.get('retry-after'), page.headers.get('content-type')]).toEqual([503, '1', 'text/html; charset=utf-8']);
    expect(html).toContain('&#60;script&#62;');
    expect(html).toContain(page.headers.get('x-request-id'));
    expect(page.headers.get('content-security-policy')).toContain('frame-ancestors \'none\'');
  });
  test('that nobody expected are logged whole, under the id that was answered', async () => {
    logLines.length = 0;
    const { headers } = await fetch(`${url}/faulty/problem`);
    expect(JSON.parse(logLines[0] ?? '')).toMatchObject({ requestId: headers.get('x-request-id'), route: '/faulty/problem', err: { message: 'secret-of-the-stack' } });
    expect(logLines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['a request failed', 'answered']);
  });
  test('after half an answer cut it off, so that it cannot be taken for a whole one', async () => {
    await expect(fetch(`${url}/half`).then((response) => response.text())).rejects.toThrow();
  });
  test('are counted by route', async () => {
    expect(await metrics.registry.metrics()).toMatch(/route="none",status="404"/);
  });
});

describe('the end', () => {
  test('finishes what is in flight, closes kept connections and takes nothing new', async () => {
    const slow = fetch(`${url}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const drained = server.drain(5_000);
    await expect.poll(() => fetch(`${url}/things/a`).then(({ headers }) => headers.get('connection'), () => 'refused'), { timeout: 2_000 }).toBe('refused');
    held.resolve();
    const { status, headers } = await slow;
    expect([status, headers.get('connection')]).toEqual([200, 'close']);
    await drained;
  });
});
