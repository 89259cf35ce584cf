import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/graph/index.ts';
import { openTestGraph, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
});
afterAll(() => graph[Symbol.asyncDispose]());

const nested = (depth: number): string => `{ viewer { user ${'{ connections(first: 1) { nodes { user '.repeat(depth)}{ id }${' } } }'.repeat(depth)} } }`;

const TOO_LARGE: Record<string, [source: string, says: string]> = {
  'a query 2,000 deep': [nested(1_000), 'brackets'],
  'a list 2,000 deep': [`{ node(id: ${'['.repeat(2_000)}${']'.repeat(2_000)}) { id } }`, 'brackets'],
  'a type 2,000 deep': [`query ($x: ${'['.repeat(2_000)}ID${']'.repeat(2_000)}) { __typename }`, 'brackets'],
  'a query a little too deep': [nested(10), `at most ${LIMITS.depth}`],
  '10,000 aliases': [`{ ${Array.from({ length: 10_000 }, (_, index) => `a${index}: __typename`).join(' ')} }`, 'tokens'],
  'a few aliases too many': [`{ ${Array.from({ length: LIMITS.aliases + 1 }, (_, index) => `a${index}: __typename`).join(' ')} }`, 'aliases'],
  'aliases multiplied by fragments': [`{ ...A ...A ...A } fragment A on Query { ...B ...B ...B ...B } fragment B on Query { ...C ...C ...C ...C ...C } fragment C on Query { a: __typename }`, 'aliases'],
  'introspection many times over': [`{ ${Array.from({ length: 6 }, (_, index) => `a${index}: __schema { types { name } }`).join(' ')} }`, 'aliases'],
  'introspection that repeats inside': [`{ __schema { ${Array.from({ length: 6 }, (_, index) => `a${index}: types { name }`).join(' ')} } }`, 'aliases'],
  'a page of pages of pages': ['{ users(first: 100) { nodes { groups(first: 1) { nodes { id } } connections(first: 100) { nodes { integration { capabilities(first: 10) { nodes { id } } } } } } } }', 'costs'],
  'a cheap operation beside a dear one': ['query Cheap { __typename } query Dear { users(first: 100) { nodes { connections(first: 100) { nodes { integration { capabilities(first: 10) { nodes { id } } } } } } } }', 'costs'],
};

describe('an operation that asks for too much', () => {
  it.each(Object.entries(TOO_LARGE))('%s is refused before anything runs', async (_name, [source, says]) => {
    graph.statements.splice(0);
    const { runOperation, prepareDocument, schema, openContext, renderError, faultOf } = await import('../../src/graph/index.ts');
    let fault;
    try {
      const session = { actor: acme.owner, until: new Date(Date.now() + 1_000), recheck: async () => acme.owner };
      const operationName = source.includes('query Dear') ? 'Dear' : undefined;
      const result = await runOperation({ schema, document: prepareDocument(source), operationName, contextValue: openContext(graph.wells, session, 'req_1') }, 1_000);
      fault = 'errors' in result ? faultOf(result.errors?.[0]) : null;
    } catch (error) {
      fault = faultOf(error);
    }
    expect(fault).toMatchObject({ code: 'too_large', message: expect.stringContaining(says) });
    expect(renderError(fault, 'req_1', graph.wells.log).extensions).toMatchObject({ code: 'TOO_LARGE' });
    expect(graph.statements).toEqual([]);
  });

  it('is refused where fragments go round in a circle', async () => {
    const { errors } = await graph.runText(acme.owner, '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }');
    expect(errors).toMatchObject([{ message: expect.stringContaining('within itself'), extensions: { code: 'INVALID_INPUT' } }]);
  });

  it('is refused where it names too many ids, by name', async () => {
    const ids = Array.from({ length: 10_000 }, () => acme.id);
    const { errors } = await graph.runText(acme.owner, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'ids' } }]);
  });

  it('is refused where it declares too much', async () => {
    const { data } = await graph.runText(acme.owner, 'mutation { createIntegration(input: { handle: "wide", authMode: NONE }) { integration { id } } }');
    const id = (data as { createIntegration: { integration: { id: string } } }).createIntegration.integration.id;
    const input = { integrationId: id, capabilities: Array.from({ length: 1_001 }, (_, index) => ({ operation: `o${index}` })) };
    const answer = await graph.runText(acme.owner, 'mutation ($input: DeclareCapabilitiesInput!) { declareCapabilities(input: $input) { capabilities { id } userErrors { field } } }', { input });
    expect(answer.data).toEqual({ declareCapabilities: { capabilities: null, userErrors: [{ field: 'input.capabilities' }] } });
    let schema: unknown = {};
    for (let depth = 0; depth < 50_000; depth++) schema = { a: schema };
    const deep = await graph.runText(acme.owner, 'mutation ($input: DeclareCapabilitiesInput!) { declareCapabilities(input: $input) { userErrors { field } } }', { input: { integrationId: id, capabilities: [{ operation: 'o', inputSchema: schema }] } });
    expect(deep.errors).toMatchObject([{ message: expect.stringContaining('32 deep'), extensions: { code: 'INVALID_INPUT' } }]);
  });
});

describe('an operation within the limits', () => {
  it('is told its cost', async () => {
    const { data, extensions } = await graph.runText(acme.owner, '{ users(first: 50) { nodes { id name } } }');
    expect(data).toBeTruthy();
    expect(extensions).toEqual({ cost: { requested: 101, limit: LIMITS.cost } });
    expect((await graph.runText(acme.owner, '{ users(first: 5) { nodes { id name } } }')).extensions?.cost?.requested).toBe(11);
  });

  it('may be the usual introspection', async () => {
    const { data, errors } = await graph.runText(acme.owner, getIntrospectionQuery());
    expect(errors).toBeUndefined();
    expect(data).toHaveProperty('__schema');
  });

  it('is cut off when its time is up', async () => {
    const { runOperation, prepareDocument, schema, openContext, faultOf } = await import('../../src/graph/index.ts');
    const stalled = { ...graph.wells, db: { ...graph.wells.db, read: () => new Promise<never>(() => {}) } };
    const session = { actor: acme.owner, until: new Date(Date.now() + 1_000), recheck: async () => acme.owner };
    const result = await runOperation({ schema, document: prepareDocument('{ organization { name } }'), contextValue: openContext(stalled, session, 'req_1') }, 20);
    expect(faultOf('errors' in result ? result.errors?.[0] : null)).toMatchObject({ code: 'unavailable' });
  });

  it('needs somebody who asks', async () => {
    for (const source of ['{ viewer { name } }', 'mutation { setUserRole(input: { id: "x", role: ADMIN }) { user { id } } }', `{ node(id: "${acme.id}") { id } }`]) {
      expect((await graph.runText(null, source)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    expect((await graph.runText(null, '{ __typename }')).data).toEqual({ __typename: 'Query' });
  });
});
