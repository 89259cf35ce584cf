import type { Selectable } from 'kysely';
import { change, type ChangeDeps, type EventDraft } from '../audit/index.ts';
import { Fault, requireManagement, type Actor, type Id, type OrganizationId, type Page, type PageRequest } from '../kernel/index.ts';
import { newId, pageById, type Secret, type ServiceAccountTable, type Tx, type Wells } from '../platform/index.ts';
import { issueClientSecret, retireClientSecrets } from './client-secret.ts';
import { mayHandOut, ownersOnly } from './owner.ts';
import { parseName, parseScopes } from './parse.ts';
import { endSessionsOfClient } from './sessions.ts';

export type ServiceAccount = Selectable<ServiceAccountTable>;

/**
 * A service account and its secret, which is shown once. Nobody hands out more than they have: scopes that lead to
 * everything take an owner, and a service account passes on none but its own.
 */
export async function createServiceAccount(
  deps: ChangeDeps,
  actor: Actor,
  input: { readonly name: string; readonly scopes: readonly string[] },
): Promise<{ serviceAccount: ServiceAccount; clientSecret: Secret }> {
  requireManagement(actor, 'service_accounts', 'write');
  const name = parseName(input.name);
  const scopes = parseScopes(input.scopes);
  const beyond = scopes.find((scope) => !mayHandOut(actor, scope));
  if (beyond) throw ownersOnly(`You cannot hand out the scope ${beyond}.`);
  return change(deps, actor, async (tx) => {
    const { event, ...result } = await insertServiceAccount(tx, actor.organizationId, name, scopes);
    return { result, events: [event] };
  });
}

/** Writes the account and its secret; answers the event that tells of them. */
export async function insertServiceAccount(
  tx: Tx,
  organizationId: OrganizationId,
  name: string,
  scopes: string[],
): Promise<{ serviceAccount: ServiceAccount; clientSecret: Secret; event: EventDraft }> {
  const serviceAccount = await tx
    .insertInto('service_account')
    .values({ id: newId('serviceAccount'), organization_id: organizationId, name, scopes, status: 'ACTIVE' })
    .returningAll()
    .executeTakeFirstOrThrow();
  const clientSecret = await issueClientSecret(tx, organizationId, serviceAccount.id);
  return { serviceAccount, clientSecret, event: { kind: 'service_account.created', details: { serviceAccount: serviceAccount.id, name, scopes } } };
}

/** Ends a service account for good: its secrets and tokens with it. Idempotent. */
export async function revokeServiceAccount(deps: ChangeDeps, actor: Actor, input: { readonly id: Id<'serviceAccount'> }): Promise<ServiceAccount> {
  requireManagement(actor, 'service_accounts', 'write');
  return change(deps, actor, async (tx) => {
    const before = await tx.selectFrom('service_account').selectAll().where('id', '=', input.id).forUpdate().executeTakeFirst();
    if (!before) throw new Fault('not_found', { field: 'id' });
    if (before.status === 'REVOKED') return { result: before, unchanged: true };
    const result = await tx.updateTable('service_account').set({ status: 'REVOKED' }).where('id', '=', input.id).returningAll().executeTakeFirstOrThrow();
    await retireClientSecrets(tx, input.id, null);
    await endSessionsOfClient(tx, input.id);
    return { result, events: [{ kind: 'service_account.revoked', details: { serviceAccount: before.id, name: before.name, scopes: before.scopes } }] };
  });
}

/** Every service account of the organization, revoked ones too. */
export async function listServiceAccounts(deps: Pick<Wells, 'db'>, actor: Actor, page: PageRequest): Promise<Page<ServiceAccount>> {
  requireManagement(actor, 'service_accounts', 'read');
  return deps.db.read(actor.organizationId, (tx) =>
    pageById(tx.selectFrom('service_account').selectAll().where('organization_id', '=', actor.organizationId), 'service_account', page),
  );
}

/** Those of the ids that exist here, in no order. A service account may look itself up. */
export async function findServiceAccounts(deps: Pick<Wells, 'db'>, actor: Actor, ids: readonly Id<'serviceAccount'>[]): Promise<ServiceAccount[]> {
  const self = actor.kind === 'service_account' && ids.every((id) => id === actor.serviceAccountId);
  if (!self) requireManagement(actor, 'service_accounts', 'read');
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => tx.selectFrom('service_account').selectAll().where('id', 'in', ids).execute());
}
