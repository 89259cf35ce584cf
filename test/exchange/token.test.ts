import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsAfter, headSequence } from '../../src/audit/index.ts';
import { revokeConnection } from '../../src/connections/index.ts';
import { createApplication, rotateApplicationSecret, setApplicationStatus, setUserStatus } from '../../src/directory/index.ts';
import { ACCESS_TOKEN_TYPE, CONFIDENTIAL_CLIENT_TYPE, TOKEN_EXCHANGE_GRANT } from '../../src/exchange/index.ts';
import { createIntegration, updateIntegration } from '../../src/integrations/index.ts';
import { revokeGrant } from '../../src/identity/index.ts';
import { digest } from '../../src/platform/index.ts';
import { attachIntegration, createPolicy, deletePolicy, detachIntegration } from '../../src/policy/index.ts';
import { foundAcme, SECRETS, type Acme } from '../support/acme.ts';
import { basic, openSidecar, type Sidecar, type SidecarAnswer } from '../support/sidecar.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

let wells: TestWells;
let sidecar: Sidecar;
let acme: Acme;
let token: string;

beforeAll(async () => {
  wells = await openTestWells();
  sidecar = await openSidecar(wells);
  acme = await foundAcme(wells);
  ({ token } = await acme.mint());
});
afterAll(async () => {
  await sidecar[Symbol.asyncDispose]();
  await wells[Symbol.asyncDispose]();
});

/** The events that some work left behind. */
async function eventsOf(work: () => Promise<unknown>) {
  const before = await wells.db.read(acme.organizationId, (tx) => headSequence(tx, acme.organizationId));
  await work();
  return wells.db.read(acme.organizationId, (tx) => eventsAfter(tx, before, 100));
}

const ask = (parameters: Readonly<Record<string, string | undefined>> = {}): Promise<SidecarAnswer> => sidecar.ask(acme, token, parameters);
const shared = (parameters: Readonly<Record<string, string | undefined>> = {}): Promise<SidecarAnswer> =>
  ask({ subject_token: undefined, subject_token_type: CONFIDENTIAL_CLIENT_TYPE, resource: 'warehouse', ...parameters });

describe('a credential', () => {
  test('is the user\'s own, with connection and audit row', async () => {
    const { status, body } = await ask({ scope: 'github:create_issue' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ access_token: SECRETS.githubToken, issued_token_type: ACCESS_TOKEN_TYPE, token_type: 'Bearer', integration: 'github', connection_id: acme.connection.id });
    expect(body).not.toHaveProperty('expires_in');
    const [event] = await eventsOf(() => ask({ scope: 'github:create_issue' }));
    expect(event).toMatchObject({
      kind: 'access.exchanged',
      outcome: 'GRANTED',
      body: {
        application: { id: acme.prBot.id, name: 'PR-Bot' },
        user: { id: acme.alice.userId, name: 'Alice' },
        integration: { id: acme.github.id, handle: 'github' },
        capability: 'github:create_issue',
        connection: acme.connection.id,
        decision: { outcome: 'ALLOW', mode: 'DECLARED' },
      },
    });
    expect(event?.body.durationMs).toBeGreaterThan(0);
  });
  test('has its row, named by audit_id, before it is answered', async () => {
    const { body } = await ask();
    const found = await wells.db.read(acme.organizationId, (tx) => tx.selectFrom('audit_event').select(['outcome', 'body']).where('id', '=', body['audit_id'] as never).execute());
    expect(found).toHaveLength(1);
    expect(found[0]?.body).not.toContain(SECRETS.githubToken);
  });
  test('is the organization\'s shared one for a confidential client without a user, and the decision says so', async () => {
    const [event] = await eventsOf(async () => expect((await shared()).body).toMatchObject({ access_token: SECRETS.warehouseToken, integration: 'warehouse' }));
    expect(event?.body.decision).toMatchObject({ layers: [{ result: 'ALLOW' }, { layer: 'USER', result: 'NOT_APPLICABLE' }, { result: 'ALLOW' }] });
  });
  test('can be named by the URI of its API, and by audience', async () => {
    expect((await shared({ resource: 'https://warehouse.acme.test/v1/' })).body['integration']).toBe('warehouse');
    expect((await shared({ resource: undefined, audience: 'warehouse' })).body['integration']).toBe('warehouse');
  });
  test('client_secret in the body authenticates as well', async () => {
    const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: ACCESS_TOKEN_TYPE, subject_token: token, resource: 'github', client_id: acme.prBot.id, client_secret: acme.prBotSecret };
    expect((await sidecar.post(form)).status).toBe(200);
  });
  test('a public application sends its id alone', async () => {
    const { application } = await createApplication(wells, acme.robot, { name: 'Desktop', kind: 'PUBLIC', redirectUris: ['http://127.0.0.1/callback'] });
    await attachIntegration(wells, acme.robot, { applicationId: application.id, integrationId: acme.github.id });
    const minted = await acme.mint({ applicationId: application.id });
    const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: ACCESS_TOKEN_TYPE, subject_token: minted.token, resource: 'github', client_id: application.id };
    expect((await sidecar.post(form)).body).toMatchObject({ access_token: SECRETS.githubToken });
    expect((await sidecar.post({ ...form, client_secret: 'x' })).body).toMatchObject({ error: 'invalid_client' });
    const noUser = { ...form, subject_token: '', subject_token_type: CONFIDENTIAL_CLIENT_TYPE, resource: 'warehouse' };
    expect((await sidecar.post(noUser)).body).toMatchObject({ error: 'unauthorized_client' });
  });
});

