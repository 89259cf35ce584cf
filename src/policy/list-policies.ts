import { mayManage, requireManagement, type Actor, type ApplicationId, type IntegrationId, type Page, type PageRequest, type PolicyId } from '../kernel/index.ts';
import { pageById, type Tx, type Wells } from '../platform/index.ts';
import type { Policy } from './policy.ts';

/** Every member that is given must match. */
export interface PolicyFilter {
  readonly layer?: Policy['layer'] | undefined;
  readonly effect?: Policy['effect'] | undefined;
  readonly state?: Policy['state'] | undefined;
  readonly origin?: Policy['origin'] | undefined;
  readonly subjectKind?: Policy['subject_kind'] | undefined;
  /** The id of a user, group or application, or a role's name. */
  readonly subjectId?: string | undefined;
  /** Rules that name this integration; those about every integration are not among them. */
  readonly integrationId?: IntegrationId | undefined;
  /** Rules of the application layer about this application, and of the user layer that are about it alone. */
  readonly applicationId?: ApplicationId | undefined;
}

/** All rules for whoever manages policies, expired ones too; else those about the user and about the applications the user owns. */
function visiblePolicies(tx: Tx, actor: Actor) {
  const policies = tx.selectFrom('policy').where('policy.organization_id', '=', actor.organizationId);
  if (mayManage(actor, 'policies', 'read')) return policies;
  if (actor.kind !== 'user') requireManagement(actor, 'policies', 'read');
  const userId = actor.kind === 'user' ? actor.userId : null;
  return policies.where((eb) =>
    eb.or([
      eb.and([eb('policy.subject_kind', '=', 'USER'), eb('policy.subject_id', '=', userId)]),
      eb.and([
        eb('policy.subject_kind', '=', 'APPLICATION'),
        eb('policy.subject_id', 'in', eb.selectFrom('application').select('application.id').where('application.owner_id', '=', userId)),
      ]),
    ]),
  );
}

export async function listPolicies(deps: Pick<Wells, 'db'>, actor: Actor, page: PageRequest, filter: PolicyFilter = {}): Promise<Page<Policy>> {
  const { layer, effect, state, origin, subjectKind, subjectId, integrationId, applicationId } = filter;
  return deps.db.read(actor.organizationId, (tx) => {
    const query = visiblePolicies(tx, actor)
      .$if(layer !== undefined, (q) => q.where('policy.layer', '=', layer!))
      .$if(effect !== undefined, (q) => q.where('policy.effect', '=', effect!))
      .$if(state !== undefined, (q) => q.where('policy.state', '=', state!))
      .$if(origin !== undefined, (q) => q.where('policy.origin', '=', origin!))
      .$if(subjectKind !== undefined, (q) => q.where('policy.subject_kind', '=', subjectKind!))
      .$if(subjectId !== undefined, (q) => q.where('policy.subject_id', '=', subjectId!))
      .$if(integrationId !== undefined, (q) => q.where('policy.integration_id', '=', integrationId!))
      .$if(applicationId !== undefined, (q) => q.where((eb) => eb.or([eb('policy.application_id', '=', applicationId!), eb('policy.subject_id', '=', applicationId!)])));
    return pageById(query.selectAll('policy'), 'policy', page);
  });
}

/** Those of the ids that exist here and that the actor may see, in no order. */
export async function findPolicies(deps: Pick<Wells, 'db'>, actor: Actor, ids: readonly PolicyId[]): Promise<Policy[]> {
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => visiblePolicies(tx, actor).selectAll('policy').where('policy.id', 'in', ids).execute());
}
