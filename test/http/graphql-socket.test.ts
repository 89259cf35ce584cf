import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openTestDoor, type TestDoor } from './graphql-support.ts';
import type { Tenant } from '../graph/support.ts';

let door: TestDoor;
let acme: Tenant;
let token: string;
beforeAll(async () => {
  door = await openTestDoor();
  acme = await door.graph.addTenant('Acme');
  token = door.tokenOf(acme.owner, 3_600_000);
});
afterAll(() => door[Symbol.asyncDispose]());

describe('a socket', () => {
  /** A client that says exactly what it is told to. */
  async function talk(messages: readonly (object | string)[], headers: Record<string, string> = {}, protocol = 'graphql-transport-ws'): Promise<{ code: number; answers: Record<string, unknown>[] }> {
    const socket = new WebSocket(door.socketUrl, protocol, { headers });
    const answers: Record<string, unknown>[] = [];
    socket.on('error', () => {});
    socket.on('message', (data) => void answers.push(JSON.parse(String(data)) as Record<string, unknown>));
    socket.on('open', () => messages.forEach((message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message))));
    const code = await Promise.race([new Promise<number>((resolve) => socket.on('close', resolve)), new Promise<number>((resolve) => setTimeout(() => resolve(0), 800))]);
    socket.terminate();
    return { code, answers };
  }
  const withToken = (bearer = token) => ({ type: 'connection_init', payload: { authorization: `Bearer ${bearer}` } });
  const ask = (query: unknown, id = '1') => ({ type: 'subscribe', id, payload: { query } });

  it('without a token, with a wrong one or for another door is closed with 4403, never 4401', async () => {
    expect((await talk([{ type: 'connection_init' }])).code).toBe(4403);
    expect((await talk([{ type: 'connection_init', payload: { authorization: 'Bearer nobody' } }])).code).toBe(4403);
    expect((await talk([withToken(door.tokenOf(acme.owner, -1))])).code).toBe(4403);
  });

  it('takes the token from the handshake too', async () => {
    expect(await talk([{ type: 'connection_init' }], { authorization: `Bearer ${token}` })).toEqual({ code: 0, answers: [{ type: 'connection_ack' }] });
  });

  it('takes no operation before the token', async () => {
    expect(await talk([ask('{ viewer { name } }')])).toEqual({ code: 4403, answers: [] });
    expect(await talk([ask('subscription { auditFeed { __typename } }')], { authorization: `Bearer ${token}` })).toEqual({ code: 4403, answers: [] });
  });

  it('draws errors as HTTP does, and stays open', async () => {
    const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws');
    const answers: { type: string; id?: string; payload?: unknown }[] = [];
    socket.on('message', (data) => void answers.push(JSON.parse(String(data)) as { type: string }));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify(withToken()));
    await expect.poll(() => answers.length).toBe(1);
    const deep = `{ viewer ${'{ a '.repeat(2_000)}${'}'.repeat(2_000)} }`;
    const queries = ['{ viewer { name } }', '{ nothing }', deep, '{ node(id: "x") { id } }', 'mutation { setUserRole(input: { id: "x", role: ADMIN }) { userErrors { field } } }'];
    queries.forEach((query, index) => socket.send(JSON.stringify(ask(query, `q${index}`))));
    await expect.poll(() => answers.filter(({ type }) => type === 'next' || type === 'error').length).toBe(5);
    const answerOf = (id: string) => answers.find((answer) => answer.id === id);
    expect(answerOf('q0')).toMatchObject({ type: 'next', payload: { data: { viewer: { name: 'Olivia' } }, extensions: { cost: {} } } });
    expect(answerOf('q1')).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INVALID_INPUT', requestId: expect.stringMatching(/^req_/) } }] });
    expect(answerOf('q2')).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'TOO_LARGE' } }] });
    expect(answerOf('q3')).toMatchObject({ type: 'next', payload: { errors: [{ extensions: { code: 'INVALID_INPUT', field: 'id' } }] } });
    expect(answerOf('q4')).toMatchObject({ type: 'next', payload: { data: { setUserRole: { userErrors: [{ field: 'input.id' }] } } } });
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  it('is closed at its next operation once its user has ended', async () => {
    const user = await acme.addUser('Uma');
    const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws');
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify(withToken(door.tokenOf(user))));
    await new Promise((resolve) => socket.once('message', resolve));
    await door.ask(token, `mutation { setUserStatus(input: { id: "${user.userId}", status: DEACTIVATED }) { user { id } } }`);
    socket.send(JSON.stringify(ask('{ viewer { name } }')));
    expect(await closed).toBe(4403);
  });

  it('that breaks the protocol or sends too much is closed', async () => {
    expect((await talk(['not json'])).code).toBe(4400);
    expect((await talk([withToken(), withToken()])).code).toBe(4429);
    expect((await talk([withToken(), `${' '.repeat(300_000)}`])).code).toBe(1009);
    expect((await talk([], {}, 'graphql-ws')).code).not.toBe(0);
  });

  it('that never says who it is is closed with 4408', async () => {
    const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws');
    expect(await new Promise<number>((resolve) => socket.once('close', resolve))).toBe(4408);
  });

  interface Said {
    readonly type: string;
    readonly id?: string;
    readonly payload?: readonly { readonly extensions: { readonly requestId: string } }[];
  }

  /** A socket that has been acknowledged, and what it is told from then on. */
  async function connect() {
    const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws');
    const answers: Said[] = [];
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify(withToken()));
    await new Promise((resolve) => socket.once('message', resolve));
    socket.on('message', (data) => void answers.push(JSON.parse(String(data)) as Said));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    return { socket, answers, closed, send: (message: object) => socket.send(JSON.stringify(message)) };
  }

  it('takes ids of up to 128 characters, and repeats no longer one', async () => {
    const id = 'x'.repeat(128);
    const short = await connect();
    short.send(ask('{ nothing }', id));
    await expect.poll(() => short.answers).toMatchObject([{ type: 'error', id }]);
    short.socket.terminate();
    for (const length of [129, 250_000]) {
      const { send, closed, answers } = await connect();
      send(ask('{ viewer { name } }', 'x'.repeat(length)));
      expect(await closed).toBe(4400);
      expect(answers).toEqual([]);
    }
  });

  it('is answered however much it sends at once, each with a request id of its own', async () => {
    const { socket, answers, send } = await connect();
    for (let count = 0; count < 200; count++) {
      send(ask('{ nothing }', `refused ${count}`));
      send({ type: 'ping', payload: { back: 'x'.repeat(1_000) } });
      // Told of its end before it has begun.
      send(ask('{ nothing }', `left ${count}`));
      send({ type: 'complete', id: `left ${count}` });
    }
    const refused = () => answers.filter(({ id }) => id?.startsWith('refused'));
    await expect.poll(() => refused().length, { timeout: 20_000 }).toBe(200);
    const ids = new Set(refused().map(({ payload }) => payload?.[0]?.extensions.requestId));
    expect([ids.size, [...ids].filter((id) => !id?.startsWith('req_'))]).toEqual([200, []]);
    expect(answers.filter(({ type }) => type === 'pong')).toEqual(Array.from({ length: 200 }, () => ({ type: 'pong' })));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  it('answers a ping, knows an id once, and forgets it when it is complete', async () => {
    expect((await talk([withToken(), { type: 'ping' }])).answers).toEqual(expect.arrayContaining([{ type: 'connection_ack' }, { type: 'pong' }]));
    const feed = ask('subscription { auditFeed { __typename } }');
    const socket = new WebSocket(door.socketUrl, 'graphql-transport-ws');
    const types: string[] = [];
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.on('message', (data) => void types.push((JSON.parse(String(data)) as { type: string }).type));
    await new Promise((resolve) => socket.once('open', resolve));
    const send = (message: object): void => socket.send(JSON.stringify(message));
    send(withToken());
    await expect.poll(() => types).toContain('connection_ack');
    send(feed);
    await expect.poll(() => types).toContain('next');
    send({ type: 'complete', id: '1' });
    send(ask('{ viewer { name } }', '2'));
    await expect.poll(() => types).toContain('complete');
    send(feed);
    send(feed);
    expect(await closed).toBe(4409);
  });
});