describe('client authentication', () => {
  const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: CONFIDENTIAL_CLIENT_TYPE, resource: 'warehouse' };

  test('unknown, wrong and disabled are one answer', async () => {
    const { application, clientSecret } = await createApplication(wells, acme.robot, { name: 'Disabled', kind: 'CONFIDENTIAL', redirectUris: ['http://127.0.0.1/callback'] });
    await setApplicationStatus(wells, acme.robot, { id: application.id, status: 'DISABLED' });
    const answers = [
      await sidecar.post(form, { authorization: basic('app_00000000000000000000000000', 'x') }),
      await sidecar.post(form, { authorization: basic('nonsense', 'x') }),
      await sidecar.post(form, { authorization: basic(acme.prBot.id, 'wrong') }),
      await sidecar.post(form, { authorization: basic(application.id, clientSecret?.reveal() ?? '') }),
    ];
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, { ...body, request_id: '' }]))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(answers[0]?.headers.get('www-authenticate')).toContain('Basic');
  });
  test('two methods at once are refused', async () => {
    const answer = await sidecar.post({ ...form, client_id: acme.prBot.id, client_secret: acme.prBotSecret }, { authorization: basic(acme.prBot.id, acme.prBotSecret) });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request', field: 'client_id' } });
  });
  test('another id in the body than in the header is refused', async () => {
    const answer = await sidecar.post({ ...form, client_id: 'app_00000000000000000000000000' }, { authorization: basic(acme.prBot.id, acme.prBotSecret) });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
  test('a rotated secret ends at once, the new one works at once', async () => {
    const created = await createApplication(wells, acme.robot, { name: 'Rotating', kind: 'CONFIDENTIAL', redirectUris: ['http://127.0.0.1/callback'] });
    const { id } = created.application;
    await attachIntegration(wells, acme.robot, { applicationId: id, integrationId: acme.warehouse.id });
    const old = basic(id, created.clientSecret?.reveal() ?? '');
    expect((await sidecar.post(form, { authorization: old })).status).toBe(200);
    const { clientSecret } = await rotateApplicationSecret(wells, acme.robot, { id });
    expect((await sidecar.post(form, { authorization: old })).body).toMatchObject({ error: 'invalid_client' });
    expect((await sidecar.post(form, { authorization: basic(id, clientSecret.reveal()) })).status).toBe(200);
  });
});

