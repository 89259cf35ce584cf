import type { Interaction, Provider } from 'oidc-provider';
import type { ApplicationId, OrganizationId, UserId } from '../kernel/index.ts';
import { digest, randomToken, type Tx, type Wells } from '../platform/index.ts';
import { applicationDisabled, userDeactivated } from '../directory/index.ts';
import { LIFETIMES } from './lifetimes.ts';
import { toColumns } from './records.ts';
import { APPLICATION_SCOPES } from './resources.ts';

export interface Parties {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly applicationId: ApplicationId;
}

/** A grant that waits for the transaction of the consent behind it. */
export interface PreparedGrant {
  /** When it ends, and with it everything else that was consented to. */
  readonly expiresAt: Date;
  /**
   * Locks user and application, writes the grant and answers its id. The grant the browser had is extended only where it
   * still stands; else there is a new one, with what was asked now and nothing of the old, so that nothing that was revoked
   * comes back. `forbidden` where user or application is no longer active. Whoever ends one of the three meanwhile waits
   * for the lock and ends this grant too.
   */
  write(tx: Tx): Promise<string>;
}

/** Makes ready a grant of everything the authorization request asks for. */
export async function prepareGrant(
  deps: Pick<Wells, 'db' | 'clock' | 'keyring'> & { readonly provider: Provider },
  interaction: Interaction,
  parties: Parties,
): Promise<PreparedGrant> {
  const { organizationId, userId: accountId, applicationId: clientId } = parties;
  const { Grant } = deps.provider;
  const known = interaction.grantId === undefined ? undefined : await Grant.find(interaction.grantId);
  const key = await deps.db.asIdentity((tx) => deps.keyring.platformKey(tx));
  const iat = Math.floor(deps.clock.now().getTime() / 1000);
  const exp = iat + LIFETIMES.grant;
  const expiresAt = new Date(exp * 1000);
  const columnsOf = (jti: string, grant: InstanceType<Provider['Grant']>) => {
    addAsked(grant, interaction);
    const { openid, resources } = grant;
    return toColumns(key, digest(jti), { kind: 'Grant', jti, iat, exp, accountId, clientId, openid, resources }, expiresAt);
  };
  return {
    expiresAt,
    async write(tx) {
      await requireActive(tx, parties);
      if (known) {
        const extended = await tx
          .updateTable('oidc_record')
          .set(columnsOf(known.jti, known))
          .where('model', '=', 'Grant')
          .where('id_digest', '=', digest(known.jti))
          .where('account_id', '=', accountId)
          .where('client_id', '=', clientId)
          .returning('model')
          .executeTakeFirst();
        if (extended) return known.jti;
      }
      const jti = randomToken();
      const columns = columnsOf(jti, new Grant({ accountId, clientId }));
      await tx.insertInto('oidc_record').values({ model: 'Grant', id_digest: digest(jti), organization_id: organizationId, ...columns }).execute();
      return jti;
    },
  };
}

/** What the page showed: the scopes that exist, of the user and at each resource. */
function addAsked(grant: InstanceType<Provider['Grant']>, { params }: Interaction): void {
  const asked = String(params['scope'] ?? '').split(' ');
  const scopes = APPLICATION_SCOPES.filter((scope) => asked.includes(scope));
  if (scopes.length === 0) return;
  grant.addOIDCScope([...scopes]);
  for (const resource of [params['resource'] ?? []].flat()) grant.addResourceScope(String(resource), [...scopes]);
}

/** The user first, as everyone who locks both does. */
async function requireActive(tx: Tx, { userId, applicationId }: Parties): Promise<void> {
  const user = await tx.selectFrom('users').select('status').where('id', '=', userId).forUpdate().executeTakeFirst();
  if (user?.status !== 'ACTIVE') throw userDeactivated();
  const application = await tx.selectFrom('application').select('status').where('id', '=', applicationId).forShare().executeTakeFirst();
  if (application?.status !== 'ACTIVE') throw applicationDisabled();
}
