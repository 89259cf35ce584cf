import type { ApplicationId, Id, OrganizationId } from '../kernel/index.ts';
import { digest, newId, randomToken, Secret, type Tx } from '../platform/index.ts';

/** By which scanners of repositories and logs recognise a secret of ours. */
const PREFIX = 'kxs_';

export type ClientId = ApplicationId | Id<'serviceAccount'>;

/** A new secret of the client, to be shown once: only its digest is kept. */
export async function issueClientSecret(tx: Tx, organizationId: OrganizationId, clientId: ClientId): Promise<Secret> {
  const text = `${PREFIX}${randomToken()}`;
  await tx
    .insertInto('client_secret')
    .values({ id: newId('secret'), organization_id: organizationId, client_id: clientId, digest: digest(text), expires_at: null })
    .execute();
  return new Secret(text);
}

/** Lets the client's secrets end at `until` unless they end before; `null`: at once. */
export async function retireClientSecrets(tx: Tx, clientId: ClientId, until: Date | null): Promise<void> {
  if (!until) {
    await tx.deleteFrom('client_secret').where('client_id', '=', clientId).execute();
    return;
  }
  await tx
    .updateTable('client_secret')
    .set({ expires_at: until })
    .where('client_id', '=', clientId)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', until)]))
    .execute();
}
