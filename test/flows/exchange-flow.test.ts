import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../../src/demo/browser.ts';
import { openFeed, type Feed } from '../../src/demo/feed.ts';
import * as operations from '../../schema/generated/graphql.ts';
import { openDoors, WAREHOUSE_TOKEN, type Doors, type Exchanges, type Person } from '../support/doors.ts';
import { openTestPlane, type TestPlane } from '../support/plane.ts';

/** From what the bootstrap printed to a refusal after a revocation, in order, through public doors alone; the world is held against its invariants after each step. */
const stack = new AsyncDisposableStack();
let plane: TestPlane;
let doors: Doors;
let feed: Feed;
let alice: Person;
let handedOut = '';

beforeAll(async () => {
  plane = stack.use(await openTestPlane());
  doors = await openDoors(plane);
  feed = stack.use(openFeed(plane.url));
});
afterAll(() => stack.disposeAsync());

const step = (name: string, work: () => Promise<void>): void =>
  void test(name, async () => {
    await work();
    await doors.check(plane.plane.wells, plane.logLines);
  });

const DOORS: readonly Exchanges[] = ['sidecar', 'authorization server'];
const head = async () => (await doors.graph(operations.AuditEventsDocument, { first: 1 })).auditEvents.nodes[0]!;
/** What the service itself says of a token. */
const atUpstream = (token: string) => fetch(plane.upstream.apiUrl, { headers: { authorization: `Bearer ${token}` } });

describe('the way to a credential', () => {
  step('a subscriber listens from the first event on', async () => {
    const first = await doors.graph(operations.AuditEventsDocument, { last: 1 });
    const { cursor, sequence } = first.auditEvents.nodes[0]!;
    expect(sequence).toBe(1);
    feed.follow(async () => doors.robot, { cursor, sequence }, () => {});
    await feed.reached((await head()).sequence);
  });
  step('Alice signs in at Acme\'s provider and allows PR-Bot what it asks for', async () => {
    alice = await doors.signIn();
    const { viewer } = await doors.graph(operations.ViewerDocument, {}, alice.accessToken);
    expect(viewer).toMatchObject({ name: 'Alice Ames', organization: { name: 'Acme' } });
  });
  step('before she connects both doors say where to', async () => {
    for (const door of DOORS) expect((await doors.exchange(alice, {}, door)).body).toMatchObject({ error: 'integration_required', failure_reason: 'never_connected', connect_url: expect.stringContaining(plane.url) });
  });
  step('she connects by OAuth, and both doors hand out a token that the service takes', async () => {
    plane.upstream.switches.accessTokenTtl = 3_600;
    await doors.connect(alice);
    for (const door of DOORS) {
      const token = await doors.credential(alice, {}, door);
      expect(await (await atUpstream(token)).json()).toMatchObject({ sub: 'alice' });
    }
  });
  step('the shared token is handed out without a user', async () => {
    for (const door of DOORS) expect(await doors.credential(null, {}, door)).toBe(WAREHOUSE_TOKEN);
  });
  step('she stores a token of her own and gets it back', async () => {
    await doors.storeToken(alice, 'a-token-of-her-own-for-notes');
    expect(await doors.credential(alice, { resource: 'notes' })).toBe('a-token-of-her-own-for-notes');
  });
  step('a token that is about to expire is refreshed, once', async () => {
    plane.upstream.switches.accessTokenTtl = 30;
    await doors.connect(alice);
    plane.upstream.switches.accessTokenTtl = 3_600;
    const before = plane.upstream.tokenRequests();
    const tokens = await Promise.all(Array.from({ length: 8 }, (_, index) => doors.credential(alice, {}, DOORS[index % 2])));
    expect(new Set(tokens).size).toBe(1);
    expect(plane.upstream.tokenRequests() - before).toBe(1);
    handedOut = tokens[0]!;
    expect((await atUpstream(handedOut)).status).toBe(200);
  });
  step('the application renews its own tokens at the authorization server', async () => {
    alice = await doors.renew(alice);
    expect(await doors.credential(alice)).toBe(handedOut);
  });
});

