import { once } from 'node:events';
import { WebSocket } from 'ws';
import { createServiceAccount } from '../../src/directory/index.ts';
import { basic } from '../support/sidecar.ts';
import { openBenchPlane, type BenchPlane } from './plane.ts';
import { atMost, type Figure } from './report.ts';

const SUBSCRIBERS = 1_000;
const EVENTS = 300;
const PER_SECOND = 25;
const MEGABYTE = 1_048_576;
const DOCUMENT = 'subscription { auditFeed { __typename ... on AuditEvent { id cursor kind outcome at } } }';

interface Subscriber {
  readonly socket: WebSocket;
  readonly received: string[];
}

/**
 * A thousand subscribers over graphql-ws and one more that stops reading: how much memory the server takes, and whether
 * everyone else was handed every event once and in order.
 */
export async function benchFeed(): Promise<Figure[]> {
  await using plane = await openBenchPlane();
  const token = await serviceAccountToken(plane);
  const before = await residentBytes(plane);
  const subscribers: Subscriber[] = [];
  for (let opened = 0; opened < SUBSCRIBERS; opened += 50) {
    subscribers.push(...(await Promise.all(Array.from({ length: 50 }, () => subscribe(plane, token)))));
  }
  const stalled = await subscribe(plane, token);
  stalled.socket.pause();
  const connected = await residentBytes(plane);

  const expected: string[] = [];
  const startedAt = performance.now();
  let peak = connected;
  for (let sent = 0; sent < EVENTS; sent++) {
    expected.push(await appendEvent(plane));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, startedAt + (sent * 1_000) / PER_SECOND - performance.now())));
    if (sent % 50 === 0) peak = Math.max(peak, await residentBytes(plane));
  }
  await settled(subscribers, EVENTS);
  const seconds = (performance.now() - startedAt) / 1_000;
  peak = Math.max(peak, await residentBytes(plane));
  const wrong = subscribers.filter(({ received }) => received.join() !== expected.join()).length;
  for (const { socket } of [...subscribers, stalled]) socket.terminate();
  const details = {
    events: EVENTS,
    deliveries_per_s: Math.round((SUBSCRIBERS * EVENTS) / seconds),
    before_mb: Math.round(before / MEGABYTE),
    connected_mb: Math.round(connected / MEGABYTE),
    stalled_reader_got: stalled.received.length,
  };
  return [
    atMost('feed', `subscribers of ${SUBSCRIBERS} that missed, repeated or misordered an event beside one stalled reader`, wrong, 'subscribers', 0, details),
    atMost('feed', `resident memory with ${SUBSCRIBERS} subscribers`, peak / MEGABYTE, 'MB', 400, details),
  ];
}

async function serviceAccountToken({ wells, acme, port }: BenchPlane): Promise<string> {
  const { serviceAccount, clientSecret } = await createServiceAccount(wells, acme.robot, { name: 'Watcher', scopes: ['management:audit:read'] });
  const response = await fetch(`http://localhost:${port}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: basic(serviceAccount.id, clientSecret.reveal()), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'management:audit:read' }).toString(),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (!answer.access_token) throw new Error(`no token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}

async function subscribe({ port }: BenchPlane, token: string): Promise<Subscriber> {
  const socket = new WebSocket(`ws://localhost:${port}/graphql`, 'graphql-transport-ws');
  const received: string[] = [];
  const ready = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; payload?: { data?: { auditFeed: { __typename: string; id?: string } } } };
    if (message.type === 'ping') socket.send('{"type":"pong"}');
    if (message.type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: DOCUMENT } }));
      // Nothing acknowledges a subscription; the feed's cursor is taken when the operation starts.
      setTimeout(ready.resolve, 100);
    }
    if (message.type === 'error' || message.type === 'complete') ready.reject(new Error(data.toString()));
    const item = message.payload?.data?.auditFeed;
    if (item?.__typename === 'AuditEvent' && item.id) received.push(item.id);
  });
  socket.on('error', ready.reject);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await ready.promise;
  return { socket, received };
}

async function appendEvent({ wells, acme }: BenchPlane): Promise<string> {
  const revision = await wells.db.read(acme.organizationId, (tx) => tx.selectFrom('organization_head').select('access_revision').executeTakeFirstOrThrow());
  const details = { padding: 'x'.repeat(500) };
  const appended = await wells.appender.append(acme.robot, { kind: 'user.signed_in', details }, { revision: revision.access_revision });
  if (appended.stale) throw new Error('stale');
  return appended.id;
}

async function settled(subscribers: readonly Subscriber[], events: number): Promise<void> {
  const until = performance.now() + 30_000;
  while (performance.now() < until && subscribers.some(({ received }) => received.length < events)) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function residentBytes({ port }: BenchPlane): Promise<number> {
  const text = await (await fetch(`http://localhost:${port}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}
