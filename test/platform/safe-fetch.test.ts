import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPublic, openSafeFetch, type SafeFetchSettings } from '../../src/platform/index.ts';

const REFUSED = expect.objectContaining({ code: 'provider_failed', message: 'This address is not allowed as a target.' });

function open(settings: Partial<SafeFetchSettings> = {}) {
  const fetch = openSafeFetch({ allowPrivate: true, timeoutMs: 2_000, maxBytes: 1_000, ...settings });
  onTestFinished(() => fetch[Symbol.asyncDispose]());
  return fetch;
}

async function serve(listener: RequestListener): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    seen.push(req);
    listener(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`, seen };
}

describe('where private addresses are not allowed', () => {
  it.each([
    'https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/', 'https://0/', 'https://0.0.0.0/',
    'https://10.0.0.1/', 'https://172.16.0.1/', 'https://192.168.1.1/', 'https://169.254.169.254/latest/meta-data/', 'https://100.64.0.1/', 'https://198.18.0.1/',
    'https://192.0.0.1/', 'https://192.0.2.1/', 'https://224.0.0.1/', 'https://240.0.0.1/', 'https://255.255.255.255/',
    'https://[::]/', 'https://[::1]/', 'https://[::ffff:7f00:1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::127.0.0.1]/', 'https://[64:ff9b::7f00:1]/', 'https://[64:ff9b:1::7f00:1]/', 'https://[2002:7f00:1::]/',
    'https://[2001:0:7f00:1::]/', 'https://[fc00::1]/', 'https://[fd00:ec2::254]/', 'https://[fe80::1]/', 'https://[ff02::1]/', 'https://[2001:db8::1]/', 'https://[100::1]/',
    'https://localhost/', 'https://localhost./', 'https://LOCALHOST/', 'https://１２７.0.0.1/', 'https://127。0。0。1/',
    'http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'data:text/plain,x', 'blob:https://example.com/x', 'https://user@example.com/', 'https://user:secret@example.com/', 'https://:secret@example.com/',
  ])('refuses %s, by one sentence', async (url) => {
    await expect(open({ allowPrivate: false })(url)).rejects.toEqual(REFUSED);
  });

  it('decides what may be reached by the address alone', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111']) expect(isPublic(address)).toBe(true);
    for (const address of ['', 'example.com', '8.8.8.8.', '127.0.0.1', '::ffff:8.8.8.8', '::8.8.8.8', '64:ff9b::808:808', '2002:808:808::1']) expect(isPublic(address)).toBe(false);
  });

  it('says the same for an address that listens and one that does not', async () => {
    const { url, seen } = await serve((_, res) => res.end('internal'));
    const fetch = open({ allowPrivate: false });
    const port = new URL(url).port;
    const targets = [`https://127.0.0.1:${port}/`, 'https://127.0.0.1:9443/', `https://localhost:${port}/`, 'https://a.localhost:9443/'];
    const errors = await Promise.all(targets.map((target) => fetch(target).catch((error: Error) => error.message)));
    expect(new Set(errors)).toEqual(new Set(['This address is not allowed as a target.']));
    expect(seen).toHaveLength(0);
  });
});

it('answers status, headers and body', async () => {
  const { url, seen } = await serve((_, res) => res.writeHead(418, { 'x-test': 'a', 'set-cookie': ['a=1', 'b=2'] }).end('short and stout'));
  const response = await open()(`${url}/tea`, { method: 'POST', headers: { 'x-in': 'b' }, body: new URLSearchParams({ a: '1' }) });
  expect([response.status, response.headers.get('x-test'), response.headers.getSetCookie(), await response.text()]).toEqual([418, 'a', ['a=1', 'b=2'], 'short and stout']);
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/tea', headers: { 'x-in': 'b', 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } });
});

it.each([204, 205, 304])('answers %d, which has no body', async (status) => {
  const { url } = await serve((_, res) => res.writeHead(status).end());
  const response = await open()(url);
  expect([response.status, await response.text()]).toEqual([status, '']);
});

it.each([301, 302, 303, 307, 308])('does not follow a %d with what it carries', async (status) => {
  const elsewhere = await serve((_, res) => res.end('stolen'));
  const { url } = await serve((_, res) => res.writeHead(status, { location: elsewhere.url }).end());
  const response = await open()(url, { method: 'POST', headers: { authorization: 'Bearer secret' }, body: 'secret' });
  expect([response.status, response.headers.get('location')]).toEqual([status, elsewhere.url]);
  expect(elsewhere.seen).toHaveLength(0);
});

it('reads no more than it was told', async () => {
  const { url } = await serve((_, res) => {
    res.on('error', () => {});
    const timer = setInterval(() => res.write('x'.repeat(10_000)), 1);
    res.once('close', () => clearInterval(timer));
  });
  await expect(open()(url)).rejects.toEqual(expect.objectContaining({ code: 'provider_failed', message: 'The provider answered with more than we accept.' }));
});

it('reads what is packed only up to its size unpacked', async () => {
  const { gzipSync } = await import('node:zlib');
  const { url } = await serve((_, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000))));
  await expect(open()(url)).rejects.toEqual(expect.objectContaining({ code: 'provider_failed' }));
});

it.each([
  ['never answers', () => {}],
  ['stops in the middle', (_: IncomingMessage, res: { write(text: string): void }) => res.write('begin')],
])('gives up on a provider that %s', async (_, listener) => {
  const { url } = await serve(listener as RequestListener);
  const began = performance.now();
  await expect(open({ timeoutMs: 200 })(url)).rejects.toEqual(expect.objectContaining({ code: 'provider_failed', message: `${new URL(url).host} did not answer.` }));
  expect(performance.now() - began).toBeLessThan(5_000);
});

it('stops when the caller does', async () => {
  const { url } = await serve(() => {});
  await expect(open()(url, { signal: AbortSignal.timeout(50) })).rejects.toEqual(expect.objectContaining({ code: 'provider_failed' }));
});

it('says who did not answer where nobody listens', async () => {
  await expect(open()('http://127.0.0.1:9443/')).rejects.toEqual(expect.objectContaining({ code: 'provider_failed', message: '127.0.0.1:9443 did not answer.' }));
  await expect(open()('http://nowhere.invalid/')).rejects.toEqual(expect.objectContaining({ code: 'provider_failed', message: 'nowhere.invalid did not answer.' }));
});

it('refuses a text that is no address', async () => {
  await expect(open()('not a url')).rejects.toEqual(REFUSED);
});
