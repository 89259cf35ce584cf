import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { openHttpServer } from '../../src/http/index.ts';
import { openTestWells } from '../support/wells.ts';

/** Asks for a WebSocket and resets the connection without reading the answer. */
function askAndReset(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /anything HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
      setImmediate(() => socket.resetAndDestroy());
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
}

test('a client that asks for a WebSocket and resets the connection harms nobody else', async () => {
  await using wells = await openTestWells();
  let survived = true;
  const onError = (): void => void (survived = false);
  process.once('uncaughtException', onError);
  await using server = await openHttpServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    routes: [{ method: 'GET', path: '/healthz', faults: 'problem', handle: ({ res }) => void res.end('ok') }],
    log: wells.log,
    metrics: wells.metrics,
    upgrade: (_req, socket) => void setTimeout(() => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'), 5),
  });
  await Promise.all(Array.from({ length: 50 }, () => askAndReset(server.port)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  process.off('uncaughtException', onError);
  expect(survived).toBe(true);
});

test('an upgrade that is not served is ignored, and the request answered', async () => {
  await using wells = await openTestWells();
  await using server = await openHttpServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    routes: [{ method: 'GET', path: '/healthz', faults: 'problem', handle: ({ res }) => void res.end('ok') }],
    log: wells.log,
    metrics: wells.metrics,
  });
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.once('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});
