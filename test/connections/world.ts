import { afterAll, beforeAll, expect } from 'vitest';
import { eventsAfter, verifyLog, type AuditEvent, type EventKind } from '../../src/audit/index.ts';
import {
  beginInBrowser,
  completeConnection,
  freshCredential,
  parseAttempt,
  startConnection,
  type CompletedConnection,
  type Connection,
  type FreshCredential,
  type FreshCredentialInput,
} from '../../src/connections/index.ts';
import { createIntegration, redirectUriOf, setOAuthApp, type Integration } from '../../src/integrations/index.ts';
import type { Id, OrganizationId, Role, UserActor, UserId } from '../../src/kernel/index.ts';
import { digest, newId, randomToken, Secret } from '../../src/platform/index.ts';
import { browse, openTestProvider, type TestProvider } from '../support/provider.ts';
import { openTestWells, testActor, type TestWells } from '../support/wells.ts';

/** Where all redirect URIs are. */
export const CALLBACK = 'http://localhost:48210/connect/callback';

/** One database, one provider and two organizations for all tests of a file. */
export interface World {
  readonly wells: TestWells;
  readonly provider: TestProvider;
  readonly organizationId: OrganizationId;
  readonly otherOrganizationId: OrganizationId;
}

export function useWorld(environment: Record<string, string> = {}): World {
  const stack = new AsyncDisposableStack();
  const world: { current?: World } = {};
  beforeAll(async () => {
    const wells = stack.use(await openTestWells({ organizations: 2, environment }));
    const provider = stack.use(await openTestProvider([CALLBACK]));
    const [organizationId, otherOrganizationId] = wells.organizations as readonly [OrganizationId, OrganizationId];
    world.current = { wells, provider, organizationId, otherOrganizationId };
  });
  afterAll(() => stack.disposeAsync());
  const get = (): World => world.current!;
  return {
    get wells() { return get().wells; },
    get provider() { return get().provider; },
    get organizationId() { return get().organizationId; },
    get otherOrganizationId() { return get().otherOrganizationId; },
  };
}

/** A new active user, as an actor. */
export async function addUser({ wells, organizationId }: World, role: Role = 'MEMBER', organization = organizationId): Promise<UserActor> {
  const id = newId('user');
  await wells.db.asOrganization(organization, (tx) =>
    tx.insertInto('users').values({ id, organization_id: organization, email: `${id}@acme.test`, name: `User ${id}`, role, status: 'ACTIVE', issuer: 'https://idp.test', subject: id }).execute(),
  );
  return { kind: 'user', organizationId: organization, userId: id, name: `User ${id}`, role, applicationId: null, grantId: null, requestId: newId('request'), address: null };
}

let count = 0;

/** An OAuth integration of the world's provider, known by explicit endpoints, with an app of its own. */
export async function addIntegration(world: World, settings: { readonly byIssuer?: boolean; readonly provider?: string } = {}): Promise<Integration> {
  const { wells, provider } = world;
  const admin = testActor(world.organizationId);
  const endpoints = { authorizationEndpoint: provider.authorizationEndpoint, tokenEndpoint: provider.tokenEndpoint, revocationEndpoint: provider.revocationEndpoint };
  const integration = await createIntegration(wells, admin, {
    handle: `service-${++count}`,
    authMode: 'OAUTH',
    issuer: provider.issuer,
    ...(!settings.byIssuer && endpoints),
    provider: settings.provider,
    scopes: ['openid', 'read'],
  });
  provider.register(redirectUriOf(integration, wells.urls));
  return setOAuthApp(wells, admin, { id: integration.id, clientId: provider.clientId, clientSecret: new Secret(provider.clientSecret) });
}

export interface Trip {
  readonly callbackUrl: URL;
  readonly state: string;
  readonly browserDigest: Uint8Array;
  readonly userId: UserId;
}

