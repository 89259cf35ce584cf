import { sql } from 'kysely';
import { isId, type ApplicationId, type Id, type OrganizationId } from '../kernel/index.ts';
import type { IdentityTx, Wells } from '../platform/index.ts';

/** Whoever may stand at the token endpoint: what client authentication and the authorization server need to know of it. */
export type Client = ClientFacts & ({ readonly kind: 'application'; readonly id: ApplicationId } | { readonly kind: 'service_account'; readonly id: Id<'serviceAccount'> });

interface ClientFacts {
  readonly organizationId: OrganizationId;
  /** The organization's access revision in the same snapshot: whoever remembers a client has the log check it. */
  readonly revision: number;
  readonly name: string;
  readonly enabled: boolean;
  /** Whether it must authenticate. */
  readonly confidential: boolean;
  readonly redirectUris: readonly string[];
  /** Management scopes of a service account; an application has none. */
  readonly scopes: readonly string[];
  /** SHA-256 of each secret that has not expired. */
  readonly secretDigests: readonly Uint8Array[];
  /** When the first of these secrets expires; null where none does. */
  readonly secretsUntil: Date | null;
}

/** The client of any organization, or null; one statement. What is no client id at all answers null without any. */
export async function findClient(deps: Pick<Wells, 'db'>, clientId: string): Promise<Client | null> {
  if (isId('application', clientId)) return deps.db.asIdentity((tx) => findApplication(tx, clientId));
  if (isId('serviceAccount', clientId)) return deps.db.asIdentity((tx) => findServiceAccount(tx, clientId));
  return null;
}

/** One row a live secret; one without any where there is none. */
async function findApplication(tx: IdentityTx, id: ApplicationId): Promise<Client | null> {
  const rows = await tx
    .selectFrom('application')
    .innerJoin('organization_head as head', 'head.organization_id', 'application.organization_id')
    .leftJoin(liveSecrets(tx).as('secret'), 'secret.client_id', 'application.id')
    .select(['application.organization_id', 'application.name', 'application.kind', 'application.status', 'application.redirect_uris', 'head.access_revision', 'secret.digest', 'secret.expires_at'])
    .where('application.id', '=', id)
    .execute();
  const [row] = rows;
  if (!row) return null;
  return {
    kind: 'application',
    id,
    organizationId: row.organization_id,
    revision: row.access_revision,
    name: row.name,
    enabled: row.status === 'ACTIVE',
    confidential: row.kind === 'CONFIDENTIAL',
    redirectUris: row.redirect_uris,
    scopes: [],
    ...secretsOf(rows),
  };
}

async function findServiceAccount(tx: IdentityTx, id: Id<'serviceAccount'>): Promise<Client | null> {
  const rows = await tx
    .selectFrom('service_account')
    .innerJoin('organization_head as head', 'head.organization_id', 'service_account.organization_id')
    .leftJoin(liveSecrets(tx).as('secret'), 'secret.client_id', 'service_account.id')
    .select(['service_account.organization_id', 'service_account.name', 'service_account.scopes', 'service_account.status', 'head.access_revision', 'secret.digest', 'secret.expires_at'])
    .where('service_account.id', '=', id)
    .execute();
  const [row] = rows;
  if (!row) return null;
  return {
    kind: 'service_account',
    id,
    organizationId: row.organization_id,
    revision: row.access_revision,
    name: row.name,
    enabled: row.status === 'ACTIVE',
    confidential: true,
    redirectUris: [],
    scopes: row.scopes,
    ...secretsOf(rows),
  };
}

function liveSecrets(tx: IdentityTx) {
  const alive = sql<boolean>`(expires_at IS NULL OR expires_at > now())`;
  return tx.selectFrom('client_secret').select(['client_id', 'digest', 'expires_at']).where(alive);
}

function secretsOf(rows: readonly { digest: Uint8Array | null; expires_at: Date | null }[]): Pick<ClientFacts, 'secretDigests' | 'secretsUntil'> {
  const expiries = rows.flatMap(({ expires_at }) => (expires_at ? [expires_at.getTime()] : []));
  return { secretDigests: rows.flatMap(({ digest }) => (digest ? [digest] : [])), secretsUntil: expiries.length > 0 ? new Date(Math.min(...expiries)) : null };
}
