import { afterAll, beforeAll, expect, it } from 'vitest';
import * as documents from '../../schema/generated/graphql.ts';
import { openTestGraph, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
  const integrations: string[] = [];
  for (const handle of ['one', 'two', 'three']) {
    const { data } = await graph.run(acme.owner, documents.CreateIntegrationDocument, { input: { handle, authMode: 'USER_TOKEN' } });
    const { id } = data!.createIntegration.integration!;
    integrations.push(id);
    await graph.run(acme.owner, documents.DeclareCapabilitiesDocument, { input: { integrationId: id, capabilities: [{ operation: 'read' }, { operation: 'write' }] } });
  }
  for (let count = 0; count < 8; count++) {
    const user = await acme.addUser(`User${count}`);
    for (const integrationId of integrations) await graph.run(user, documents.CreateConnectionDocument, { input: { integrationId, token: 'token' } });
    const { data } = await graph.run(acme.owner, documents.CreateApplicationDocument, { input: { name: `App ${count}`, kind: 'PUBLIC', redirectUris: [], ownerId: user.userId } });
    for (const integrationId of integrations) await graph.run(acme.owner, documents.AttachIntegrationDocument, { input: { applicationId: data!.createApplication.application!.id, integrationId } });
  }
});
afterAll(() => graph[Symbol.asyncDispose]());

/** Statements that read rows: not those that open a transaction. */
async function countOf(run: () => Promise<{ errors?: unknown }>): Promise<number> {
  graph.statements.splice(0);
  expect((await run()).errors).toBeUndefined();
  return graph.statements.filter((statement) => / from /i.test(statement)).length;
}

const PAGES = {
  // users, their groups, their connections, the integrations of those
  users: { most: 4, run: (first: number) => graph.run(acme.owner, documents.UsersDocument, { first }) },
  // applications, owners, attachments, integrations, capabilities
  applications: { most: 5, run: (first: number) => graph.run(acme.owner, documents.ApplicationsDocument, { first }) },
  // integrations, capabilities
  integrations: { most: 2, run: (first: number) => graph.run(acme.owner, documents.IntegrationsDocument, { first }) },
  // connections, users, integrations
  connections: { most: 3, run: (first: number) => graph.run(acme.owner, documents.ConnectionsDocument, { first }) },
  // rules, integrations, applications
  policies: { most: 3, run: (first: number) => graph.run(acme.owner, documents.PoliciesDocument, { first }) },
  // capabilities, integrations
  capabilities: { most: 2, run: (first: number) => graph.run(acme.owner, documents.CapabilitiesDocument, { first }) },
  auditEvents: { most: 1, run: (first: number) => graph.run(acme.owner, documents.AuditEventsDocument, { first }) },
} satisfies Record<string, { most: number; run: (first: number) => Promise<{ errors?: unknown }> }>;

it.each(Object.entries(PAGES))('a page of %s takes the same few statements whatever its size', async (_name, { most, run }) => {
  const small = await countOf(() => run(2));
  const large = await countOf(() => run(100));
  expect(large).toBeLessThanOrEqual(most);
  expect(small).toBeLessThanOrEqual(large);
});

it('loads many ids of one type at once', async () => {
  const { data } = await graph.run(acme.owner, documents.UsersDocument, { first: 8 });
  const ids = data!.users.edges.map(({ node }) => node.id);
  expect(await countOf(() => graph.run(acme.owner, documents.NodesByIdDocument, { ids }))).toBe(1);
});

it('shows what the second mutation of a request has made, not what the first one loaded', async () => {
  const { data: before } = await graph.run(acme.owner, documents.ApplicationsDocument, { first: 2 });
  const { id, integrations } = before!.applications.nodes[1]!;
  const [attached] = integrations.nodes;
  const { data } = await graph.runText(
    acme.owner,
    `mutation {
      one: updateApplication(input: { id: "${id}", name: "Renamed" }) { application { name integrations(first: 9) { nodes { id } } } }
      two: detachIntegration(input: { applicationId: "${id}", integrationId: "${attached!.id}" }) { application { name integrations(first: 9) { nodes { id } } } }
    }`,
  );
  expect(data).toMatchObject({ one: { application: { name: 'Renamed', integrations: { nodes: { length: 3 } } } }, two: { application: { name: 'Renamed', integrations: { nodes: { length: 2 } } } } });
});
