import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as documents from '../../schema/generated/graphql.ts';
import { openTestGraph, type Answer, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
});
afterAll(() => graph[Symbol.asyncDispose]());

/** The data of an answer that has no errors. */
function dataOf<T>({ data, errors }: Answer<T>): T {
  expect(errors).toBeUndefined();
  return data as T;
}

const github = { handle: 'github', authMode: 'OAUTH', provider: 'github' } as const;

describe('a dashboard', () => {
  it('sets up an integration and an application, and sees a secret once', async () => {
    const created = dataOf(await graph.run(acme.owner, documents.CreateApplicationDocument, { input: { name: 'PR-Bot', kind: 'CONFIDENTIAL', redirectUris: ['https://bot.test/cb'], clientMutationId: 'one' } }));
    const { application, clientSecret, clientMutationId, userErrors } = created.createApplication;
    expect(userErrors).toEqual([]);
    expect(clientMutationId).toBe('one');
    expect(application?.id).toMatch(/^app_/);
    expect(clientSecret).toMatch(/.{40,}/);

    const { createIntegration } = dataOf(await graph.run(acme.owner, documents.CreateIntegrationDocument, { input: github }));
    const integration = createIntegration.integration!;
    expect(integration).toMatchObject({ handle: 'github', authMode: 'OAUTH', provider: { handle: 'github' }, hasOAuthClientSecret: false });

    const attached = dataOf(await graph.run(acme.owner, documents.AttachIntegrationDocument, { input: { applicationId: application!.id, integrationId: integration.id } }));
    expect(attached.attachIntegration.application?.integrations.nodes).toEqual([{ id: integration.id, handle: 'github' }]);

    const { policies } = dataOf(await graph.run(acme.owner, documents.PoliciesDocument, { first: 10, layer: 'APPLICATION' }));
    expect(policies.nodes).toMatchObject([{ layer: 'APPLICATION', effect: 'ALLOW', origin: 'ATTACHMENT', subject: { kind: 'APPLICATION', id: application!.id }, integration: { id: integration.id } }]);

    const { explainAccess } = dataOf(await graph.run(acme.owner, documents.ExplainAccessDocument, { userId: acme.owner.userId, applicationId: application!.id, integrationId: integration.id, operations: ['create_issue'] }));
    expect(explainAccess).toMatchObject({ outcome: 'DENY', integration: 'github', capabilities: ['github:create_issue'], mode: 'DECLARED', missing: ['ORGANIZATION', 'USER'] });
    expect(explainAccess.layers.map(({ layer, result }) => [layer, result])).toEqual([['ORGANIZATION', 'NO_RULE'], ['USER', 'NO_RULE'], ['APPLICATION', 'ALLOW']]);
    expect(explainAccess.remedies).toHaveLength(2);

    const everything = JSON.stringify([
      await graph.run(acme.owner, documents.ApplicationsDocument, { first: 100 }),
      await graph.run(acme.owner, documents.AuditEventsDocument, { first: 100 }),
      await graph.runText(acme.owner, `{ node(id: "${application!.id}") { id ... on Application { name status } } }`),
    ]);
    expect(everything).not.toContain(clientSecret);
  });

  it('stores tokens that no answer ever shows', async () => {
    const server = dataOf(await graph.run(acme.owner, documents.CreateIntegrationDocument, { input: { handle: 'internal', authMode: 'SERVER_TOKEN' } })).createIntegration.integration!;
    const user = dataOf(await graph.run(acme.owner, documents.CreateIntegrationDocument, { input: { handle: 'keyed', authMode: 'USER_TOKEN' } })).createIntegration.integration!;
    const answers = [
      await graph.run(acme.owner, documents.SetServerTokenDocument, { input: { id: server.id, token: 'server-token-8Xq' } }),
      await graph.run(acme.owner, documents.CreateConnectionDocument, { input: { integrationId: user.id, token: 'user-token-3Kp' } }),
      await graph.run(acme.owner, documents.CreateConnectionDocument, { input: { integrationId: user.id, token: 'bad token-3Kp\n' } }),
      await graph.run(acme.owner, documents.ConnectionsDocument, { first: 10 }),
      await graph.run(acme.owner, documents.IntegrationsDocument, { first: 100 }),
      await graph.run(acme.owner, documents.AuditEventsDocument, { first: 100 }),
    ];
    expect(answers[0]).toMatchObject({ data: { setServerToken: { integration: { hasServerToken: true }, userErrors: [] } } });
    expect(answers[1]).toMatchObject({ data: { createConnection: { connection: { status: 'CONNECTED', reason: null, nextAction: null } } } });
    expect(answers[2]).toMatchObject({ data: { createConnection: { connection: null, userErrors: [{ code: 'INVALID_INPUT', field: 'input.token' }] } } });
    expect(JSON.stringify(answers)).not.toMatch(/8Xq|3Kp/);
    expect(graph.wells.logLines.join('\n')).not.toMatch(/8Xq|3Kp/);

    const { connections } = dataOf(await graph.run(acme.owner, documents.ConnectionsDocument, { first: 10, integrationId: user.id }));
    const revoked = dataOf(await graph.run(acme.owner, documents.RevokeConnectionDocument, { input: { id: connections.nodes[0]!.id } }));
    expect(revoked.revokeConnection.connection).toMatchObject({ status: 'DISCONNECTED', reason: 'DISCONNECTED', nextAction: expect.stringContaining('onnect') });
  });

  it('says what to do where no OAuth app is configured', async () => {
    const { integrations } = dataOf(await graph.run(acme.owner, documents.IntegrationsDocument, { first: 100 }));
    const { id } = integrations.nodes.find(({ handle }) => handle === 'github')!;
    const { startConnection } = dataOf(await graph.run(acme.owner, documents.StartConnectionDocument, { input: { integrationId: id } }));
    expect(startConnection).toMatchObject({ authorizationUrl: null, userErrors: [{ code: 'OAUTH_APP_MISSING', hint: expect.stringMatching(/KONTEXT_OAUTH_GITHUB/) }] });
    await graph.run(acme.owner, documents.SetOAuthAppDocument, { input: { id, clientId: 'abc', clientSecret: 'app-secret-7Zt' } });
    const started = dataOf(await graph.run(acme.owner, documents.StartConnectionDocument, { input: { integrationId: id } }));
    expect(started.startConnection.authorizationUrl).toMatch(/^http:\/\/localhost:\d+\/connect\//);
    expect(started.startConnection.userErrors).toEqual([]);
  });

  it('shows the log newest first, by pages in both directions', async () => {
    const all = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { first: 100 })).auditEvents.nodes;
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => all.length - index));
    const first = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { first: 2 })).auditEvents;
    const second = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { first: 2, after: first.pageInfo.endCursor ?? null })).auditEvents;
    expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(all.slice(0, 4).map(({ id }) => id));
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const back = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { last: 2, before: second.pageInfo.startCursor ?? null })).auditEvents;
    expect(back.nodes.map(({ id }) => id)).toEqual(first.nodes.map(({ id }) => id));
    const created = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { first: 10, filter: { kinds: ['ORGANIZATION_CREATED'] } })).auditEvents.nodes;
    expect(created).toMatchObject([{ kind: 'ORGANIZATION_CREATED', outcome: 'SUCCESS', actor: { kind: 'SYSTEM', id: null, name: 'bootstrap' } }]);
  });

  it('asks for the organization and for itself, and finds every object again by id', async () => {
    const { viewer } = dataOf(await graph.run(acme.owner, documents.ViewerDocument, {}));
    expect(viewer).toMatchObject({ name: 'Olivia', organization: { id: acme.id, name: 'Acme' }, user: { id: acme.owner.userId, role: 'OWNER' }, serviceAccount: null });
    const page = dataOf(await graph.run(acme.owner, documents.OrganizationPageDocument, { first: 10 })).organization;
    expect(page).toMatchObject({ name: 'Acme', signIn: null, serviceAccounts: { nodes: [{ id: acme.service.id, status: 'ACTIVE' }] } });
    const { auditEvents } = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { first: 1 }));
    const ids = [acme.id, acme.owner.userId, acme.application, acme.service.id, auditEvents.nodes[0]!.id];
    const { nodes } = dataOf(await graph.run(acme.owner, documents.NodesByIdDocument, { ids }));
    const types = ['Organization', 'User', 'Application', 'ServiceAccount', 'AuditEvent'];
    expect(nodes).toEqual(ids.map((id, index) => ({ __typename: types[index], id })));
  });
});

