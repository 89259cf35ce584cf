import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openTestDoor, type TestDoor } from './graphql-support.ts';
import type { Tenant } from '../graph/support.ts';

let door: TestDoor;
let acme: Tenant;
let token: string;
/** Where the log stood before it held a few large events. */
let before: string;
beforeAll(async () => {
  door = await openTestDoor({ pingMs: 200, stallMs: 400 });
  acme = await door.graph.addTenant('Acme');
  token = door.tokenOf(acme.owner, 3_600_000);
  const { data } = await door.ask(token, '{ auditEvents(first: 1) { nodes { cursor } } }');
  before = (data as { auditEvents: { nodes: { cursor: string }[] } }).auditEvents.nodes[0]!.cursor;
  for (const handle of ['one', 'two', 'three', 'four']) {
    const { data: created } = await door.ask(token, `mutation { createIntegration(input: { handle: "${handle}", authMode: NONE }) { integration { id } } }`);
    const { id } = (created as { createIntegration: { integration: { id: string } } }).createIntegration.integration;
    const input = { integrationId: id, capabilities: Array.from({ length: 1_000 }, (_, index) => ({ operation: `${'x'.repeat(120)}${index}` })) };
    await door.ask(token, 'mutation ($input: DeclareCapabilitiesInput!) { declareCapabilities(input: $input) { userErrors { message } } }', { input });
  }
});
afterAll(() => door[Symbol.asyncDispose]());

/** Megabytes an event: much more, over all of them, than the network between two processes holds. */
const LARGE = `subscription ($after: String) { auditFeed(after: $after) { ... on AuditEvent { ${Array.from({ length: 40 }, (_, index) => `a${index}: details`).join(' ')} } } }`;

const subscribers = async (): Promise<number> => (await door.graph.wells.metrics.subscribers.get()).values[0]!.value;

describe('a reader that stops reading', () => {
  it('of server-sent events is cut off, and its feed let go of', async () => {
    const body = JSON.stringify({ query: LARGE, variables: { after: before } });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = request(door.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` } }, resolve);
      call.on('error', reject).end(body);
    });
    response.on('error', () => {});
    // Nobody reads: what the client's own buffers hold is all that it takes.
    expect(response.statusCode).toBe(200);
    await expect.poll(subscribers, { timeout: 5_000 }).toBe(1);
    await expect.poll(subscribers, { timeout: 10_000 }).toBe(0);
    response.destroy();
  });

  it('of a WebSocket is cut off, also where it pretends to be there', async () => {
    for (const pretends of [false, true]) {
      const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws', { autoPong: false });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('open', resolve));
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
      await new Promise((resolve) => socket.once('message', resolve));
      socket.pause();
      const pretending = setInterval(() => pretends && socket.readyState === WebSocket.OPEN && socket.pong(), 50);
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: LARGE, variables: { after: before } } }));
      await expect.poll(subscribers, { timeout: 5_000 }).toBe(1);
      await expect.poll(subscribers, { timeout: 5_000 }).toBe(0);
      clearInterval(pretending);
      socket.terminate();
    }
  });

  it('and one that reads is not, however little there is to read', async () => {
    const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws');
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    expect(await Promise.race([closed, new Promise((resolve) => setTimeout(() => resolve('open'), 1_500))])).toBe('open');
    socket.terminate();
  });
});
