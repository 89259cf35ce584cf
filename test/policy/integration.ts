import type { IntegrationId, OrganizationId } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import type { TestWells } from '../support/wells.ts';

/** An integration for rules to be about; nothing of it but its row. */
export async function insertIntegration(wells: TestWells, organizationId: OrganizationId, handle: string): Promise<IntegrationId> {
  const id = newId('integration');
  const values = { id, organization_id: organizationId, handle, name: handle, auth_mode: 'USER_TOKEN' as const };
  await wells.db.asOrganization(organizationId, (tx) => tx.insertInto('integration').values(values).execute());
  return id;
}