describe('the way back', () => {
  step('a rule of hers denies, with every layer, at both doors', async () => {
    const input = { layer: 'USER', effect: 'DENY', subject: { kind: 'USER', id: alice.userId }, integrationId: doors.integrations.tracker } as const;
    const { createPolicy } = await doors.graph(operations.CreatePolicyDocument, { input }, alice.accessToken);
    for (const door of DOORS) {
      const { status, body } = await doors.exchange(alice, {}, door);
      expect([status, body['error'], body['code']]).toEqual([403, 'access_denied', 'kontext_policy_denied']);
      expect(body['decision']).toMatchObject({ layers: [{ result: 'ALLOW' }, { layer: 'USER', result: 'DENY' }, { result: 'ALLOW' }] });
    }
    await doors.graph(operations.DeletePolicyDocument, { input: { id: createPolicy?.policy?.id ?? '' } }, alice.accessToken);
    expect(await doors.credential(alice)).toBe(handedOut);
  });
  step('a revoked connection is refused at once at both doors, and over at the service', async () => {
    const { connections } = await doors.graph(operations.ConnectionsDocument, { first: 10, integrationId: doors.integrations.tracker }, alice.accessToken);
    await doors.graph(operations.RevokeConnectionDocument, { input: { id: connections.nodes[0]!.id } }, alice.accessToken);
    for (const door of DOORS) expect((await doors.exchange(alice, {}, door)).body).toMatchObject({ error: 'integration_required', failure_reason: 'disconnected' });
    expect(plane.upstream.revoked).not.toEqual([]);
    expect((await atUpstream(handedOut)).status).toBe(401);
  });
  step('the link in the refusal connects again', async () => {
    const { body } = await doors.exchange(alice);
    const offer = await alice.browser.open(String(body['connect_url']));
    expect((await doors.exchange(alice)).body).toMatchObject({ failure_reason: 'disconnected' });
    const page = await alice.browser.submit(offer);
    expect(page.html).toContain('is connected');
    expect(await doors.credential(alice)).not.toBe(handedOut);
  });
  step('a disabled application is an unknown client, and its tokens end with it', async () => {
    await doors.graph(operations.SetApplicationStatusDocument, { input: { id: doors.application.id, status: 'DISABLED' } });
    for (const door of DOORS) expect(await doors.exchange(alice, {}, door)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    await doors.graph(operations.SetApplicationStatusDocument, { input: { id: doors.application.id, status: 'ACTIVE' } });
    expect((await doors.exchange(alice)).body).toMatchObject({ field: 'subject_token' });
    alice = await doors.signIn('alice@acme.test', alice.browser);
    expect((await doors.exchange(alice)).status).toBe(200);
  });
  step('a deactivated user gets nothing, nor a new token', async () => {
    await doors.graph(operations.SetUserRoleDocument, { input: { id: (await doors.signIn('bob@acme.test', openBrowser({ stopAt: ({ port }) => port === '9' }))).userId, role: 'OWNER' } });
    await doors.graph(operations.SetUserStatusDocument, { input: { id: alice.userId, status: 'DEACTIVATED' } });
    for (const door of DOORS) expect(await doors.exchange(alice, {}, door)).toMatchObject({ status: 400, body: { error: 'invalid_request', field: 'subject_token' } });
    await expect(doors.renew(alice)).rejects.toMatchObject({ reply: { status: 400, body: { error: 'invalid_grant' } } });
    await expect(doors.graph(operations.ViewerDocument, {}, alice.accessToken)).rejects.toMatchObject({ reply: { status: 401 } });
  });
  step('the subscriber has heard of everything, once and in order', async () => {
    await feed.reached((await head()).sequence);
    const kinds = new Set(feed.events.map(({ kind }) => kind as string));
    expect([...kinds]).toEqual(expect.arrayContaining([expect.stringMatching(/exchanged/i), expect.stringMatching(/refreshed/i), expect.stringMatching(/disconnected/i)]));
  });
});
