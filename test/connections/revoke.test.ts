import { describe, expect, it } from 'vitest';
import { connectionsOf, findConnections, listConnections, nextAction, revokeConnection, storeToken } from '../../src/connections/index.ts';
import { createIntegration, deleteIntegration, setServerToken, updateIntegration, type CreateIntegration } from '../../src/integrations/index.ts';
import { parsePage } from '../../src/kernel/index.ts';
import { newId, Secret } from '../../src/platform/index.ts';
import { testActor } from '../support/wells.ts';
import { addIntegration, addUser, checkWorld, connect, eventsOf, fresh, kindsOf, tokenOf, useWorld } from './world.ts';

const world = useWorld();
const admin = () => testActor(world.organizationId);
const page = parsePage({ first: 100 });

let count = 0;
const createPlain = (authMode: CreateIntegration['authMode']) => createIntegration(world.wells, admin(), { handle: `plain-${++count}`, authMode });

describe('revoking a connection', () => {
  it('takes the credential away here and the one token at the provider', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const { id } = await connect(world, alice, integration);
    const token = tokenOf(await fresh(world, alice, integration));
    const revoked = await revokeConnection(world.wells, alice, { id });
    expect(revoked).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected', version: 2, expires_at: null });
    expect(nextAction(revoked)).toMatch(/Connect again/);
    expect(await fresh(world, alice, integration)).toEqual({ kind: 'not_connected', reason: 'disconnected' });
    expect(world.provider.revoked).toHaveLength(1);
    expect((await fetch(world.provider.apiUrl, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    expect(await revokeConnection(world.wells, alice, { id })).toEqual(revoked);
    expect((await kindsOf(world, integration)).slice(2)).toEqual(['connection.disconnected']);
    await checkWorld(world, [token, world.provider.revoked[0]!]);
  });

  it('is for its user and for whoever manages connections, and the log says who did it', async () => {
    const [alice, bob, integration] = [await addUser(world), await addUser(world, 'ADMIN'), await addIntegration(world)];
    const robot = { kind: 'service_account', organizationId: world.organizationId, serviceAccountId: newId('serviceAccount'), name: 'CI', scopes: ['management:connections:write'], requestId: newId('request'), address: null } as const;
    for (const [actor, id] of [[bob, bob.userId], [robot, robot.serviceAccountId]] as const) {
      const connection = await connect(world, alice, integration);
      expect(await revokeConnection(world.wells, actor, { id: connection.id })).toMatchObject({ status: 'DISCONNECTED', user_id: alice.userId });
      expect((await eventsOf(world, integration)).at(-1)).toMatchObject({ kind: 'connection.disconnected', body: { actor: { id }, user: { id: alice.userId } } });
    }
  });

  it('stands although the provider cannot be reached, and says so in the log without the token', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const { id } = await connect(world, alice, integration);
    await world.wells.db.asOwner((tx) => tx.updateTable('integration').set({ revocation_endpoint: 'http://127.0.0.1:9/revoke' }).where('id', '=', integration.id).execute());
    expect(await revokeConnection(world.wells, admin(), { id })).toMatchObject({ status: 'DISCONNECTED' });
    expect(world.wells.logLines.filter((line) => line.includes(integration.id))).toEqual([expect.stringContaining('no_answer')]);
  });

  it('answers another user\'s, a foreign and a missing connection alike', async () => {
    const [alice, bob, integration] = [await addUser(world), await addUser(world), await addIntegration(world)];
    const { id } = await connect(world, alice, integration);
    const eve = await addUser(world, 'OWNER', world.otherOrganizationId);
    const missing = await revokeConnection(world.wells, bob, { id: newId('connection') }).catch((fault: unknown) => fault);
    expect(missing).toMatchObject({ code: 'not_found' });
    expect(await revokeConnection(world.wells, bob, { id }).catch((fault: unknown) => fault)).toEqual(missing);
    expect(await revokeConnection(world.wells, eve, { id }).catch((fault: unknown) => fault)).toEqual(missing);
    for (const other of [bob, eve]) {
      expect(await findConnections(world.wells, other, [id])).toEqual([]);
      expect((await listConnections(world.wells, other, page)).items).toEqual([]);
      expect(await connectionsOf(world.wells, other, [alice.userId])).toEqual(new Map([[alice.userId, []]]));
    }
    expect(await findConnections(world.wells, alice, [id])).toMatchObject([{ id, user_id: alice.userId }]);
  });
});

describe('a token of the user\'s own', () => {
  it('is stored sealed, handed out as it is, and replaced by the next', async () => {
    const [alice, integration] = [await addUser(world), await createPlain('USER_TOKEN')];
    const secret = 'pat-0123456789abcdef';
    await storeToken(world.wells, alice, { integrationId: integration.id, token: new Secret('pat-of-before') });
    expect(await storeToken(world.wells, alice, { integrationId: integration.id, token: new Secret(secret) })).toMatchObject({ version: 2, status: 'CONNECTED', expires_at: null });
    expect(await fresh(world, alice, integration)).toMatchObject({ kind: 'credential', expiresAt: null, connection: { version: 2 } });
    expect(tokenOf(await fresh(world, alice, integration))).toBe(secret);
    await checkWorld(world, [secret, 'pat-of-before']);
  });

  it.each(['', ' leading', 'trailing\n', 'två', 'a\u0000b', 'x'.repeat(8_193)])('refuses %j', async (token) => {
    const [alice, integration] = [await addUser(world), await createPlain('USER_TOKEN')];
    await expect(storeToken(world.wells, alice, { integrationId: integration.id, token: new Secret(token) })).rejects.toMatchObject({ code: 'invalid_input', field: 'token' });
  });

  it('is refused by integrations of other modes', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    await expect(storeToken(world.wells, alice, { integrationId: integration.id, token: new Secret('x') })).rejects.toMatchObject({ code: 'invalid_input', field: 'integrationId' });
  });
});