describe('bad input names the parameter', () => {
  test.each([
    ['grant_type', { grant_type: undefined }, 'invalid_request'],
    ['grant_type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['subject_token_type', { subject_token_type: undefined }, 'invalid_request'],
    ['subject_token_type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    ['subject_token_type', { subject_token_type: '__proto__' }, 'invalid_request'],
    ['subject_token_type', { subject_token_type: 'constructor' }, 'invalid_request'],
    ['subject_token', { subject_token: undefined }, 'invalid_request'],
    ['subject_token', { subject_token: 'not-a-jwt' }, 'invalid_request'],
    ['subject_token', { subject_token_type: CONFIDENTIAL_CLIENT_TYPE }, 'invalid_request'],
    ['resource', { resource: undefined }, 'invalid_request'],
    ['resource', { resource: 'a b' }, 'invalid_request'],
    ['audience', { audience: 'slack' }, 'invalid_request'],
    ['requested_token_type', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    ['scope', { scope: 'create_issue' }, 'invalid_scope'],
    ['scope', { scope: 'github:create_issue  github:delete_repo' }, 'invalid_scope'],
    ['scope', { scope: 'slack:send_message' }, 'invalid_scope'],
    ['scope', { scope: Array.from({ length: 51 }, (_, index) => `github:op_${index}`).join(' ') }, 'invalid_scope'],
    ['actor_token', { actor_token: 'x' }, 'invalid_request'],
  ] as const)('%s: %o', async (field, parameters, error) => {
    const { status, body } = await ask(parameters);
    expect([status, body['error'], body['field']]).toEqual([400, error, field]);
  });
  test('a parameter given twice', async () => {
    const body = new URLSearchParams({ grant_type: TOKEN_EXCHANGE_GRANT, resource: 'github' });
    body.append('resource', 'slack');
    expect((await sidecar.post(body.toString(), { authorization: basic(acme.prBot.id, acme.prBotSecret) })).body).toMatchObject({ error: 'invalid_request', field: 'resource' });
  });
  test('another content type, another method, a body too large', async () => {
    expect((await sidecar.post('{}', { 'content-type': 'application/json' })).status).toBe(415);
    expect((await sidecar.post(`resource=${'x'.repeat(40_000)}`)).status).toBe(413);
    const got = await fetch(`${sidecar.url}/oauth2/token?grant_type=x`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });
  test('one answer for every subject token that does not count', async () => {
    const other = await foundAcme(wells, 'Other');
    const otherBot = await createApplication(wells, acme.robot, { name: 'Other-Bot', kind: 'PUBLIC', redirectUris: ['http://127.0.0.1/callback'] });
    const tokens = [
      'garbage',
      (await acme.mint({ expiresInSeconds: -1 })).token,
      (await acme.mint({ audience: `${wells.urls.public}/graphql` })).token,
      (await acme.mint({ claims: { org: undefined } })).token,
      (await acme.mint({ applicationId: otherBot.application.id })).token,
      (await other.mint()).token,
      `${token.slice(0, -4)}AAAA`,
    ];
    const answers = [];
    for (const subject_token of tokens) answers.push(await ask({ subject_token }));
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, { ...body, request_id: '' }]))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 400, body: { error: 'invalid_request', field: 'subject_token' } });
  });
  test('a refused token of an authenticated client has its row', async () => {
    const [event] = await eventsOf(() => ask({ subject_token: 'garbage' }));
    expect(event).toMatchObject({ outcome: 'DENIED', body: { application: { id: acme.prBot.id }, details: { reason: 'subject_token' } } });
  });
});

