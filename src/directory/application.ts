import type { Selectable } from 'kysely';
import { Fault, mayManage, requireManagement, type Actor, type ApplicationId, type Page, type PageRequest } from '../kernel/index.ts';
import { pageById, type ApplicationTable, type Tx, type Wells } from '../platform/index.ts';

export type Application = Selectable<ApplicationTable>;

/**
 * The applications the actor may see, to be narrowed further: all for whoever may manage them; else those the user owns
 * or has a rule about, and the one the actor is or acts through.
 */
export function visibleApplications(tx: Tx, actor: Actor) {
  const applications = tx.selectFrom('application').where('application.organization_id', '=', actor.organizationId);
  if (mayManage(actor, 'applications', 'read')) return applications;
  if (actor.kind !== 'user' && actor.kind !== 'application') requireManagement(actor, 'applications', 'read');
  const userId = actor.kind === 'user' ? actor.userId : null;
  const through = 'applicationId' in actor ? actor.applicationId : null;
  return applications.where((eb) =>
    eb.or([
      eb('application.id', '=', through),
      eb('application.owner_id', '=', userId),
      eb('application.id', 'in', eb.selectFrom('policy').select('policy.application_id').where('policy.subject_kind', '=', 'USER').where('policy.subject_id', '=', userId)),
    ]),
  );
}

export async function listApplications(deps: Pick<Wells, 'db'>, actor: Actor, page: PageRequest): Promise<Page<Application>> {
  return deps.db.read(actor.organizationId, (tx) => pageById(visibleApplications(tx, actor).selectAll('application'), 'application', page));
}

/** Those of the ids that exist here and that the actor may see, in no order. */
export async function findApplications(deps: Pick<Wells, 'db'>, actor: Actor, ids: readonly ApplicationId[]): Promise<Application[]> {
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => visibleApplications(tx, actor).selectAll('application').where('application.id', 'in', ids).execute());
}

/** The application, or `not_found`. */
export async function getApplication(deps: Pick<Wells, 'db'>, actor: Actor, id: ApplicationId): Promise<Application> {
  const [application] = await findApplications(deps, actor, [id]);
  if (!application) throw new Fault('not_found', { field: 'id' });
  return application;
}

/**
 * The application, locked, for whoever may change it: its owner, or who manages the organization's applications. To
 * anyone else one that is not theirs and one that does not exist are refused alike.
 */
export async function lockApplication(tx: Tx, actor: Actor, id: ApplicationId, field = 'id'): Promise<Application> {
  const application = await tx.selectFrom('application').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (actor.kind !== 'user' || application?.owner_id !== actor.userId) requireManagement(actor, 'applications', 'write');
  if (!application) throw new Fault('not_found', { field });
  return application;
}
