import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsAfter } from '../../src/audit/index.ts';
import {
  capabilitiesOf,
  createIntegration,
  declareCapabilities,
  deleteIntegration,
  findIntegrationByHandle,
  findIntegrations,
  listCapabilities,
  listIntegrations,
  listProviders,
  PROVIDERS,
  setOAuthApp,
  setServerToken,
  updateIntegration,
  type CreateIntegration,
} from '../../src/integrations/index.ts';
import { canonicalJson, parsePage, type OrganizationId } from '../../src/kernel/index.ts';
import { digestHex, newId, Secret } from '../../src/platform/index.ts';
import { openTestWells, testActor, type TestWells } from '../support/wells.ts';

let wells: TestWells;
let organizationId: OrganizationId;
let otherId: OrganizationId;
beforeAll(async () => {
  wells = await openTestWells({ organizations: 2, urls: { public: 'https://kontext.test', sidecar: 'https://sidecar.test' } });
  [organizationId, otherId] = wells.organizations as readonly [OrganizationId, OrganizationId];
});
afterAll(() => wells[Symbol.asyncDispose]());

let count = 0;
const admin = () => testActor(organizationId);
const create = (input: Partial<CreateIntegration> = {}) => createIntegration(wells, admin(), { handle: `service-${++count}`, authMode: 'NONE', ...input });
const lastEvent = async () => (await wells.db.read(organizationId, (tx) => eventsAfter(tx, 0, 1_000))).at(-1)!;
const page = parsePage({ first: 100 });

describe('creating an integration', () => {
  it('takes what is left out from the preset', async () => {
    expect(await create({ provider: 'github', authMode: 'OAUTH' })).toMatchObject({
      name: 'GitHub',
      scopes: ['read:user', 'repo'],
      mcp_url: 'https://api.githubcopilot.com/mcp/',
      api_base_url: 'https://api.github.com',
      exchange_mode: 'DECLARED',
      has_server_token: false,
      has_oauth_client_secret: false,
    });
  });

  it.each<[string, Partial<CreateIntegration>, string]>([
    ['a handle in capitals', { handle: 'GitHub' }, 'handle'],
    ['the gateway\'s own handle', { handle: 'mcp-gateway' }, 'handle'],
    ['an empty name', { name: ' ' }, 'name'],
    ['OAuth with nowhere to go', { authMode: 'OAUTH' }, 'provider'],
    ['OAuth with one endpoint of two', { authMode: 'OAUTH', tokenEndpoint: 'https://as.test/token' }, 'provider'],
    ['an unknown provider', { authMode: 'OAUTH', provider: 'nope' }, 'provider'],
    ['a mode that the provider does not know', { authMode: 'USER_TOKEN', provider: 'google' }, 'authMode'],
    ['http in production', { authMode: 'OAUTH', issuer: 'http://as.test' }, 'issuer'],
    ['a URL with a password', { mcpUrl: 'https://user:pass@mcp.test' }, 'mcpUrl'],
    ['a URL that is none', { apiBaseUrl: 'nope' }, 'apiBaseUrl'],
    ['a URL with a NUL', { apiBaseUrl: 'https://api.test/\u0000' }, 'apiBaseUrl'],
    ['a URL with a lone surrogate', { mcpUrl: 'https://mcp.test/\ud800' }, 'mcpUrl'],
    ['a URL with backslashes', { mcpUrl: 'https:\\\\mcp.test' }, 'mcpUrl'],
    ['a name with a NUL', { name: 'a\u0000b' }, 'name'],
    ['a script', { apiBaseUrl: 'javascript:alert(1)' }, 'apiBaseUrl'],
    ['a scope with a space', { scopes: ['ok', 'not ok'] }, 'scopes.1'],
  ])('refuses %s and names the field', async (_case, input, field) => {
    await expect(create(input)).rejects.toMatchObject({ code: 'invalid_input', field });
  });

  it('refuses a handle that is taken, in this organization alone', async () => {
    const { handle } = await create();
    await expect(create({ handle })).rejects.toMatchObject({ code: 'conflict', field: 'handle' });
    expect(await createIntegration(wells, testActor(otherId), { handle, authMode: 'NONE' })).toMatchObject({ handle });
  });
});

