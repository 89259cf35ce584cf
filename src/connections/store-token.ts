import { change, type ChangeDeps } from '../audit/index.ts';
import { authMode, ORIGIN, parseSecret } from '../integrations/index.ts';
import { Fault, invalid, type IntegrationId, type UserActor } from '../kernel/index.ts';
import type { Secret, Wells } from '../platform/index.ts';
import type { Connection } from './connection.ts';
import { storeCredential } from './store-credential.ts';

/** Connects the user with a token or key of the user's own. Storing another one later replaces it. */
export async function storeToken(
  deps: ChangeDeps & Pick<Wells, 'keyring'>,
  actor: UserActor,
  input: { readonly integrationId: IntegrationId; readonly token: Secret },
): Promise<Connection> {
  const accessToken = parseSecret(input.token, 'token');
  return change(deps, actor, async (tx) => {
    const integration = await tx.selectFrom('integration').select(ORIGIN).where('id', '=', input.integrationId).executeTakeFirst();
    if (!integration) throw new Fault('not_found', { field: 'integrationId' });
    if (authMode(integration.auth_mode).connectsBy !== 'token') throw invalid('integrationId', 'Users of this integration do not connect by a token of their own.');
    const { connection, event } = await storeCredential(tx, deps.keyring, {
      organizationId: actor.organizationId,
      userId: actor.userId,
      integrationId: input.integrationId,
      credential: { accessToken, refreshToken: null, tokenType: 'Bearer', scopes: [] },
      expiresAt: null,
      origin: integration,
      at: deps.clock.now(),
    });
    return { result: connection, events: [event] };
  });
}
