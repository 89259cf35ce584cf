import { isHandle, type Actor, type IntegrationId, type Page, type PageRequest } from '../kernel/index.ts';
import { pageById, type Wells } from '../platform/index.ts';
import { integrationColumns, requireReader, type Integration } from './integration.ts';

type Deps = Pick<Wells, 'db'>;

/** A page of the organization's integrations, oldest first. */
export async function listIntegrations(deps: Deps, actor: Actor, page: PageRequest): Promise<Page<Integration>> {
  requireReader(actor);
  return deps.db.read(actor.organizationId, (tx) => {
    const query = tx.selectFrom('integration').select(integrationColumns).where('organization_id', '=', actor.organizationId);
    return pageById(query, 'integration', page);
  });
}

/** Those of the ids that are integrations of the organization, in any order. */
export async function findIntegrations(deps: Deps, actor: Actor, ids: readonly IntegrationId[]): Promise<Integration[]> {
  requireReader(actor);
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => tx.selectFrom('integration').select(integrationColumns).where('id', 'in', ids).execute());
}

/** The integration with this handle; null where the organization has none, or it is no handle at all. */
export async function findIntegrationByHandle(deps: Deps, actor: Actor, handle: string): Promise<Integration | null> {
  requireReader(actor);
  if (!isHandle(handle)) return null;
  return deps.db.read(actor.organizationId, async (tx) => {
    const row = await tx.selectFrom('integration').select(integrationColumns).where('organization_id', '=', actor.organizationId).where('handle', '=', handle).executeTakeFirst();
    return row ?? null;
  });
}
