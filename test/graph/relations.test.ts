import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as documents from '../../schema/generated/graphql.ts';
import { LIMITS } from '../../src/graph/index.ts';
import { newId } from '../../src/platform/index.ts';
import { openTestGraph, type Answer, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
/** Integrations by how many capabilities each has. */
const sizes: Record<number, string> = {};
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
  for (const size of [3, 20, 60, 1_000]) {
    const { data } = await graph.run(acme.owner, documents.CreateIntegrationDocument, { input: { handle: `of-${size}`, authMode: 'USER_TOKEN' } });
    sizes[size] = data!.createIntegration.integration!.id;
    const capabilities = Array.from({ length: size }, (_, index) => ({ operation: `operation_${index}` }));
    await graph.run(acme.owner, documents.DeclareCapabilitiesDocument, { input: { integrationId: sizes[size], capabilities } });
  }
});
afterAll(() => graph[Symbol.asyncDispose]());

interface Connection {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly startCursor: string | null; readonly endCursor: string | null };
}

/** The connection at the end of a path of single fields. */
async function pageAt(source: string, ...path: string[]): Promise<Connection> {
  const { data, errors } = await graph.runText(acme.owner, source);
  expect(errors).toBeUndefined();
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], data) as Connection;
}

const PAGE = '{ nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';

describe('the list of an object', () => {
  const capabilities = (args: string) => pageAt(`{ node(id: "${sizes[20]}") { ... on Integration { capabilities(${args}) ${PAGE} } } }`, 'node', 'capabilities');

  it('pages in both directions, oldest first, each row once', async () => {
    const all = (await pageAt(`{ capabilities(first: 100, integrationId: "${sizes[20]}") ${PAGE} }`, 'capabilities')).nodes;
    const first = await capabilities('first: 8');
    const second = await capabilities(`first: 8, after: "${first.pageInfo.endCursor}"`);
    const third = await capabilities(`first: 8, after: "${second.pageInfo.endCursor}"`);
    expect([...first.nodes, ...second.nodes, ...third.nodes]).toEqual(all);
    expect([first, second, third].map(({ pageInfo: { hasNextPage, hasPreviousPage } }) => [hasNextPage, hasPreviousPage])).toEqual([[true, false], [true, true], [false, true]]);
    const back = await capabilities(`last: 8, before: "${third.pageInfo.startCursor}"`);
    expect(back.nodes).toEqual(second.nodes);
    expect(back.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect((await capabilities('last: 4')).nodes).toEqual(all.slice(-4));
  });

  it('answers each alias with its own page', async () => {
    const { data } = await graph.runText(acme.owner, `{ node(id: "${sizes[20]}") { ... on Integration { a: capabilities(first: 2) { nodes { id } } b: capabilities(first: 5) { nodes { id } } } } }`);
    expect(data).toMatchObject({ node: { a: { nodes: { length: 2 } }, b: { nodes: { length: 5 } } } });
  });

  const LISTS: Record<string, string> = {
    'Integration.capabilities': 'integrations(first: 1) { nodes { capabilities(ARGS) { nodes { id } } } }',
    'Application.integrations': 'applications(first: 1) { nodes { integrations(ARGS) { nodes { id } } } }',
    'User.groups': 'viewer { user { groups(ARGS) { nodes { id } } } }',
    'User.connections': 'viewer { user { connections(ARGS) { nodes { id } } } }',
  };
  it.each(Object.entries(LISTS))('%s has a size, and a cursor of ours', async (_name, source) => {
    const errorsOf = async (args: string) => (await graph.runText(acme.owner, `{ ${source.replace('ARGS', args)} }`)).errors;
    expect(await errorsOf('first: 3')).toBeUndefined();
    expect(await errorsOf('after: null')).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'first' } }]);
    for (const size of [0, 101, -1]) expect(await errorsOf(`first: ${size}`)).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'first' } }]);
    expect(await errorsOf('first: 1, after: "nonsense"')).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'after' } }]);
    expect(await errorsOf('last: 1, before: "nonsense"')).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'before' } }]);
  });
});

/** Capabilities of an integration and back, again and again. */
const backAndForth = (size: number, levels: number): string =>
  `{ node(id: "${sizes[size]}") { ... on Integration { ${'capabilities(first: SIZE) { nodes { id integration { '.repeat(levels)}id${' } } }'.repeat(levels)} } } }`.replaceAll('SIZE', String(size));

