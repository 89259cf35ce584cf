import { sql, type Selectable } from 'kysely';
import type { EventDraft } from '../audit/index.ts';
import type { ApplicationId, Id, IntegrationId, OrganizationId, Role, UserId } from '../kernel/index.ts';
import { digest, type ConnectionTable, type DataKey, type IntegrationTable, type Tx, type Wells } from '../platform/index.ts';
import type { Rule } from '../policy/index.ts';

/** What a decision is about, before anything is known of it. */
export interface FactsKey {
  readonly organizationId: OrganizationId;
  readonly applicationId: ApplicationId;
  /** Null for the organization's shared token. */
  readonly userId: UserId | null;
  /** The authorization server's grant behind the user's token. */
  readonly grantId: string | null;
  /** An integration's handle, or the absolute URI of its API or MCP endpoint without a slash at its end. */
  readonly target: string;
}

export interface Facts {
  /** The organization's access revision in the same snapshot as everything below. */
  readonly revision: number;
  readonly application: { readonly id: ApplicationId; readonly name: string; readonly active: boolean } | null;
  readonly user: { readonly id: UserId; readonly name: string; readonly role: Role; readonly active: boolean; readonly groupIds: readonly Id<'group'>[] } | null;
  /** Until when the user's grant to this application stands; null where there is none. */
  readonly grantUntil: Date | null;
  readonly integration: Selectable<IntegrationTable> | null;
  /** Whether the target names two integrations, so that only a handle can tell them apart. */
  readonly ambiguous: boolean;
  readonly attached: boolean;
  readonly connection: Selectable<ConnectionTable> | null;
  readonly rules: readonly Rule[];
  readonly dataKey: DataKey;
  /** How the log names them; frozen, so that it is written once. */
  readonly named: Pick<EventDraft, 'application' | 'user' | 'integration'>;
}

/**
 * Facts, remembered. A remembered fact is never trusted for long: whatever is decided on it carries the revision and the
 * connection's version to the log, which refuses it if either has moved; then `forget` and ask again.
 */
export interface FactsSource {
  get(key: FactsKey): Promise<Facts>;
  forget(key: FactsKey): void;
}

const MAX_REMEMBERED = 20_000;

export function openFacts(deps: Pick<Wells, 'db' | 'keyring'>): FactsSource {
  const remembered = new Map<string, Facts>();
  const nameOf = (key: FactsKey): string => `${key.organizationId} ${key.applicationId} ${key.userId ?? ''} ${key.grantId ?? ''} ${key.target}`;
  return {
    async get(key) {
      const name = nameOf(key);
      const known = remembered.get(name);
      if (known) return known;
      const facts = await deps.db.read(key.organizationId, (tx) => loadFacts(deps, tx, key));
      // A missing connection is not remembered: connecting does not raise the revision, so no fence would notice it.
      if (facts.connection?.status === 'CONNECTED' || facts.integration?.auth_mode === 'SERVER_TOKEN') {
        if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!);
        remembered.set(name, facts);
      }
      return facts;
    },
    forget: (key) => void remembered.delete(nameOf(key)),
  };
}

/** The facts of one request from one snapshot. */
export async function loadFacts(deps: Pick<Wells, 'keyring'>, tx: Tx, key: FactsKey): Promise<Facts> {
  const integrations = await findTarget(tx, key);
  const integration = integrations.length === 1 ? integrations[0]! : null;
  const who = await tx
    .selectFrom('organization_head as head')
    .leftJoin('application as app', (join) => join.on('app.id', '=', key.applicationId))
    .leftJoin('users as usr', (join) => join.on('usr.id', '=', key.userId))
    .leftJoin('application_integration as att', (join) => join.on('att.application_id', '=', key.applicationId).on('att.integration_id', '=', integration?.id ?? null))
    .leftJoin('oidc_record as grant', (join) =>
      join.on('grant.model', '=', 'Grant').on('grant.id_digest', '=', digest(key.grantId ?? '')).on('grant.account_id', '=', key.userId).on('grant.client_id', '=', key.applicationId),
    )
    .where('head.organization_id', '=', key.organizationId)
    .select([
      'head.access_revision',
      'app.name as app_name',
      'app.status as app_status',
      'usr.name as user_name',
      'usr.role as user_role',
      'usr.status as user_status',
      'att.integration_id as attached',
      'grant.expires_at as grant_until',
      sql<Id<'group'>[]>`ARRAY(SELECT group_id FROM group_member WHERE user_id = ${key.userId} ORDER BY group_id)`.as('group_ids'),
    ])
    .executeTakeFirstOrThrow();
  const connection = integration && key.userId ? ((await tx.selectFrom('connection').selectAll().where('user_id', '=', key.userId).where('integration_id', '=', integration.id).executeTakeFirst()) ?? null) : null;
  return {
    revision: who.access_revision,
    application: who.app_name === null ? null : { id: key.applicationId, name: who.app_name, active: who.app_status === 'ACTIVE' },
    user:
      key.userId === null || who.user_name === null || who.user_role === null
        ? null
        : { id: key.userId, name: who.user_name, role: who.user_role, active: who.user_status === 'ACTIVE', groupIds: who.group_ids },
    grantUntil: who.grant_until,
    integration,
    ambiguous: integrations.length > 1,
    attached: who.attached !== null,
    connection,
    rules: integration ? await loadRules(tx, key, integration.id, [...who.group_ids, ...(who.user_role ? [who.user_role] : [])]) : [],
    dataKey: await deps.keyring.key(tx, key.organizationId),
    named: {
      application: Object.freeze({ id: key.applicationId, name: who.app_name ?? key.applicationId }),
      user: key.userId !== null && who.user_name !== null ? Object.freeze({ id: key.userId, name: who.user_name }) : undefined,
      integration: integration ? Object.freeze({ id: integration.id, handle: integration.handle }) : undefined,
    },
  };
}

/** The integrations the target names: one by handle, else those whose API or MCP endpoint is the URI; two are enough to know it is ambiguous. */
function findTarget(tx: Tx, { organizationId, target }: FactsKey): Promise<Selectable<IntegrationTable>[]> {
  const query = tx.selectFrom('integration').selectAll().where('organization_id', '=', organizationId);
  if (!target.includes(':')) return query.where('handle', '=', target).execute();
  return query
    .where((eb) => eb.or([eb(sql`rtrim(api_base_url, '/')`, '=', target), eb(sql`rtrim(mcp_url, '/')`, '=', target)]))
    .limit(2)
    .execute();
}

/** The live rules that can matter: about this integration or all, for one of these subjects. `evaluate` judges them. */
async function loadRules(tx: Tx, key: FactsKey, integrationId: IntegrationId, inherited: readonly string[]): Promise<Rule[]> {
  const subjects = [key.applicationId, ...(key.userId ? [key.userId] : []), ...inherited];
  const rows = await tx
    .selectFrom('policy')
    .selectAll()
    .where('organization_id', '=', key.organizationId)
    .where('state', '=', 'LIVE')
    .where((eb) => eb.or([eb('integration_id', 'is', null), eb('integration_id', '=', integrationId)]))
    .where((eb) => eb.or([eb('subject_id', 'is', null), eb('subject_id', 'in', subjects)]))
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    layer: row.layer,
    effect: row.effect,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    integrationId: row.integration_id,
    operation: row.operation,
    applicationId: row.application_id,
    condition: row.condition,
    expiresAt: row.expires_at,
  }));
}
