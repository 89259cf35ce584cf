import type { GraphQLInputType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as documents from '../../schema/generated/graphql.ts';
import type { Actor, IdKind } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { openTestGraph, type Tenant, type TestGraph } from './support.ts';

type ServedKind = Extract<IdKind, 'organization' | 'user' | 'group' | 'application' | 'serviceAccount' | 'integration' | 'capability' | 'connection' | 'policy' | 'event'>;

let graph: TestGraph;
let acme: Tenant;
let member: Actor;
/** One object of every kind, in another organization. */
let foreign: Record<ServedKind, string>;

beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
  member = await acme.addUser('Mia');
  foreign = await populate(await graph.addTenant('Globex'));
});
afterAll(() => graph[Symbol.asyncDispose]());

async function populate(tenant: Tenant): Promise<Record<ServedKind, string>> {
  const { owner } = tenant;
  const { data: created } = await graph.run(owner, documents.CreateIntegrationDocument, { input: { handle: 'keyed', authMode: 'USER_TOKEN' } });
  const integration = created!.createIntegration.integration!.id;
  const { data: declared } = await graph.run(owner, documents.DeclareCapabilitiesDocument, { input: { integrationId: integration, capabilities: [{ operation: 'read' }] } });
  const { data: connected } = await graph.run(owner, documents.CreateConnectionDocument, { input: { integrationId: integration, token: 'token' } });
  const { data: ruled } = await graph.run(owner, documents.CreatePolicyDocument, { input: { layer: 'ORGANIZATION', effect: 'ALLOW', subject: { kind: 'EVERYONE' } } });
  const { data: logged } = await graph.run(owner, documents.AuditEventsDocument, { first: 1 });
  const group = newId('group');
  await graph.wells.db.asOrganization(tenant.id, (tx) => tx.insertInto('groups').values({ id: group, organization_id: tenant.id, name: 'Engineering' }).execute());
  return {
    organization: tenant.id,
    user: owner.userId,
    group,
    application: tenant.application,
    serviceAccount: tenant.service.id,
    integration,
    capability: declared!.declareCapabilities.capabilities![0]!.id,
    connection: connected!.createConnection.connection!.id,
    policy: ruled!.createPolicy.policy!.id,
    event: logged!.auditEvents.nodes[0]!.id,
  };
}

/** The bytes of an answer, less the request id and what the caller itself sent. */
const bytes = (answer: unknown, id: string): string => JSON.stringify(answer).replaceAll(/req_[0-9a-z]{26}/g, 'req').replaceAll(id, 'ID');

