import type { Actor, Id, IntegrationId, Page, PageRequest } from '../kernel/index.ts';
import { pageById, type Wells } from '../platform/index.ts';
import type { Capability } from './capability.ts';
import { requireReader } from './integration.ts';

type Deps = Pick<Wells, 'db'>;

/** A page of capabilities, oldest first; of one integration where it is named. */
export async function listCapabilities(deps: Deps, actor: Actor, page: PageRequest, filter: { readonly integrationId?: IntegrationId | undefined } = {}): Promise<Page<Capability>> {
  requireReader(actor);
  return deps.db.read(actor.organizationId, (tx) => {
    const query = tx.selectFrom('capability').selectAll().where('organization_id', '=', actor.organizationId);
    return pageById(filter.integrationId ? query.where('integration_id', '=', filter.integrationId) : query, 'capability', page);
  });
}

/** Those of the ids that are capabilities of the organization, in any order. */
export async function findCapabilities(deps: Deps, actor: Actor, ids: readonly Id<'capability'>[]): Promise<Capability[]> {
  requireReader(actor);
  if (ids.length === 0) return [];
  return deps.db.read(actor.organizationId, (tx) => tx.selectFrom('capability').selectAll().where('id', 'in', ids).execute());
}

/** The capabilities of each integration, by operation; an integration without any has an empty list. */
export async function capabilitiesOf(deps: Deps, actor: Actor, integrationIds: readonly IntegrationId[]): Promise<Map<IntegrationId, Capability[]>> {
  requireReader(actor);
  const byIntegration = new Map<IntegrationId, Capability[]>(integrationIds.map((id) => [id, []]));
  if (integrationIds.length === 0) return byIntegration;
  const rows = await deps.db.read(actor.organizationId, (tx) => tx.selectFrom('capability').selectAll().where('integration_id', 'in', integrationIds).orderBy('operation').execute());
  for (const row of rows) byIntegration.get(row.integration_id)?.push(row);
  return byIntegration;
}
