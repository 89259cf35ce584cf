import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as operations from '../../schema/generated/graphql.ts';
import { eventsAfter, type EventKind } from '../../src/audit/index.ts';
import { openBrowser } from '../../src/demo/browser.ts';
import { ON_POSTGRESQL } from '../support/database.ts';
import { openDoors, type Doors, type Person } from '../support/doors.ts';
import { openTestPlane, type TestNode, type TestPlane } from '../support/plane.ts';
import { basic } from '../support/sidecar.ts';
import { openLoad } from './load.ts';

const LOOPS = 32;

describe.runIf(ON_POSTGRESQL)('a revocation under fire on two nodes (PGlite has one connection, so no race)', () => {
  const stack = new AsyncDisposableStack();
  let plane: TestPlane;
  let nodes: readonly Pick<TestNode, 'url' | 'sidecarUrl'>[];
  let doors: Doors;
  let bob: Person;

  beforeAll(async () => {
    plane = stack.use(await openTestPlane({ variables: { LOG_LEVEL: 'warn' } }));
    nodes = [plane, stack.use(await plane.openNode())];
    doors = await openDoors(plane);
    await signIn();
    await doors.connect(bob);
  });
  afterAll(() => stack.disposeAsync());

  const signIn = async () => void (bob = await doors.signIn('bob@acme.test', openBrowser({ stopAt: ({ port }) => port === '9' })));
  const tracker = () => ({ applicationId: doors.application.id, integrationId: doors.integrations.tracker });
  const setApplication = (status: 'ACTIVE' | 'DISABLED') => doors.graph(operations.SetApplicationStatusDocument, { input: { id: doors.application.id, status } });
  const setUser = (status: 'ACTIVE' | 'DEACTIVATED') => doors.graph(operations.SetUserStatusDocument, { input: { id: bob.userId, status } });
  const rules = async (layer: 'USER' | 'ORGANIZATION') => (await doors.graph(operations.PoliciesDocument, { first: 100, layer })).policies.nodes;
  const deny = async () => {
    await doors.graph(operations.CreatePolicyDocument, { input: { layer: 'ORGANIZATION', effect: 'DENY', subject: { kind: 'EVERYONE' }, integrationId: doors.integrations.tracker } });
  };
  const undeny = async () => {
    for (const { id, effect } of await rules('ORGANIZATION')) if (effect === 'DENY') await doors.graph(operations.DeletePolicyDocument, { input: { id } });
  };

  interface Revocation {
    readonly event: EventKind;
    readonly revoke: () => Promise<unknown>;
    readonly restore: () => Promise<unknown>;
  }
  const REVOCATIONS: Readonly<Record<string, Revocation>> = {
    'the connection': {
      event: 'connection.disconnected',
      revoke: async () => {
        const { connections } = await doors.graph(operations.ConnectionsDocument, { first: 10, userId: bob.userId });
        await doors.graph(operations.RevokeConnectionDocument, { input: { id: connections.nodes[0]!.id } });
      },
      restore: () => doors.connect(bob),
    },
    'the application': { event: 'application.status_changed', revoke: () => setApplication('DISABLED'), restore: () => setApplication('ACTIVE').then(signIn) },
    'the user': { event: 'user.status_changed', revoke: () => setUser('DEACTIVATED'), restore: () => setUser('ACTIVE').then(signIn) },
    'the attachment': {
      event: 'application.integration_detached',
      revoke: () => doors.graph(operations.DetachIntegrationDocument, { input: tracker() }),
      restore: () => doors.graph(operations.AttachIntegrationDocument, { input: tracker() }),
    },
    'by a rule that denies': { event: 'policy.created', revoke: deny, restore: undeny },
    'the user\'s consent': {
      event: 'policy.deleted',
      revoke: async () => {
        for (const { id, integration } of await rules('USER')) if (integration?.id === doors.integrations.tracker) await doors.graph(operations.DeletePolicyDocument, { input: { id } });
      },
      restore: signIn,
    },
    'the grant': {
      event: 'grant.revoked',
      revoke: () => doors.post(`${plane.url}/oauth2/revoke`, { token: bob.refreshToken }, { authorization: basic(doors.application.id, doors.application.secret) }),
      restore: signIn,
    },
  };

  test.each(Object.entries(REVOCATIONS))('%s: once it is acknowledged, no node answers a credential', async (_name, { event, revoke, restore }) => {
    const load = openLoad(LOOPS, async (loop) => (await doors.exchange(bob, {}, 'sidecar', nodes[loop % 2])).status);
    await load.pass(LOOPS * 4);
    await revoke();
    const acknowledgedAt = performance.now();
    await load.pass(LOOPS * 4);
    await load.stop();

    const [before, after] = [load.shots.filter(({ sentAt }) => sentAt <= acknowledgedAt), load.shots.filter(({ sentAt }) => sentAt > acknowledgedAt)];
    expect(before.some(({ answer }) => answer === 200), 'granted before').toBe(true);
    expect(after.filter(({ answer }) => answer === 200 || answer === null)).toEqual([]);
    // The log says the same: after the event no grant.
    const events = await plane.plane.wells.db.read(plane.bootstrap.organizationId, (tx) => eventsAfter(tx, 0, 1_000_000));
    const revoked = events.findLastIndex(({ kind }) => kind === event);
    expect(events.slice(0, revoked).some(({ outcome }) => outcome === 'GRANTED')).toBe(true);
    expect(events.slice(revoked).filter(({ outcome }) => outcome === 'GRANTED')).toEqual([]);

    await restore();
    for (const node of nodes) await doors.credential(bob, {}, 'sidecar', node);
    await doors.check(plane.plane.wells);
  });
});
