import { eventsAfter, headSequence, type AuditEvent, type EventKind } from '../../src/audit/index.ts';
import { admitUser, createOrganization, setUserRole, type Claims, type User } from '../../src/directory/index.ts';
import { newId } from '../../src/platform/index.ts';
import type { OrganizationId, Role, ServiceAccountActor, UserActor } from '../../src/kernel/index.ts';
import type { TestWells } from '../support/wells.ts';

export const ISSUER = 'https://idp.acme.test';

/** An organization with people of every role, made through the verbs alone. */
export interface Acme {
  readonly organizationId: OrganizationId;
  readonly owner: UserActor;
  readonly admin: UserActor;
  readonly member: UserActor;
  /** A service account with these scopes; it need not be stored. */
  serviceAccount(...scopes: string[]): ServiceAccountActor;
  /** Signs a person in. */
  admit(claims: Partial<Claims>): Promise<User>;
}

export async function foundOrganization(wells: TestWells, name = 'Acme'): Promise<Acme> {
  const { organizationId } = await createOrganization(wells, { name, adminEmail: 'olga@acme.test' }, 'req_test');
  const base = { organizationId, requestId: 'req_test', address: '192.0.2.1' };
  const serviceAccount = (...scopes: string[]): ServiceAccountActor => ({ ...base, kind: 'service_account', serviceAccountId: newId('serviceAccount'), name: 'Robot', scopes });
  const admit = (claims: Partial<Claims>): Promise<User> =>
    admitUser(wells, organizationId, { issuer: ISSUER, subject: 's', email: 'x@acme.test', emailVerified: true, name: 'X', groups: null, ...claims }, base);
  const join = async (first: string, role: Role): Promise<UserActor> => {
    const user = await admit({ subject: first, email: `${first.toLowerCase()}@acme.test`, name: first });
    await setUserRole(wells, serviceAccount('management:all'), { id: user.id, role });
    return actorOf(user, role);
  };
  return { organizationId, serviceAccount, admit, owner: await join('Olga', 'OWNER'), admin: await join('Adam', 'ADMIN'), member: await join('Mia', 'MEMBER') };
}

export function actorOf(user: User, role: Role = user.role): UserActor {
  return { kind: 'user', organizationId: user.organization_id, requestId: 'req_test', address: '192.0.2.1', userId: user.id, name: user.name, role, applicationId: null, grantId: null };
}

export interface Watched<T> {
  readonly result: T;
  readonly events: readonly AuditEvent[];
  readonly kinds: readonly EventKind[];
  /** Whether the organization's access revision rose. */
  readonly raised: boolean;
}

/** What a verb answered and everything it left in the log. */
export async function watch<T>(wells: TestWells, organizationId: OrganizationId, work: () => Promise<T>): Promise<Watched<T>> {
  const before = await headOf(wells, organizationId);
  const result = await work();
  const after = await headOf(wells, organizationId);
  const events = await wells.db.read(organizationId, (tx) => eventsAfter(tx, before.sequence, 100));
  return { result, events, kinds: events.map(({ kind }) => kind), raised: after.revision > before.revision };
}

function headOf(wells: TestWells, organizationId: OrganizationId): Promise<{ sequence: number; revision: number }> {
  return wells.db.read(organizationId, async (tx) => ({
    sequence: await headSequence(tx, organizationId),
    revision: (await tx.selectFrom('organization_head').select('access_revision').where('organization_id', '=', organizationId).executeTakeFirstOrThrow()).access_revision,
  }));
}
