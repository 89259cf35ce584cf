import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGraph, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
});
afterAll(() => graph[Symbol.asyncDispose]());

const NUL = '\u0000';
const HALF = '\ud800';
const CREATE_APPLICATION = 'mutation ($input: CreateApplicationInput!) { createApplication(input: $input) { application { id } userErrors { field } } }';
const DECLARE = 'mutation ($input: DeclareCapabilitiesInput!) { declareCapabilities(input: $input) { capabilities { id } userErrors { field } } }';
const declared = (capability: object) => ({ input: { integrationId: 'int_1', capabilities: [{ operation: 'x' }, capability] } });

/** Where a text that nothing can keep may come from, and how its field is named. */
const PLACES: Record<string, [source: string, variables: Record<string, unknown>, field: string]> = {
  'a literal': ['{ policies(first: 1, subjectId: "\\u0000") { nodes { id } } }', {}, 'subjectId'],
  'a literal in braces': ['{ policies(first: 1, subjectId: "a\\u{0}b") { nodes { id } } }', {}, 'subjectId'],
  'a literal of an input': ['mutation { createApplication(input: { name: "a\\u0000", kind: PUBLIC, redirectUris: [] }) { application { id } } }', {}, 'input.name'],
  'a literal inside of JSON': ['mutation { declareCapabilities(input: { integrationId: "int_1", capabilities: [{ operation: "x", inputSchema: { a: "\\u0000" } }] }) { capabilities { id } } }', {}, 'input.capabilities.inputSchema.a'],
  'a default value': ['query ($id: ID = "\\u0000") { policies(first: 1, subjectId: $id) { nodes { id } } }', {}, 'id'],
  'a variable': ['query ($id: ID) { policies(first: 1, subjectId: $id) { nodes { id } } }', { id: NUL }, 'id'],
  'half of a pair in a variable': ['query ($search: String) { providers(search: $search) { handle } }', { search: `a${HALF}` }, 'search'],
  'a member of an input': [CREATE_APPLICATION, { input: { name: `x${NUL}`, kind: 'PUBLIC', redirectUris: [] } }, 'input.name'],
  'a member of a list': [CREATE_APPLICATION, { input: { name: 'x', kind: 'PUBLIC', redirectUris: ['https://a.test/', `https://b.test/${HALF}`] } }, 'input.redirectUris.1'],
  'a description': [DECLARE, declared({ operation: 'y', description: NUL }), 'input.capabilities.1.description'],
  'JSON': [DECLARE, declared({ operation: 'y', inputSchema: { a: [{ b: HALF }] } }), 'input.capabilities.1.inputSchema.a.0.b'],
  'a name inside of JSON': [DECLARE, declared({ operation: 'y', annotations: { a: { [`b${NUL}`]: 1 } } }), 'input.capabilities.1.annotations.a'],
  'a token': ['mutation ($token: String!) { createConnection(input: { integrationId: "int_1", token: $token }) { connection { id } } }', { token: NUL }, 'token'],
};

describe('a text that nothing behind the graph can keep', () => {
  it.each(Object.entries(PLACES))('is refused in %s, by the name of its field', async (_name, [source, variables, field]) => {
    graph.statements.splice(0);
    const { data, errors } = await graph.runText(acme.owner, source, variables);
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
    expect(data).toBeUndefined();
    expect(graph.statements).toEqual([]);
  });

  it('is refused in a cursor', async () => {
    for (const position of [NUL, `usr_${NUL}`]) {
      const after = btoa(`1:node:${position}`).replaceAll('=', '');
      const answers = [
        await graph.runText(acme.owner, 'query ($after: String) { users(first: 1, after: $after) { nodes { id } } }', { after }),
        await graph.runText(acme.owner, 'query ($after: String) { viewer { user { groups(first: 1, after: $after) { nodes { id } } } } }', { after }),
      ];
      for (const { errors } of answers) expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'after' } }]);
    }
  });

  it('is none where its surrogates are a pair, nor where it is long', async () => {
    const { data } = await graph.runText(acme.owner, CREATE_APPLICATION, { input: { name: 'Robot 🤖 é 漢字', kind: 'PUBLIC', redirectUris: [] } });
    expect(data).toMatchObject({ createApplication: { application: { id: expect.any(String) }, userErrors: [] } });
  });
});

describe('explainAccess', () => {
  const errorsOf = async (operations: string[]) => {
    const source = `query ($operations: [String!]) { explainAccess(applicationId: "${acme.application}", integrationId: "int_00000000000000000000000000", operations: $operations) { outcome } }`;
    return (await graph.runText(acme.owner, source, { operations })).errors;
  };

  it('names at most 50 operations, each of them one', async () => {
    expect(await errorsOf(Array.from({ length: 51 }, () => 'x'))).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'operations' } }]);
    expect(await errorsOf(['create_issue', 'no such thing'])).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'operations.1' } }]);
    expect(await errorsOf(Array.from({ length: 50 }, (_, index) => `o${index}`))).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'integrationId' } }]);
  });

  it('takes an empty list for the whole integration', async () => {
    const { data: created } = await graph.runText(acme.owner, 'mutation { createIntegration(input: { handle: "asked", authMode: USER_TOKEN }) { integration { id } } }');
    const { id } = (created as { createIntegration: { integration: { id: string } } }).createIntegration.integration;
    await graph.runText(acme.owner, `mutation { attachIntegration(input: { applicationId: "${acme.application}", integrationId: "${id}" }) { application { id } } }`);
    const { data, errors } = await graph.runText(acme.owner, `{ explainAccess(userId: "${acme.owner.userId}", applicationId: "${acme.application}", integrationId: "${id}", operations: []) { capabilities } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ explainAccess: { capabilities: null } });
  });
});
