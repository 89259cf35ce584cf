import type { Selectable } from 'kysely';
import { change, genesisHash } from '../audit/index.ts';
import { Fault, systemActor, type Actor, type Id, type OrganizationId } from '../kernel/index.ts';
import { newId, type OrganizationTable, type Secret, type Wells } from '../platform/index.ts';
import { parseEmail, parseName } from './parse.ts';
import { insertServiceAccount } from './service-account.ts';

export type Organization = Omit<Selectable<OrganizationTable>, 'bootstrapped'>;

/** What a new organization answers; the secret is shown once. */
export interface CreatedOrganization {
  readonly organizationId: OrganizationId;
  readonly serviceAccount: { readonly clientId: Id<'serviceAccount'>; readonly clientSecret: Secret };
}

/**
 * A new organization with its data key, its empty log, the first OWNER, who becomes active by signing in with the
 * address, and a service account that may manage everything. All of it or nothing, in one transaction.
 */
export async function createOrganization(
  deps: Pick<Wells, 'db' | 'bell' | 'clock' | 'keyring'>,
  input: {
    readonly name: string;
    readonly adminEmail: string;
    /** Made for an empty database: `conflict` where another node was faster. */
    readonly first?: true;
  },
  requestId: string,
): Promise<CreatedOrganization> {
  const name = parseName(input.name);
  const email = parseEmail(input.adminEmail, 'adminEmail');
  const organizationId = newId('organization');
  return change(deps, systemActor(organizationId, 'bootstrap', requestId), async (tx) => {
    const made = await tx
      .insertInto('organization')
      .values({ id: organizationId, name, bootstrapped: input.first ?? false })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!made) throw new Fault('conflict', { message: 'The database was bootstrapped already.' });
    await tx.insertInto('organization_head').values({ organization_id: organizationId, hash: genesisHash(organizationId) }).execute();
    await deps.keyring.create(tx, organizationId);
    const userId = newId('user');
    await tx
      .insertInto('users')
      .values({ id: userId, organization_id: organizationId, email, name: email, role: 'OWNER', status: 'ACTIVE', issuer: null, subject: null })
      .execute();
    const created = await insertServiceAccount(tx, organizationId, 'Bootstrap', ['management:all']);
    return {
      result: { organizationId, serviceAccount: { clientId: created.serviceAccount.id, clientSecret: created.clientSecret } },
      events: [
        { kind: 'organization.created', details: { name } },
        { kind: 'user.invited', user: { id: userId, name: email }, details: { email, role: 'OWNER' } },
        created.event,
      ],
    };
  });
}

/** Whether there is any organization at all; before that the server can only be bootstrapped. */
export async function hasOrganizations(deps: Pick<Wells, 'db'>): Promise<boolean> {
  const row = await deps.db.asIdentity((tx) => tx.selectFrom('organization').select('id').limit(1).executeTakeFirst());
  return row !== undefined;
}

/** The actor's own organization; every actor sees it. */
export async function getOrganization(deps: Pick<Wells, 'db'>, actor: Actor): Promise<Organization> {
  const row = await deps.db.read(actor.organizationId, (tx) =>
    tx.selectFrom('organization').select(['id', 'name', 'created_at']).where('id', '=', actor.organizationId).executeTakeFirst(),
  );
  if (!row) throw new Fault('not_found', { field: 'id' });
  return row;
}
