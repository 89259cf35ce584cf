import { findApplications, findGroups, findServiceAccounts, findUsers, getOrganization, type Organization as OrganizationRow } from '../directory/index.ts';
import { findCapabilities, findIntegrations } from '../integrations/index.ts';
import { findConnections } from '../connections/index.ts';
import type { Actor } from '../kernel/index.ts';
import { findPolicies } from '../policy/index.ts';
import { findVisibleEvents } from './audit-access.ts';
import { builder } from './builder.ts';
import { actorOf, type GraphDeps } from './context.ts';

/**
 * Every object with an id: its type, named here so that the files of `types/` need not import each other, and how many of
 * it are loaded at once. Missing, foreign and hidden are one thing: what `find` does not answer is null.
 */
function node<Row extends { readonly id: string }>(name: string, find: (deps: GraphDeps, actor: Actor, ids: readonly Row['id'][]) => Promise<readonly Row[]>) {
  return builder.loadableNodeRef<Row>(name, {
    id: { resolve: (row) => row.id },
    load: async (ids: string[], context) => {
      const found = new Map((await find(context.deps, actorOf(context), ids as Row['id'][])).map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null) as Row[]; // DataLoader's own type for a value that may be missing
    },
    toKey: (row) => row.id,
    cacheResolved: true,
  });
}

export const Organization = node<OrganizationRow>('Organization', async (deps, actor, ids) => (ids.includes(actor.organizationId) ? [await getOrganization(deps, actor)] : []));
export const User = node('User', findUsers);
export const Group = node('Group', findGroups);
export const Application = node('Application', findApplications);
export const ServiceAccount = node('ServiceAccount', findServiceAccounts);
export const Integration = node('Integration', findIntegrations);
export const Capability = node('Capability', findCapabilities);
export const Connection = node('Connection', findConnections);
export const Policy = node('Policy', findPolicies);
export const AuditEvent = node('AuditEvent', findVisibleEvents);