describe('a refusal says who can fix it', () => {
  test('unknown and unattached targets', async () => {
    expect((await ask({ resource: 'gitlab' })).body).toMatchObject({ error: 'invalid_target', failure_reason: 'unknown_integration' });
    const slack = await createIntegration(wells, acme.robot, { handle: 'slack', authMode: 'USER_TOKEN', provider: 'slack' });
    expect((await ask({ resource: 'slack' })).body).toMatchObject({ error: 'invalid_target', failure_reason: 'not_attached_to_application', error_description: expect.stringContaining('attachIntegration') });
    await attachIntegration(wells, acme.robot, { applicationId: acme.prBot.id, integrationId: slack.id });
    const { status, body } = await ask({ resource: 'slack' });
    expect([status, body['error'], body['failure_reason'], body['integration'], body['connect_url']]).toEqual([400, 'integration_required', 'never_connected', 'slack', `${wells.urls.public}/connect/${acme.organizationId}/slack`]);
    await detachIntegration(wells, acme.robot, { applicationId: acme.prBot.id, integrationId: slack.id });
    expect((await ask({ resource: 'slack' })).body).toMatchObject({ failure_reason: 'not_attached_to_application' });
  });
  test('another organization\'s integration is an unknown one', async () => {
    const other = await foundAcme(wells, 'Other');
    await createIntegration(wells, other.robot, { handle: 'elsewhere', authMode: 'NONE', apiBaseUrl: 'https://elsewhere.test' });
    const [foreign, missing] = [await ask({ resource: 'elsewhere' }), await ask({ resource: 'nowhere' })];
    expect({ ...foreign.body, request_id: '', audit_id: '' }).toEqual({ ...missing.body, request_id: '', audit_id: '' });
  });
  test('policy denies with the decision of each layer, and the same decision stands in the log', async () => {
    const rule = await createPolicy(wells, acme.alice, { layer: 'USER', effect: 'DENY', subject: { kind: 'USER', id: acme.alice.userId }, integrationId: acme.github.id, operation: 'delete_repo', applicationId: null, expiresAt: null });
    let answer: SidecarAnswer | undefined;
    const [event] = await eventsOf(async () => (answer = await ask({ scope: 'github:delete_repo' })));
    expect(answer?.status).toBe(403);
    expect(answer?.body).toMatchObject({
      error: 'access_denied',
      code: 'kontext_policy_denied',
      decision: { outcome: 'DENY', layers: [{ result: 'ALLOW' }, { layer: 'USER', result: 'DENY', capability: 'github:delete_repo', rules: [rule.id] }, { result: 'ALLOW' }] },
      audit_id: event?.id,
    });
    expect(event?.body.decision).toEqual(answer?.body['decision']);
    expect((await ask({ scope: 'github:create_issue' })).status, 'the other capability').toBe(200);
    expect((await ask()).status, 'the whole integration').toBe(403);
    await updateIntegration(wells, acme.robot, { id: acme.github.id, exchangeMode: 'STRICT' });
    expect((await ask({ scope: 'github:create_issue' })).body['error_description']).toContain('use the gateway');
    await updateIntegration(wells, acme.robot, { id: acme.github.id, exchangeMode: 'DECLARED' });
    await deletePolicy(wells, acme.alice, { id: rule.id });
    expect((await ask({ scope: 'github:delete_repo' })).status, 'after the rule is gone').toBe(200);
  });
  test('a mode without a credential has nothing to exchange', async () => {
    const open = await createIntegration(wells, acme.robot, { handle: 'weather', authMode: 'NONE', apiBaseUrl: 'https://weather.test' });
    await attachIntegration(wells, acme.robot, { applicationId: acme.prBot.id, integrationId: open.id });
    expect((await ask({ resource: 'weather' })).body).toMatchObject({ error: 'invalid_target', failure_reason: 'nothing_to_exchange' });
  });
  test('users\' credentials are not handed out without a user', async () => {
    expect((await shared({ resource: 'github' })).body).toMatchObject({ error: 'invalid_target', failure_reason: 'user_required' });
  });
  test('two integrations at one address must be named by handle', async () => {
    const twin = await createIntegration(wells, acme.robot, { handle: 'warehouse-two', authMode: 'NONE', apiBaseUrl: 'https://warehouse.acme.test/v1' });
    expect((await shared({ resource: 'https://warehouse.acme.test/v1' })).body).toMatchObject({ error: 'invalid_target', error_description: expect.stringContaining('handle') });
    await updateIntegration(wells, acme.robot, { id: twin.id, apiBaseUrl: 'https://twin.acme.test' });
    expect((await shared({ resource: 'https://warehouse.acme.test/v1' })).status).toBe(200);
  });
});