/** A round trip as far as the callback: what the provider sent the browser back with. */
export async function roundTrip(world: World, actor: UserActor, integration: Pick<Integration, 'id'>): Promise<Trip & { readonly attemptId: Id<'attempt'> }> {
  const started = await startConnection(world.wells, actor, { integrationId: integration.id, returnTo: '/done' });
  const { organizationId, attemptId } = parseAttempt(new URL(started.authorizationUrl).pathname.split('/').at(-1)!)!;
  const browserDigest = digest(randomToken());
  const page = await beginInBrowser(world.wells, { organizationId, attemptId, userId: actor.userId, browserDigest });
  const callbackUrl = await browse(page, CALLBACK);
  return { callbackUrl, state: callbackUrl.searchParams.get('state')!, browserDigest, userId: actor.userId, attemptId };
}

export function complete(world: World, { callbackUrl, state, browserDigest, userId }: Trip): Promise<CompletedConnection> {
  return completeConnection(world.wells, { organizationId: world.organizationId, callbackUrl, state, browserDigest, userId, request: { requestId: newId('request'), address: '192.0.2.1' } });
}

/** The whole way. */
export async function connect(world: World, actor: UserActor, integration: Pick<Integration, 'id'>): Promise<Connection> {
  const { connection } = await complete(world, await roundTrip(world, actor, integration));
  if (!connection) throw new Error('declined');
  return connection;
}

/** The facts a decision would read, and what to use now. */
export async function readFacts(world: World, actor: UserActor, integration: Pick<Integration, 'id'>, wells: TestWells = world.wells): Promise<FreshCredentialInput> {
  return wells.db.read(world.organizationId, async (tx) => ({
    organizationId: world.organizationId,
    integration: await tx.selectFrom('integration').selectAll().where('id', '=', integration.id).executeTakeFirstOrThrow(),
    connection: (await tx.selectFrom('connection').selectAll().where('user_id', '=', actor.userId).where('integration_id', '=', integration.id).executeTakeFirst()) ?? null,
    dataKey: await wells.keyring.key(tx, world.organizationId),
    user: { id: actor.userId, name: actor.name },
  }));
}

export async function fresh(world: World, actor: UserActor, integration: Pick<Integration, 'id'>): Promise<FreshCredential> {
  return freshCredential(world.wells, await readFacts(world, actor, integration));
}

export function tokenOf(credential: FreshCredential): string {
  if (credential.kind !== 'credential') throw new Error(`expected a credential, got ${JSON.stringify(credential)}`);
  return credential.accessToken.reveal();
}

/** The kinds of the events about an integration, in order. */
export async function eventsOf(world: World, integration: Pick<Integration, 'id'>): Promise<AuditEvent[]> {
  const events = await world.wells.db.read(world.organizationId, (tx) => eventsAfter(tx, 0, 10_000));
  return events.filter(({ body }) => body.integration?.id === integration.id);
}

export async function kindsOf(world: World, integration: Pick<Integration, 'id'>): Promise<EventKind[]> {
  return (await eventsOf(world, integration)).map(({ kind }) => kind).filter((kind) => kind.startsWith('connection.'));
}

/** The log verifies, and none of the texts stands in any column or log line, in plain, base64 or hexadecimal. */
export async function checkWorld(world: World, secrets: readonly string[]): Promise<void> {
  expect((await verifyLog(world.wells.db, world.organizationId)).intact).toBe(true);
  const dump = await world.wells.db.asOwner(async (tx) => {
    const rows: unknown[] = [];
    for (const table of ['integration', 'connection', 'attempt', 'audit_event'] as const) rows.push(...(await tx.selectFrom(table).selectAll().execute()));
    return JSON.stringify(rows, (_name, value: unknown) => (isBuffer(value) ? Buffer.from(value.data).toString('latin1') : value));
  });
  const all = dump + world.wells.logLines.join('\n');
  for (const secret of secrets) {
    for (const spelled of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), Buffer.from(secret).toString('hex')]) expect(all.includes(spelled)).toBe(false);
  }
}

const isBuffer = (value: unknown): value is { readonly type: 'Buffer'; readonly data: number[] } => typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
