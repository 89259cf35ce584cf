import { connect, type Socket } from 'node:net';

/** What one run of a load measured. Times are milliseconds. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Sends the same POST over kept connections, one request at a time on each, and counts the answers. Raw sockets, so that
 * the generator takes as little as possible of the two cores that it shares with what it measures.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const request = formatRequest(load);
  const latencies: number[] = [];
  let failed = 0;
  const until = performance.now() + load.seconds * 1_000;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: load.connections }, async () => {
      const socket = await open(load.port);
      while (performance.now() < until) {
        const sentAt = performance.now();
        if ((await send(socket, request)) !== 200) failed++;
        latencies.push(performance.now() - sentAt);
      }
      socket.destroy();
    }),
  );
  const elapsed = (performance.now() - startedAt) / 1_000;
  latencies.sort((left, right) => left - right);
  const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { perSecond: (latencies.length - failed) / elapsed, p50: at(0.5), p99: at(0.99), failed };
}

function formatRequest({ path, headers, body }: Load): Buffer {
  const lines = [`POST ${path} HTTP/1.1`, 'host: localhost', `content-length: ${Buffer.byteLength(body)}`, 'content-type: application/x-www-form-urlencoded'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** One request and its whole answer; the status. Answers must carry a length. */
function send(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = received.toString('latin1', 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) return finish(() => reject(new Error('an answer without content-length')));
      if (received.length >= headEnd + 4 + length) finish(() => resolve(Number(head.slice(9, 12))));
    };
    const onClose = (): void => finish(() => reject(new Error('the server closed the connection')));
    const finish = (settle: () => void): void => {
      socket.off('data', onData);
      socket.off('close', onClose);
      settle();
    };
    socket.on('data', onData);
    socket.on('close', onClose);
    socket.write(request);
  });
}