describe('changing an integration', () => {
  it('leaves out what is left out, clears what is null, and records from what to what', async () => {
    const before = await create({ mcpUrl: 'https://mcp.test', apiBaseUrl: 'https://api.test' });
    const after = await updateIntegration(wells, admin(), { id: before.id, mcpUrl: null, name: 'New' });
    expect(after).toEqual({ ...before, mcp_url: null, name: 'New' });
    const [event] = (await wells.db.read(organizationId, (tx) => eventsAfter(tx, 0, 1_000))).slice(-1);
    expect(event?.body.details).toMatchObject({ changed: { mcp_url: { from: 'https://mcp.test', to: null }, name: { from: before.name, to: 'New' } } });
  });

  it('forgets OAuth app and shared token once they would go to another service, and says so', async () => {
    const { id } = await create({ authMode: 'OAUTH', provider: 'github' });
    const app = () => setOAuthApp(wells, admin(), { id, clientId: 'own-id', clientSecret: new Secret('own-secret') });
    for (const change of [{ tokenEndpoint: 'https://evil.test/token' }, { revocationEndpoint: 'https://evil.test/revoke' }, { authorizationEndpoint: 'https://evil.test/auth' }, { issuer: 'https://evil.test' }, { provider: 'slack' }, { authMode: 'USER_TOKEN' as const }]) {
      expect(await app()).toMatchObject({ oauth_client_id: 'own-id', has_oauth_client_secret: true });
      expect(await updateIntegration(wells, admin(), { id, ...change })).toMatchObject({ oauth_client_id: null, has_oauth_client_secret: false });
      expect((await lastEvent()).body.details).toMatchObject({ cleared: ['oauth_app'] });
    }
    await app();
    expect(await updateIntegration(wells, admin(), { id, name: 'Renamed', scopes: ['repo'], apiBaseUrl: 'https://api.test' })).toMatchObject({ oauth_client_id: 'own-id', has_oauth_client_secret: true });
  });

  it('sends the shared token to no address that it was not set for', async () => {
    const { id } = await create({ authMode: 'SERVER_TOKEN', apiBaseUrl: 'https://api.test', mcpUrl: 'https://mcp.test' });
    const set = () => setServerToken(wells, admin(), { id, token: new Secret('shared') });
    for (const change of [{ apiBaseUrl: 'https://evil.test' }, { mcpUrl: 'https://evil.test' }, { provider: 'github' }, { authMode: 'NONE' as const }]) {
      await updateIntegration(wells, admin(), { id, authMode: 'SERVER_TOKEN' });
      expect(await set()).toMatchObject({ has_server_token: true });
      expect(await updateIntegration(wells, admin(), { id, ...change })).toMatchObject({ has_server_token: false });
      expect((await lastEvent()).body.details).toMatchObject({ cleared: ['server_token'] });
    }
    await updateIntegration(wells, admin(), { id, authMode: 'SERVER_TOKEN' });
    await set();
    expect(await updateIntegration(wells, admin(), { id, name: 'Renamed', exchangeMode: 'STRICT', mcpUrl: null })).toMatchObject({ has_server_token: true });
  });

  it('writes nothing where nothing changes', async () => {
    const { id, name } = await create();
    const log = () => wells.db.read(organizationId, (tx) => eventsAfter(tx, 0, 1_000));
    const before = (await log()).length;
    await updateIntegration(wells, admin(), { id, name });
    expect(await log()).toHaveLength(before);
  });

  it('answers a foreign integration as a missing one, in every verb', async () => {
    const { id } = await create();
    const eve = testActor(otherId);
    const verbs = [
      (which: typeof id) => updateIntegration(wells, eve, { id: which, name: 'x' }),
      (which: typeof id) => deleteIntegration(wells, eve, { id: which }),
      (which: typeof id) => setServerToken(wells, eve, { id: which, token: new Secret('x') }),
      (which: typeof id) => setOAuthApp(wells, eve, { id: which, clientId: 'x', clientSecret: null }),
      (which: typeof id) => declareCapabilities(wells, eve, { integrationId: which, capabilities: [] }),
    ];
    for (const verb of verbs) {
      const foreign = await verb(id).catch((fault: unknown) => fault);
      expect(foreign).toMatchObject({ code: 'not_found' });
      expect(foreign).toEqual(await verb(newId('integration')).catch((fault: unknown) => fault));
    }
    expect(await findIntegrations(wells, eve, [id])).toEqual([]);
    expect((await listIntegrations(wells, eve, page)).items.map((row) => row.id)).not.toContain(id);
  });

  it('is for administrators', async () => {
    const { id } = await create();
    const member = { kind: 'user', organizationId, userId: newId('user'), name: 'M', role: 'MEMBER', applicationId: null, grantId: null, requestId: newId('request'), address: null } as const;
    for (const verb of [
      () => createIntegration(wells, member, { handle: 'mine', authMode: 'NONE' }),
      () => updateIntegration(wells, member, { id, name: 'x' }),
      () => deleteIntegration(wells, member, { id }),
      () => setServerToken(wells, member, { id, token: new Secret('x') }),
      () => setOAuthApp(wells, member, { id, clientId: 'x', clientSecret: null }),
      () => declareCapabilities(wells, member, { integrationId: id, capabilities: [] }),
    ]) await expect(verb()).rejects.toMatchObject({ code: 'forbidden' });
    expect(await findIntegrations(wells, member, [id])).toHaveLength(1);
  });
});