describe('a member', () => {
  it('sees its own things and no other', async () => {
    const member = await acme.addUser('Mallory');
    const other = await acme.addUser('Bob');
    const { users } = dataOf(await graph.run(member, documents.UsersDocument, { first: 10 }));
    expect(users.edges.map(({ node }) => node.id)).toEqual([member.userId]);
    expect(dataOf(await graph.run(member, documents.NodeByIdDocument, { id: other.userId })).node).toBeNull();
    const { auditEvents } = dataOf(await graph.run(member, documents.AuditEventsDocument, { first: 100 }));
    expect(auditEvents.nodes).toEqual([]);
    const foreign = dataOf(await graph.run(member, documents.AuditEventsDocument, { first: 100, filter: { userId: acme.owner.userId } }));
    expect(foreign.auditEvents.nodes).toEqual([]);
    const event = dataOf(await graph.run(acme.owner, documents.AuditEventsDocument, { first: 1 })).auditEvents.nodes[0]!;
    expect(dataOf(await graph.run(member, documents.NodeByIdDocument, { id: event.id })).node).toBeNull();
  });

  it('is refused what takes an administrator, as an error of the request and not of the input', async () => {
    const member = await acme.addUser('Mona');
    const answer = await graph.run(member, documents.CreateIntegrationDocument, { input: { handle: 'x', authMode: 'NONE' } });
    expect(answer.errors).toMatchObject([{ path: ['createIntegration'], extensions: { code: 'FORBIDDEN', requestId: expect.stringMatching(/^req_/) } }]);
  });
});