describe('an acknowledged revocation is never outrun', () => {
  test('of the connection', async () => {
    await using own = await openStory();
    expect((await own.ask()).status).toBe(200);
    await revokeConnection(wells, own.acme.alice, { id: own.acme.connection.id });
    expect((await own.ask()).body).toMatchObject({ error: 'integration_required', failure_reason: 'disconnected' });
  });
  test('of the user', async () => {
    await using own = await openStory();
    expect((await own.ask()).status).toBe(200);
    await setUserStatus(wells, own.acme.robot, { id: own.acme.alice.userId, status: 'DEACTIVATED' });
    expect((await own.ask()).body).toMatchObject({ error: 'invalid_request', field: 'subject_token' });
  });
  test('of the application', async () => {
    await using own = await openStory();
    expect((await own.ask()).status).toBe(200);
    await setApplicationStatus(wells, own.acme.robot, { id: own.acme.prBot.id, status: 'DISABLED' });
    expect((await own.ask()).body).toMatchObject({ error: 'invalid_client' });
  });
  test('of the attachment', async () => {
    await using own = await openStory();
    expect((await own.ask()).status).toBe(200);
    await detachIntegration(wells, own.acme.robot, { applicationId: own.acme.prBot.id, integrationId: own.acme.github.id });
    expect((await own.ask()).body).toMatchObject({ failure_reason: 'not_attached_to_application' });
  });

  test('of the grant, and of one that has run out', async () => {
    await using own = await openStory();
    expect((await own.ask()).status).toBe(200);
    await wells.db.asIdentity((tx) => tx.updateTable('oidc_record').set({ expires_at: wells.clock.now() }).where('id_digest', '=', digest(own.grantId)).execute());
    expect((await own.ask()).status, 'what is remembered holds until when the grant was known to stand').toBe(200);
    await using afresh = await openSidecar(wells);
    expect((await afresh.ask(own.acme, own.token)).body).toMatchObject({ error: 'invalid_request', field: 'subject_token' });
    await revokeGrant(wells, digest(own.grantId), { requestId: 'req_test', address: null }, 'revoked');
    expect((await own.ask()).body).toMatchObject({ error: 'invalid_request', field: 'subject_token' });
  });
  test('of the grant that another application holds', async () => {
    await using own = await openStory();
    const { grantId } = await foundAcme(wells, 'Elsewhere').then((elsewhere) => elsewhere.mint());
    const { token: borrowed } = await own.acme.mint({ claims: { grant_id: grantId } });
    expect((await sidecar.ask(own.acme, borrowed)).body).toMatchObject({ error: 'invalid_request', field: 'subject_token' });
  });

  async function openStory() {
    const story = await foundAcme(wells, 'Story');
    const { token: mine, grantId } = await story.mint();
    return { acme: story, token: mine, grantId, ask: () => sidecar.ask(story, mine), [Symbol.asyncDispose]: async () => {} };
  }
});

test('nothing leaves while the log cannot be written', async () => {
  const refusing = { append: () => Promise.reject(new Error('disk full')) };
  await using broken = await openSidecar(wells, refusing);
  const { status, body } = await broken.ask(acme, token);
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toContain(SECRETS.githubToken);
});

test('no secret reaches the log lines', () => {
  expect(wells.logLines.length).toBeGreaterThan(0);
  const text = wells.logLines.join('\n');
  for (const secret of [...Object.values(SECRETS), acme.prBotSecret, token]) expect(text).not.toContain(secret);
});