describe('the other modes', () => {
  it('hands everybody the shared token once it is set', async () => {
    const [alice, integration] = [await addUser(world), await createPlain('SERVER_TOKEN')];
    expect(await fresh(world, alice, integration)).toEqual({ kind: 'not_connected', reason: 'never_connected' });
    await setServerToken(world.wells, admin(), { id: integration.id, token: new Secret('shared-0123456789') });
    expect(tokenOf(await fresh(world, alice, integration))).toBe('shared-0123456789');
    expect(await fresh(world, alice, integration)).toMatchObject({ connection: null });
    await checkWorld(world, ['shared-0123456789']);
  });

  it('has nothing to hand out where the service asks for nothing', async () => {
    expect(await fresh(world, await addUser(world), await createPlain('NONE'))).toEqual({ kind: 'nothing' });
  });
});

describe('a change of the integration', () => {
  it('of its auth mode ends every connection, an event each, and clears what was stored', async () => {
    const integration = await addIntegration(world);
    const users = [await addUser(world), await addUser(world)];
    for (const user of users) await connect(world, user, integration);
    const updated = await updateIntegration(world.wells, admin(), { id: integration.id, authMode: 'SERVER_TOKEN' });
    expect(updated.auth_mode).toBe('SERVER_TOKEN');
    const { items } = await listConnections(world.wells, admin(), page, { integrationId: integration.id });
    expect(items).toMatchObject([{ status: 'DISCONNECTED', reason: 'disconnected', version: 2 }, { status: 'DISCONNECTED' }]);
    const ended = (await eventsOf(world, integration)).filter(({ kind }) => kind === 'connection.disconnected');
    expect(ended.map(({ body }) => body.user?.id).sort()).toEqual(users.map(({ userId }) => userId).sort());

    await setServerToken(world.wells, admin(), { id: integration.id, token: new Secret('shared') });
    expect(await updateIntegration(world.wells, admin(), { id: integration.id, authMode: 'NONE' })).toMatchObject({ has_server_token: false });
  });

  it('that leaves the credential\'s origin alone keeps the connections', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    await connect(world, alice, integration);
    await updateIntegration(world.wells, admin(), { id: integration.id, name: 'Renamed', scopes: ['openid'] });
    expect(await fresh(world, alice, integration)).toMatchObject({ kind: 'credential' });
  });

  it('by deletion takes connections with it and tells each user', async () => {
    const [alice, integration] = [await addUser(world), await addIntegration(world)];
    const { id } = await connect(world, alice, integration);
    await deleteIntegration(world.wells, admin(), { id: integration.id });
    expect(await findConnections(world.wells, admin(), [id])).toEqual([]);
    const events = await eventsOf(world, integration);
    expect(events.slice(-2).map(({ kind }) => kind)).toEqual(['integration.deleted', 'connection.disconnected']);
    expect(events.at(-1)?.body).toMatchObject({ user: { id: alice.userId }, details: { cause: 'integration_deleted' } });
  });
});
