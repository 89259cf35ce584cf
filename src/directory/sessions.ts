import type { UserId } from '../kernel/index.ts';
import type { Tx } from '../platform/index.ts';
import type { ClientId } from './client-secret.ts';

/** Signs the user out everywhere: browsers, and every grant, code and refresh token an application holds for the user. */
export async function endSessionsOfUser(tx: Tx, userId: UserId): Promise<void> {
  await tx.deleteFrom('browser_session').where('user_id', '=', userId).execute();
  await tx.deleteFrom('oidc_record').where('account_id', '=', userId).execute();
}

/** Ends every grant, code and refresh token the client holds, whoever it is for. */
export async function endSessionsOfClient(tx: Tx, clientId: ClientId): Promise<void> {
  await tx.deleteFrom('oidc_record').where('client_id', '=', clientId).execute();
}
