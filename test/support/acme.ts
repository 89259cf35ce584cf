import { storeToken, type Connection } from '../../src/connections/index.ts';
import { admitUser, createApplication, createOrganization, type Application } from '../../src/directory/index.ts';
import { createIntegration, declareCapabilities, setServerToken, type Integration } from '../../src/integrations/index.ts';
import type { OrganizationId, ServiceAccountActor, UserActor } from '../../src/kernel/index.ts';
import { newId, Secret } from '../../src/platform/index.ts';
import { attachIntegration, createPolicy } from '../../src/policy/index.ts';
import { mintUserToken, type MintedToken, type TokenWish } from './tokens.ts';
import type { TestWells } from './wells.ts';

/** What a credential of this story looks like; tests that look for leaks look for these. */
export const SECRETS = { githubToken: 'ghp_alice-personal-token', warehouseToken: 'warehouse-shared-token' } as const;

/**
 * The seeds' story, made by verbs: Acme, whose PR-Bot acts for Alice at GitHub (a token of her own) and at the warehouse
 * (the organization's shared token). Everybody may use both; nothing is denied yet.
 */
export interface Acme {
  readonly organizationId: OrganizationId;
  /** Manages everything. */
  readonly robot: ServiceAccountActor;
  readonly alice: UserActor;
  readonly prBot: Application;
  readonly prBotSecret: string;
  readonly github: Integration;
  readonly warehouse: Integration;
  readonly connection: Connection;
  /** Alice's access token for PR-Bot. */
  mint(wish?: Partial<TokenWish>): Promise<MintedToken>;
}

export async function foundAcme(wells: TestWells, name = 'Acme'): Promise<Acme> {
  const { organizationId } = await createOrganization(wells, { name, adminEmail: 'olga@acme.test' }, 'req_test');
  const origin = { organizationId, requestId: 'req_test', address: '192.0.2.1' };
  const robot: ServiceAccountActor = { ...origin, kind: 'service_account', serviceAccountId: newId('serviceAccount'), name: 'Robot', scopes: ['management:all'] };
  const user = await admitUser(wells, organizationId, { issuer: 'https://idp.acme.test', subject: 'alice', email: 'alice@acme.test', emailVerified: true, name: 'Alice', groups: ['Engineering'] }, origin);
  const alice: UserActor = { ...origin, kind: 'user', userId: user.id, name: user.name, role: user.role, applicationId: null, grantId: null };
  const created = await createApplication(wells, robot, { name: 'PR-Bot', kind: 'CONFIDENTIAL', redirectUris: ['http://127.0.0.1/callback'] });
  const github = await createIntegration(wells, robot, { handle: 'github', authMode: 'USER_TOKEN', provider: 'github' });
  const warehouse = await createIntegration(wells, robot, { handle: 'warehouse', authMode: 'SERVER_TOKEN', apiBaseUrl: 'https://warehouse.acme.test/v1' });
  await setServerToken(wells, robot, { id: warehouse.id, token: new Secret(SECRETS.warehouseToken) });
  await declareCapabilities(wells, robot, { integrationId: github.id, capabilities: [{ operation: 'create_issue' }, { operation: 'delete_repo' }] });
  const everywhere = { integrationId: null, operation: null, applicationId: null, expiresAt: null };
  await createPolicy(wells, robot, { layer: 'ORGANIZATION', effect: 'ALLOW', subject: { kind: 'EVERYONE', id: null }, ...everywhere });
  await createPolicy(wells, robot, { layer: 'USER', effect: 'ALLOW', subject: { kind: 'USER', id: user.id }, ...everywhere });
  for (const integration of [github, warehouse]) await attachIntegration(wells, robot, { applicationId: created.application.id, integrationId: integration.id });
  const connection = await storeToken(wells, alice, { integrationId: github.id, token: new Secret(SECRETS.githubToken) });
  return {
    organizationId,
    robot,
    alice,
    prBot: created.application,
    prBotSecret: created.clientSecret?.reveal() ?? '',
    github,
    warehouse,
    connection,
    mint: (wish = {}) => mintUserToken(wells, { organizationId, userId: user.id, applicationId: created.application.id, ...wish }),
  };
}
