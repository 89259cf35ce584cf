import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGraph, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
});
afterAll(() => graph[Symbol.asyncDispose]());

/** Secrets in the wrong place: beside a misspelled member, of the wrong type, unterminated. */
test.each([
  ['a missing member beside it', 'mutation($i: SetServerTokenInput!) { setServerToken(input: $i) { integration { id } } }', { i: { integrationId: 'x', token: 'SEKRET' } }],
  ['a list where text belongs', 'mutation($i: CreateConnectionInput!) { createConnection(input: $i) { connection { id } } }', { i: { integrationId: 'x', token: ['SEKRET'] } }],
  ['an object where text belongs', 'mutation($i: SetOAuthAppInput!) { setOAuthApp(input: $i) { integration { id } } }', { i: { id: 'x', clientId: 'a', clientSecret: { v: 'SEKRET' } } }],
  ['an unknown member inline', 'mutation { setServerToken(input: { id: "x" token: "SEKRET" foo: 1 }) { integration { id } } }', {}],
  ['a missing member inline', 'mutation { setServerToken(input: { token: "SEKRET" }) { integration { id } } }', {}],
  ['a number where it belongs', 'mutation { setServerToken(input: { id: "x" token: 123454321 }) { integration { id } } }', {}],
  ['an enum', 'mutation { setUserRole(input: { id: "x" role: "SEKRET" }) { user { id } } }', {}],
  ['an enum by variable', 'mutation($i: SetUserRoleInput!) { setUserRole(input: $i) { user { id } } }', { i: { id: 'x', role: 'SEKRET' } }],
  ['a place where no text belongs', 'mutation { setServerToken "SEKRET" { integration { id } } }', {}],
])('an error does not repeat what was sent: %s', async (_case, source, variables) => {
  const answer = await graph.runText(acme.owner, source, variables);
  expect(answer.errors?.length).toBeGreaterThan(0);
  expect(JSON.stringify(answer)).not.toMatch(/SEKRET|123454321/);
  expect(answer.errors?.[0]?.message).toMatch(/\w{3,}/);
});
