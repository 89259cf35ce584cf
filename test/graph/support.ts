import type { GraphQLFormattedError } from 'graphql';
import type { TypedDocumentString } from '../../schema/generated/graphql.ts';
import { createApplication, createOrganization } from '../../src/directory/index.ts';
import { openContext, InvalidDocument, prepareDocument, renderError, renderResult, runOperation, schema, type Session } from '../../src/graph/index.ts';
import { systemActor, type Actor, type ApplicationId, type Id, type OrganizationId, type Role, type UserActor, type UserId } from '../../src/kernel/index.ts';
import { digest, newId } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

export interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: { readonly cost?: { readonly requested: number; readonly limit: number } };
}

/** An organization with what a graph test needs at hand. */
export interface Tenant {
  readonly id: OrganizationId;
  readonly owner: UserActor;
  readonly service: { readonly id: Id<'serviceAccount'>; readonly secret: string };
  readonly application: ApplicationId;
  /** Another user of the organization, signed in through the application with a live grant. */
  addUser(name: string, role?: Role): Promise<UserActor>;
}

export interface TestGraph extends AsyncDisposable {
  readonly wells: TestWells;
  /** Every statement since the last `splice`. */
  readonly statements: string[];
  addTenant(name: string): Promise<Tenant>;
  run<R, V>(actor: Actor | null, document: TypedDocumentString<R, V>, variables: V): Promise<Answer<R>>;
  runText(actor: Actor | null, source: string, variables?: Record<string, unknown>): Promise<Answer<Record<string, unknown>>>;
}

/** The graph over a real database, past the doors. */
export async function openTestGraph(): Promise<TestGraph> {
  const statements: string[] = [];
  const wells = await openTestWells({ onStatement: ({ query }) => void statements.push(query.sql) });
  const runText: TestGraph['runText'] = async (actor, source, variables = {}) => {
    const requestId = newId('request');
    const session: Session | null = actor && { actor: { ...actor, requestId }, until: new Date(Date.now() + 60_000), recheck: async () => actor };
    try {
      const result = await runOperation({ schema, document: prepareDocument(source), variableValues: variables, contextValue: openContext(wells, session, requestId) }, 10_000);
      if (Symbol.asyncIterator in result) throw new Error('a subscription is tested at the doors');
      // Through JSON, as every answer goes.
      return JSON.parse(JSON.stringify(renderResult(result, requestId, wells.log))) as Answer<Record<string, unknown>>;
    } catch (error) {
      return { errors: (error instanceof InvalidDocument ? error.errors : [error]).map((each) => renderError(each, requestId, wells.log)) };
    }
  };
  return {
    wells,
    statements,
    runText,
    addTenant: (name) => addTenant(wells, name),
    run: <R, V>(actor: Actor | null, document: TypedDocumentString<R, V>, variables: V) => runText(actor, String(document), variables as Record<string, unknown>) as Promise<Answer<R>>,
    [Symbol.asyncDispose]: () => wells[Symbol.asyncDispose](),
  };
}

async function addTenant(wells: TestWells, name: string): Promise<Tenant> {
  const { organizationId, serviceAccount } = await createOrganization(wells, { name, adminEmail: `owner@${name.toLowerCase()}.test` }, newId('request'));
  const system = systemActor(organizationId, 'test', newId('request'));
  const { application } = await createApplication(wells, system, { name: `${name} Console`, kind: 'PUBLIC', redirectUris: ['http://localhost/callback'], ownerId: null });
  const { id: ownerId } = await wells.db.asOrganization(organizationId, (tx) =>
    tx.updateTable('users').set({ issuer: 'https://idp.test', subject: 'owner', name: 'Olivia' }).where('role', '=', 'OWNER').returning('id').executeTakeFirstOrThrow(),
  );
  const signIn = (userId: UserId, userName: string, role: Role) => grant(wells, organizationId, application.id, userId, userName, role);
  return {
    id: organizationId,
    application: application.id,
    owner: await signIn(ownerId, 'Olivia', 'OWNER'),
    service: { id: serviceAccount.clientId, secret: serviceAccount.clientSecret.reveal() },
    async addUser(userName, role = 'MEMBER') {
      const id = newId('user');
      const row = { id, organization_id: organizationId, email: `${userName.toLowerCase()}@acme.test`, name: userName, role, status: 'ACTIVE' as const, issuer: 'https://idp.test', subject: id };
      await wells.db.asOrganization(organizationId, (tx) => tx.insertInto('users').values(row).execute());
      return signIn(id, userName, role);
    },
  };
}

/** What consent leaves behind: the grant that a user's token names. */
async function grant(wells: TestWells, organizationId: OrganizationId, applicationId: ApplicationId, userId: UserId, name: string, role: Role): Promise<UserActor> {
  const grantId = `grant of ${userId}`;
  const row = { model: 'Grant', id_digest: digest(grantId), organization_id: organizationId, account_id: userId, client_id: applicationId, grant_digest: null, uid_digest: null, user_code_digest: null };
  await wells.db.asIdentity((tx) => tx.insertInto('oidc_record').values({ ...row, payload: new Uint8Array(1), expires_at: new Date(Date.now() + 3_600_000), consumed_at: null }).execute());
  return { kind: 'user', organizationId, userId, name, role, applicationId, grantId, requestId: newId('request'), address: null };
}
