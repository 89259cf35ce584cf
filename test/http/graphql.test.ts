import { request } from 'node:http';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/kernel/index.ts';
import { openTestDoor, type TestDoor } from './graphql-support.ts';
import type { Tenant } from '../graph/support.ts';

let door: TestDoor;
let acme: Tenant;
let token: string;
beforeAll(async () => {
  door = await openTestDoor();
  acme = await door.graph.addTenant('Acme');
  token = door.tokenOf(acme.owner);
});
afterAll(() => door[Symbol.asyncDispose]());

const MUTATION = 'mutation { createIntegration(input: { handle: "forged", authMode: NONE }) { integration { id } } }';
const errorOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { message: string; extensions: Record<string, unknown> }[] };
  return errors[0]!;
};

describe('an operation over HTTP', () => {
  it('is answered with JSON', async () => {
    const response = await door.post(token, { query: '{ viewer { name } }' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ data: { viewer: { name: 'Olivia' } }, extensions: { cost: expect.any(Object) } });
  });

  it('is answered in the newer media type where that is asked for', async () => {
    const response = await door.post(token, { query: '{ viewer { name } }' }, { accept: 'application/graphql-response+json' });
    expect(response.headers.get('content-type')).toMatch(/^application\/graphql-response\+json/);
  });

  it('runs the operation that is named, with its variables', async () => {
    const query = 'query A { viewer { name } } query B($id: ID!) { node(id: $id) { id } }';
    expect(await (await door.post(token, { query, operationName: 'B', variables: { id: acme.id } })).json()).toMatchObject({ data: { node: { id: acme.id } } });
    const unnamed = await door.post(token, { query });
    expect(unnamed.status).toBe(400);
    expect((await errorOf(unnamed)).extensions).toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('a token', () => {
  it.each([
    ['none', {}, 'Bearer realm="kontext"'],
    ['another scheme', { authorization: 'Basic Zm9v' }, 'Bearer realm="kontext", error="invalid_token"'],
    ['an unknown one', { authorization: 'Bearer nobody' }, 'Bearer realm="kontext", error="invalid_token"'],
    ['two of them', { authorization: 'Bearer a, Bearer b' }, 'Bearer realm="kontext", error="invalid_token"'],
    ['one of many characters', { authorization: `Bearer ${'a'.repeat(9_000)}` }, 'Bearer realm="kontext", error="invalid_token"'],
  ])('%s is refused with a challenge', async (_name, headers, challenge) => {
    for (const query of ['{ viewer { name } }', '{ __schema { types { name } } }', getIntrospectionQuery()]) {
      const response = await door.post(null, { query }, headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(challenge);
      expect((await errorOf(response)).extensions).toMatchObject({ code: 'UNAUTHENTICATED', requestId: response.headers.get('x-request-id') });
    }
  });

  it('in a cookie, a query or the body is none', async () => {
    expect((await door.post(null, { query: '{ viewer { name } }' }, { cookie: `token=${token}` })).status).toBe(401);
    expect((await fetch(`${door.url}?access_token=${token}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ viewer { name } }"}' })).status).toBe(401);
  });

  it('ends with its time, and with its subject', async () => {
    const user = await acme.addUser('Una');
    expect((await door.post(door.tokenOf(user, -1), { query: '{ viewer { name } }' })).status).toBe(401);
    const live = door.tokenOf(user);
    expect((await door.post(live, { query: '{ viewer { name } }' })).status).toBe(200);
    await door.ask(token, `mutation { setUserStatus(input: { id: "${user.userId}", status: DEACTIVATED }) { user { status } } }`);
    expect((await door.post(live, { query: '{ viewer { name } }' })).status).toBe(401);
  });
});

describe('a forged or broken request is refused, and nothing happens', () => {
  const cases: Record<string, [init: RequestInit, status: number, code: string]> = {
    'a form': [{ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ query: MUTATION }) }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    'a multipart form': [{ method: 'POST', body: multipart() }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    'plain text': [{ method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ query: MUTATION }) }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    'a bare document': [{ method: 'POST', headers: { 'content-type': 'application/graphql' }, body: MUTATION }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    'a GET': [{ method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    'a PUT': [{ method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: MUTATION }) }, 405, 'METHOD_NOT_ALLOWED'],
    'a batch': [json([{ query: MUTATION }]), 400, 'INVALID_INPUT'],
    'no JSON': [json('{"query": '), 400, 'INVALID_INPUT'],
    'an unknown member': [json({ query: MUTATION, querry: 'x' }), 400, 'INVALID_INPUT'],
    'no document': [json({ variables: {} }), 400, 'INVALID_INPUT'],
    'a document that is no text': [json({ query: { a: 1 } }), 400, 'INVALID_INPUT'],
    'variables that are no object': [json({ query: MUTATION, variables: '[]' }), 400, 'INVALID_INPUT'],
    'a document with an error': [json({ query: MUTATION.slice(0, -1) }), 400, 'INVALID_INPUT'],
    '10,000 aliases': [json({ query: `mutation { ${Array.from({ length: 10_000 }, (_, index) => `a${index}: __typename`).join(' ')} }` }), 413, 'TOO_LARGE'],
    'a document 2,000 deep': [json({ query: `{ viewer ${'{ a '.repeat(2_000)}${'}'.repeat(2_000)} }` }), 413, 'TOO_LARGE'],
    'variables 50,000 deep': [json(`{"query":"query ($x: JSON) { __typename }","variables":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`), 400, 'INVALID_INPUT'],
    'a body of 257 KiB': [json({ query: MUTATION, variables: { x: 'x'.repeat(263_000) } }), 413, 'TOO_LARGE'],
    'a subscription without a stream': [json({ query: 'subscription { auditFeed { __typename } }' }), 400, 'INVALID_INPUT'],
  };

  it.each(Object.entries(cases))('%s', async (name, [init, status, code]) => {
    const url = name === 'a GET' ? `${door.url}?query=${encodeURIComponent(MUTATION)}` : door.url;
    const response = await fetch(url, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
    const error = await errorOf(response);
    expect([response.status, error.extensions['code']]).toEqual([status, code]);
    expect(Object.keys(error.extensions)).toEqual(expect.arrayContaining(['code', 'hint', 'requestId']));
    expect(JSON.stringify(error)).not.toMatch(/\\n +at |node_modules|src\//);
    if (status === 405) expect(response.headers.get('allow')).toBe('POST');
  });

  it('and names the member at fault', async () => {
    expect((await errorOf(await door.post(token, { query: MUTATION, querry: 'x' }))).extensions['field']).toBe('querry');
    expect((await errorOf(await door.post(token, { query: 1 }))).extensions['field']).toBe('query');
  });

  it('20 MB are not even read', async () => {
    const { status, sent } = await flood(door.url, token, 20_000_000);
    expect(status).toBe(413);
    expect(sent).toBeLessThan(20_000_000);
    // Without a length in advance, too.
    expect((await flood(door.url, token, 20_000_000, true)).status).toBe(413);
  });

  it('none of it left a trace', async () => {
    const { data } = await door.ask(token, '{ integrations(first: 100) { nodes { handle } } }');
    expect(data).toEqual({ integrations: { nodes: [] } });
  });
});

describe('GraphiQL and the schema', () => {
  it('are not shown in production', async () => {
    expect((await fetch(door.url, { headers: { accept: 'text/html' } })).status).toBe(405);
    expect((await door.post(null, { query: getIntrospectionQuery() })).status).toBe(401);
  });

  it('are in development; whatever shows data still takes a token', async () => {
    await using development = await openTestDoor({ development: true });
    const page = await fetch(development.url, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await page.text()).toContain('GraphiQL');
    const introspected = await development.post(null, { query: getIntrospectionQuery() });
    expect([introspected.status, await introspected.json()]).toMatchObject([200, { data: { __schema: {} } }]);
    const asked = await development.post(null, { query: '{ viewer { name } }' });
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="kontext"']);
    const subscribed = await development.post(null, { query: 'subscription { auditFeed { __typename } }' }, { accept: 'text/event-stream' });
    expect(await subscribed.text()).toContain('UNAUTHENTICATED');
    expect((await development.post('nobody', { query: getIntrospectionQuery() })).status).toBe(401);
  });
});

describe('a failing database', () => {
  it('is 503 with Retry-After, and then works again', async () => {
    const { db } = door.graph.wells;
    const { read } = db;
    // Gone before the token's subject could be asked for, and after.
    for (const answered of [0, 1]) {
      let reads = 0;
      db.read = (organizationId, work) => (reads++ < answered ? read(organizationId, work) : Promise.reject(new Fault('unavailable')));
      const response = await door.post(token, { query: '{ organization { name } }' });
      expect([response.status, (await errorOf(response)).extensions['code']]).toEqual([503, 'UNAVAILABLE']);
      expect(response.headers.get('retry-after')).toBe('1');
    }
    db.read = read;
    expect((await door.post(token, { query: '{ organization { name } }' })).status).toBe(200);
  });
});

function json(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function multipart(): FormData {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: MUTATION }));
  form.set('map', '{}');
  return form;
}

/** Sends as long as the server takes it; answers the status and how much left. */
function flood(url: string, bearer: string, bytes: number, chunked = false): Promise<{ status: number; sent: number }> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let status = 0;
    const call = request(url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}`, ...(!chunked && { 'content-length': bytes }) } }, (response) => {
      status = response.statusCode ?? 0;
      response.resume();
    });
    const settle = (error?: Error): void => (status ? resolve({ status, sent }) : error && reject(error));
    call.on('error', settle).on('close', () => settle());
    const chunk = Buffer.alloc(65_536, 0x20);
    const write = (): void => {
      if (call.destroyed || status > 0) return;
      if (sent >= bytes) return void call.end();
      sent += chunk.length;
      if (call.write(chunk)) setImmediate(write);
      else call.once('drain', write);
    };
    write();
  });
}
