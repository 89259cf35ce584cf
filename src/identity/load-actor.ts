import { Fault, isId, type Actor, type Id } from '../kernel/index.ts';
import { digest, type Tx, type Wells } from '../platform/index.ts';
import type { Origin } from './origin.ts';
import type { VerifiedToken } from './verify-token.ts';

/**
 * Who stands behind a verified token, as they are now, in one read: the user active, with today's role; the application
 * enabled; the grant alive; a service account with no scope that it has lost. Else `unauthenticated`.
 */
export async function loadActor(deps: Pick<Wells, 'db' | 'clock'>, token: VerifiedToken, origin: Origin): Promise<Actor> {
  const actor = await deps.db.read(token.organizationId, (tx) => (token.subject.kind === 'user' ? loadUser(deps, tx, token, origin) : loadServiceAccount(tx, token.subject.id, token, origin)));
  if (!actor) throw new Fault('unauthenticated');
  return actor;
}

async function loadUser(deps: Pick<Wells, 'clock'>, tx: Tx, { organizationId, subject, clientId, grantId }: VerifiedToken, origin: Origin): Promise<Actor | null> {
  if (subject.kind !== 'user' || grantId === null || !isId('application', clientId)) return null;
  const user = await tx
    .selectFrom('oidc_record as grant')
    .innerJoin('users', 'users.id', 'grant.account_id')
    .innerJoin('application', 'application.id', 'grant.client_id')
    .select(['users.name', 'users.role'])
    .where('grant.model', '=', 'Grant')
    .where('grant.id_digest', '=', digest(grantId))
    .where('grant.expires_at', '>', deps.clock.now())
    .where('users.id', '=', subject.userId)
    .where('users.status', '=', 'ACTIVE')
    .where('application.id', '=', clientId)
    .where('application.status', '=', 'ACTIVE')
    .executeTakeFirst();
  return user ? { kind: 'user', organizationId, userId: subject.userId, name: user.name, role: user.role, applicationId: clientId, grantId, ...originOf(origin) } : null;
}

async function loadServiceAccount(tx: Tx, id: Id<'serviceAccount'>, { organizationId, scopes }: VerifiedToken, origin: Origin): Promise<Actor | null> {
  const account = await tx.selectFrom('service_account').select(['name', 'scopes']).where('id', '=', id).where('status', '=', 'ACTIVE').executeTakeFirst();
  if (!account) return null;
  return { kind: 'service_account', organizationId, serviceAccountId: id, name: account.name, scopes: scopes.filter((scope) => account.scopes.includes(scope)), ...originOf(origin) };
}

const originOf = ({ requestId, address }: Origin): Origin => ({ requestId, address });