describe('a query that goes back and forth between two lists', () => {
  it.each([[20, 4], [60, 3], [60, 4]])('over %i capabilities and %i levels is refused for its price, before anything runs', async (size, levels) => {
    const member = await acme.addUser(`Mallory${size}${levels}`);
    graph.statements.splice(0);
    const { errors } = await graph.runText(member, backAndForth(size, levels));
    expect(errors).toMatchObject([{ message: expect.stringContaining('costs'), extensions: { code: 'TOO_LARGE' } }]);
    expect(graph.statements).toEqual([]);
  });

  it('is refused without sizes, too', async () => {
    const { errors } = await graph.runText(acme.owner, backAndForth(60, 3).replaceAll('(first: 60)', ''));
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'first' } }]);
  });

  it('within its price is answered', async () => {
    const { errors, extensions } = await graph.runText(acme.owner, backAndForth(20, 3));
    expect(errors).toBeUndefined();
    expect(extensions!.cost!.requested).toBeLessThanOrEqual(LIMITS.cost);
  });
});

describe('an answer that grows beyond its price', () => {
  // As if somebody had forgotten to price the list.
  it('is cut off by its number of objects', async () => {
    const { openContext, prepareDocument, runOperation, schema, faultOf } = await import('../../src/graph/index.ts');
    const session = { actor: acme.owner, until: new Date(Date.now() + 60_000), recheck: async () => acme.owner };
    const fields = schema.getType('Integration') as unknown as { getFields(): Record<string, { extensions: Record<string, unknown> }> };
    const { extensions } = fields.getFields()['capabilities']!;
    const price = extensions['complexity'];
    extensions['complexity'] = 0;
    try {
      const source = backAndForth(60, 4);
      const result = await runOperation({ schema, document: prepareDocument(source), contextValue: openContext(graph.wells, session, newId('request')) }, 10_000);
      if (!('errors' in result)) throw new Error('it was answered');
      expect(faultOf(result.errors?.[0])).toMatchObject({ code: 'too_large', message: expect.stringContaining(`${LIMITS.objects} objects`) });
      expect(result.data).toBeUndefined();
    } finally {
      extensions['complexity'] = price;
    }
  });

  it('of a mutation is refused before it happens, by the number of rows it makes', async () => {
    const capabilities = Array.from({ length: 1_000 }, (_, index) => ({ operation: `other_${index}` }));
    const source = 'mutation ($input: DeclareCapabilitiesInput!) { declareCapabilities(input: $input) { capabilities { integration { capabilities(first: 100) { nodes { id } } } } } }';
    const answer = await graph.runText(acme.owner, source, { input: { integrationId: sizes[3], capabilities } });
    expect(answer.errors).toMatchObject([{ message: expect.stringContaining('costs'), extensions: { code: 'TOO_LARGE' } }]);
    expect((await pageAt(`{ capabilities(first: 100, integrationId: "${sizes[3]}") ${PAGE} }`, 'capabilities')).nodes).toHaveLength(3);
  });
});

describe('the pages of a dashboard', () => {
  const largest: Record<string, () => Promise<Answer<unknown>>> = {
    users: () => graph.run(acme.owner, documents.UsersDocument, { first: 100 }),
    applications: () => graph.run(acme.owner, documents.ApplicationsDocument, { first: 100 }),
    integrations: () => graph.run(acme.owner, documents.IntegrationsDocument, { first: 100 }),
    connections: () => graph.run(acme.owner, documents.ConnectionsDocument, { first: 100 }),
    policies: () => graph.run(acme.owner, documents.PoliciesDocument, { first: 100 }),
    capabilities: () => graph.run(acme.owner, documents.CapabilitiesDocument, { first: 100 }),
    auditEvents: () => graph.run(acme.owner, documents.AuditEventsDocument, { first: 100 }),
  };
  it.each(Object.entries(largest))('of %s stays within its price at full size', async (_name, run) => {
    const { errors, extensions } = await run();
    expect(errors).toBeUndefined();
    expect(extensions!.cost!.requested).toBeLessThanOrEqual(LIMITS.cost);
  });
});