describe('capabilities', () => {
  it('are brought up to date by operation, hashed over their definition, and never removed unless asked', async () => {
    const { id } = await create();
    const first = await declareCapabilities(wells, admin(), { integrationId: id, capabilities: [{ operation: 'create_issue', description: 'Creates.', inputSchema: { type: 'object', b: 1, a: 2 } }, { operation: 'list' }] });
    const hash = digestHex(canonicalJson({ name: 'create_issue', description: 'Creates.', inputSchema: { type: 'object', a: 2, b: 1 }, annotations: null }));
    expect(first).toMatchObject([{ operation: 'create_issue', definition_hash: hash, input_schema: { a: 2 }, origin: 'DECLARED' }, { operation: 'list', description: null }]);

    const [changed] = await declareCapabilities(wells, admin(), { integrationId: id, capabilities: [{ operation: 'create_issue', description: 'Changed.' }] });
    expect(changed).toMatchObject({ id: first[0]?.id, description: 'Changed.', input_schema: null });
    expect(changed?.definition_hash).not.toBe(hash);
    expect((await listCapabilities(wells, admin(), page, { integrationId: id })).items).toHaveLength(2);

    await declareCapabilities(wells, admin(), { integrationId: id, capabilities: [{ operation: 'list' }], replace: true });
    expect((await capabilitiesOf(wells, admin(), [id])).get(id)?.map(({ operation }) => operation)).toEqual(['list']);
  });

  it.each([
    ['a colon', [{ operation: 'github:x' }], 'capabilities.0.operation'],
    ['an operation twice', [{ operation: 'x' }, { operation: 'x' }], 'capabilities.1.operation'],
    ['a description with a NUL', [{ operation: 'x', description: 'a\u0000b' }], 'capabilities.0.description'],
    ['a description with a lone surrogate', [{ operation: 'x', description: 'a\ud800b' }], 'capabilities.0.description'],
    ['an operation with a NUL', [{ operation: 'x\u0000' }], 'capabilities.0.operation'],
    ['a schema with a NUL in it', [{ operation: 'x', inputSchema: { title: 'a\u0000b' } }], 'capabilities.0.inputSchema'],
    ['annotations with a lone surrogate in a name', [{ operation: 'x', annotations: { '\udfff': 1 } }], 'capabilities.0.annotations'],
    ['a schema that is no object', [{ operation: 'x', inputSchema: [] }], 'capabilities.0.inputSchema'],
  ])('refuses %s', async (_case, capabilities, field) => {
    const { id } = await create();
    await expect(declareCapabilities(wells, admin(), { integrationId: id, capabilities })).rejects.toMatchObject({ code: 'invalid_input', field });
  });

  it('may write of NUL and surrogates in their schema', async () => {
    const { id } = await create();
    const inputSchema = { type: 'string', pattern: '[^\\u0000\\ud800-\\udfff]' };
    expect(await declareCapabilities(wells, admin(), { integrationId: id, capabilities: [{ operation: 'x', inputSchema }] })).toMatchObject([{ input_schema: inputSchema }]);
  });
});

describe('a handle that is none', () => {
  it.each(['', 'a\u0000b', 'GitHub', '\ud800', 'x'.repeat(64)])('%j names no integration', async (handle) => {
    expect(await findIntegrationByHandle(wells, admin(), handle)).toBeNull();
  });
});

describe('presets', () => {
  it('are found by handle and name', () => {
    expect(listProviders().map(({ handle }) => handle)).toEqual(['github', 'google', 'linear', 'notion', 'slack']);
    expect(listProviders('GITH').map(({ name }) => name)).toEqual(['GitHub']);
  });

  it.each([...PROVIDERS.values()].map((provider) => [provider.handle, provider] as const))('%s is complete', (handle, provider) => {
    expect(handle).toMatch(/^[a-z-]+$/);
    const urls = [provider.authorizationEndpoint, provider.tokenEndpoint, provider.apiBaseUrl, provider.documentationUrl, provider.revocation?.endpoint, provider.mcpUrl];
    for (const url of urls) if (url) expect(new URL(url).protocol).toBe('https:');
    const catalogue = provider.scopes.map(({ name }) => name);
    expect(new Set(catalogue).size).toBe(catalogue.length);
    for (const scope of provider.defaultScopes) expect(catalogue).toContain(scope);
  });
});
