import type { Selectable } from 'kysely';
import { resolveEndpoints, resolveOAuthApp, revokeToken } from '../integrations/index.ts';
import { Fault } from '../kernel/index.ts';
import type { IntegrationTable, Wells } from '../platform/index.ts';
import type { Credential } from './credential.ts';

export interface Upstream {
  readonly integration: Selectable<IntegrationTable>;
  readonly credential: Pick<Credential, 'accessToken' | 'refreshToken'>;
}

/**
 * Asks the provider to end one token that nobody here has any more. What comes of it is logged and changes nothing. Never
 * throws. If we crash before, the token lives on there until its own expiry.
 */
export async function revokeUpstream(deps: Pick<Wells, 'db' | 'keyring' | 'fetch' | 'clock' | 'environment' | 'log'>, { integration, credential }: Upstream): Promise<void> {
  const names = { organizationId: integration.organization_id, integrationId: integration.id };
  try {
    const app = await deps.db.read(integration.organization_id, (tx) => resolveOAuthApp(tx, deps.keyring, deps.environment, integration));
    const answer = await revokeToken(deps, await resolveEndpoints(deps, integration), app, credential);
    if (!answer.revoked) deps.log.warn({ ...names, reason: answer.reason }, 'the provider did not end a token that nobody here has any more');
  } catch (error) {
    deps.log.warn({ ...names, reason: error instanceof Fault ? error.code : 'internal' }, 'the provider could not be asked to end a token that nobody here has any more');
  }
}