describe('bad input', () => {
  const errorsOf = async (source: string, variables?: Record<string, unknown>) => (await graph.runText(acme.owner, source, variables)).errors;

  it('names the field of a malformed id', async () => {
    expect(await errorsOf('{ node(id: "nonsense") { id } }')).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'id' } }]);
    expect(await errorsOf('{ nodes(ids: ["nonsense"]) { id } }')).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'ids.0' } }]);
    expect(await errorsOf('{ capabilities(first: 1, integrationId: "usr_1") { nodes { id } } }')).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'integrationId' } }]);
    const { setUserRole } = dataOf(await graph.run(acme.owner, documents.SetUserRoleDocument, { input: { id: 'nonsense', role: 'ADMIN' } }));
    expect(setUserRole).toMatchObject({ user: null, userErrors: [{ code: 'INVALID_INPUT', field: 'input.id', hint: expect.any(String) }] });
    expect(await errorsOf('{ auditEvents(first: 1, filter: { userId: "x" }) { nodes { id } } }')).toMatchObject([{ extensions: { field: 'filter.userId' } }]);
  });

  it('refuses a cursor that it did not hand out', async () => {
    for (const after of ['x', 'MTphdWRpdDox', '']) {
      expect(await errorsOf('query ($after: String) { users(first: 1, after: $after) { nodes { id } } }', { after })).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'after' } }]);
    }
    expect(await errorsOf('{ auditEvents(first: 1, after: "MTpub2RlOjE") { nodes { id } } }')).toMatchObject([{ extensions: { field: 'after' } }]);
  });

  it.each([['', 'first'], ['first: 0', 'first'], ['first: 101', 'first'], ['first: -1', 'first'], ['last: 1000000', 'last'], ['first: 1, last: 1', 'first']])('refuses a page of (%s)', async (args, field) => {
    expect(await errorsOf(`{ users${args && `(${args})`} { nodes { id } } }`)).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
  });

  it('names what is wrong with a document or its variables', async () => {
    expect(await errorsOf('{ users(first: 1) { nodes { password } } }')).toMatchObject([{ message: expect.stringContaining('password'), locations: [{ line: 1 }], extensions: { code: 'INVALID_INPUT' } }]);
    expect(await errorsOf('{ users(first: ')).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    expect(await errorsOf('query ($first: Int!) { users(first: $first) { nodes { id } } }', { first: 'x' })).toMatchObject([{ message: expect.stringContaining('$first'), extensions: { code: 'INVALID_INPUT' } }]);
    expect(await errorsOf('query ($x: DateTime) { __typename @skip(if: false) ...F } fragment F on Query { viewer { name @include(if: $x) } }')).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    expect(await errorsOf('mutation { createPolicy(input: { layer: USER, effect: ALLOW, subject: { kind: USER }, expiresAt: "tomorrow" }) { policy { id } } }')).toMatchObject([{ message: expect.stringContaining('DateTime'), extensions: { code: 'INVALID_INPUT' } }]);
  });

  it('hides what is a bug of ours, and logs it whole', async () => {
    const broken = { ...graph.wells, db: { ...graph.wells.db, read: () => Promise.reject(new Error('secret detail of row 7')) } };
    const { runOperation, prepareDocument, renderResult, schema, openContext } = await import('../../src/graph/index.ts');
    const session = { actor: acme.owner, until: new Date(Date.now() + 1_000), recheck: async () => acme.owner };
    const result = await runOperation({ schema, document: prepareDocument('{ organization { name } }'), contextValue: openContext(broken, session, 'req_1') }, 1_000);
    const rendered = JSON.stringify(renderResult(result as never, 'req_1', graph.wells.log));
    expect(rendered).toContain('"code":"INTERNAL"');
    expect(rendered).toContain('"requestId":"req_1"');
    expect(rendered).not.toContain('secret detail');
    expect(graph.wells.logLines.join('\n')).toContain('secret detail of row 7');
  });
});