/** Every place where the graph takes an id, as a document with one variable. */
const PLACES: { readonly kind: ServedKind; readonly source: string }[] = [
  ...(['organization', 'user', 'group', 'application', 'serviceAccount', 'integration', 'capability', 'connection', 'policy', 'event'] as const).flatMap((kind) => [
    { kind, source: 'query ($id: ID!) { node(id: $id) { __typename id } }' },
    { kind, source: 'query ($id: ID!) { nodes(ids: [$id]) { __typename id } }' },
  ]),
  { kind: 'integration', source: 'query ($id: ID!) { capabilities(first: 5, integrationId: $id) { nodes { id } pageInfo { hasNextPage endCursor } } }' },
  { kind: 'user', source: 'query ($id: ID!) { connections(first: 5, userId: $id) { nodes { id } } }' },
  { kind: 'integration', source: 'query ($id: ID!) { connections(first: 5, integrationId: $id) { nodes { id } } }' },
  { kind: 'integration', source: 'query ($id: ID!) { policies(first: 5, integrationId: $id) { nodes { id } } }' },
  { kind: 'application', source: 'query ($id: ID!) { policies(first: 5, applicationId: $id) { nodes { id } } }' },
  { kind: 'user', source: 'query ($id: ID!) { policies(first: 5, subjectId: $id) { nodes { id } } }' },
  { kind: 'user', source: 'query ($id: ID!) { auditEvents(first: 5, filter: { userId: $id }) { nodes { id } } }' },
  { kind: 'application', source: 'query ($id: ID!) { auditEvents(first: 5, filter: { applicationId: $id }) { nodes { id } } }' },
  { kind: 'integration', source: 'query ($id: ID!) { auditEvents(first: 5, filter: { integrationId: $id }) { nodes { id } } }' },
  { kind: 'application', source: 'query ($id: ID!) { explainAccess(applicationId: $id, integrationId: "OWN_INTEGRATION") { outcome } }' },
  { kind: 'integration', source: 'query ($id: ID!) { explainAccess(applicationId: "OWN_APPLICATION", integrationId: $id) { outcome } }' },
  { kind: 'user', source: 'query ($id: ID!) { explainAccess(applicationId: "OWN_APPLICATION", integrationId: "OWN_INTEGRATION", userId: $id) { outcome } }' },
  ...mutations({
    createApplication: ['user', 'name: "x", kind: PUBLIC, redirectUris: [], ownerId: $id'],
    updateApplication: ['application', 'id: $id, name: "x"'],
    'updateApplication ': ['user', 'id: "OWN_APPLICATION", ownerId: $id'],
    setApplicationStatus: ['application', 'id: $id, status: DISABLED'],
    rotateApplicationSecret: ['application', 'id: $id'],
    attachIntegration: ['application', 'applicationId: $id, integrationId: "OWN_INTEGRATION"'],
    'attachIntegration ': ['integration', 'applicationId: "OWN_APPLICATION", integrationId: $id'],
    detachIntegration: ['application', 'applicationId: $id, integrationId: "OWN_INTEGRATION"'],
    'detachIntegration ': ['integration', 'applicationId: "OWN_APPLICATION", integrationId: $id'],
    revokeServiceAccount: ['serviceAccount', 'id: $id'],
    updateIntegration: ['integration', 'id: $id, name: "x"'],
    deleteIntegration: ['integration', 'id: $id'],
    setServerToken: ['integration', 'id: $id, token: "x"'],
    setOAuthApp: ['integration', 'id: $id, clientId: "x"'],
    declareCapabilities: ['integration', 'integrationId: $id, capabilities: [{ operation: "x" }]'],
    startConnection: ['integration', 'integrationId: $id'],
    createConnection: ['integration', 'integrationId: $id, token: "x"'],
    revokeConnection: ['connection', 'id: $id'],
    createPolicy: ['user', 'layer: USER, effect: ALLOW, subject: { kind: USER, id: $id }'],
    'createPolicy ': ['group', 'layer: ORGANIZATION, effect: ALLOW, subject: { kind: GROUP, id: $id }'],
    'createPolicy  ': ['application', 'layer: APPLICATION, effect: ALLOW, subject: { kind: APPLICATION, id: $id }'],
    'createPolicy   ': ['integration', 'layer: ORGANIZATION, effect: ALLOW, subject: { kind: EVERYONE }, integrationId: $id'],
    updatePolicy: ['policy', 'id: $id, effect: DENY'],
    deletePolicy: ['policy', 'id: $id'],
    setUserStatus: ['user', 'id: $id, status: DEACTIVATED'],
    setUserRole: ['user', 'id: $id, role: ADMIN'],
  }),
];

function mutations(table: Record<string, [kind: ServedKind, input: string]>) {
  return Object.entries(table).map(([name, [kind, input]]) => ({ kind, source: `mutation ($id: ID!) { ${name.trim()}(input: { ${input} }) { __typename userErrors { code message field hint } } }` }));
}

describe('an id of another organization answers byte for byte as a missing one', () => {
  const answer = async (actor: Actor, source: string, id: string): Promise<string> => {
    const own = await ownIds();
    return bytes(await graph.runText(actor, source.replace('OWN_INTEGRATION', own.integration).replace('OWN_APPLICATION', acme.application), { id }), id);
  };
  let own: Promise<{ integration: string }> | undefined;
  const ownIds = () =>
    (own ??= graph.run(acme.owner, documents.CreateIntegrationDocument, { input: { handle: 'own', authMode: 'NONE' } }).then(({ data }) => ({ integration: data!.createIntegration.integration!.id })));

  it.each(PLACES)('$kind in $source', async ({ kind, source }) => {
    for (const actor of [acme.owner, member]) {
      const missing = await answer(actor, source, newId(kind));
      expect(await answer(actor, source, foreign[kind])).toBe(missing);
    }
    // And an administrator is told of a missing one in so many words, not of a bug.
    expect(await answer(acme.owner, source, foreign[kind])).not.toContain('INTERNAL');
  });

  it('covers every field and mutation that takes an id', async () => {
    const { schema } = await import('../../src/graph/index.ts');
    const { isInputObjectType, getNamedType } = await import('graphql');
    const takesId = (args: readonly { name: string; type: GraphQLInputType }[]): boolean =>
      args.some(({ name, type }) => {
        const named = getNamedType(type);
        return name !== 'clientMutationId' && (isInputObjectType(named) ? takesId(Object.values(named.getFields())) : named.name === 'ID');
      });
    const fields = [...Object.values(schema.getQueryType()!.getFields()), ...Object.values(schema.getMutationType()!.getFields())];
    const taking = fields.filter(({ args }) => takesId(args)).map(({ name }) => name);
    const covered = new Set(PLACES.map(({ source }) => /\{ (\w+)\(/.exec(source)![1]!));
    expect(taking.filter((name) => !covered.has(name))).toEqual([]);
  });
});
