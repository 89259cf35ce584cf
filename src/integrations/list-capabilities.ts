import { sql } from 'kysely';
import { parseCursor, toPage, type Actor, type Id, type IntegrationId, type Page, type PageRequest } from '../kernel/index.ts';
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

/** The same page of each integration's capabilities, oldest first, by one statement that reads no more than the pages hold. */
export async function pagesOfCapabilities(deps: Deps, actor: Actor, integrationIds: readonly IntegrationId[], page: PageRequest): Promise<Map<IntegrationId, Page<Capability>>> {
  requireReader(actor);
  if (integrationIds.length === 0) return new Map();
  const rows = await deps.db.read(actor.organizationId, (tx) => {
    const place = page.backward ? sql<number>`row_number() OVER (PARTITION BY integration_id ORDER BY id DESC)` : sql<number>`row_number() OVER (PARTITION BY integration_id ORDER BY id)`;
    let bounded = tx.selectFrom('capability').selectAll().select(place.as('place')).where('integration_id', 'in', integrationIds);
    if (page.after !== undefined) bounded = bounded.where('id', '>', parseCursor('node', page.after, 'after') as Id<'capability'>);
    if (page.before !== undefined) bounded = bounded.where('id', '<', parseCursor('node', page.before, 'before') as Id<'capability'>);
    return tx.selectFrom(bounded.as('ranked')).selectAll().where('place', '<=', page.limit + 1).orderBy('integration_id').orderBy('place').execute();
  });
  const byIntegration = Map.groupBy(rows, ({ integration_id }) => integration_id);
  return new Map(integrationIds.map((id) => [id, toPage(byIntegration.get(id) ?? [], page)]));
}
