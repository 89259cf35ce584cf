import { sql } from 'kysely';
import { verifyLog } from '../../src/audit/index.ts';
import { unseal, type OwnerTx, type Wells } from '../../src/platform/index.ts';
import type { TestWells } from './wells.ts';

/** What a test knows must never stand anywhere in the open. */
export type KnownSecrets = readonly string[];

/**
 * Holds the whole world against what must always be true, and throws one error that lists everything that is not:
 * every log verifies, every connected connection opens, none of the secrets stands in any column or log line in any
 * encoding, no row refers to another organization's. Call it after each flow.
 */
export async function checkPlane(wells: Pick<TestWells, 'db' | 'keyring' | 'logLines'>, secrets: KnownSecrets = []): Promise<void> {
  const findings = [...(await brokenLogs(wells)), ...(await closedConnections(wells)), ...(await secretsInTables(wells, secrets)), ...secretsInLog(wells.logLines, secrets), ...(await crossingRows(wells))];
  if (findings.length > 0) throw new Error(`The plane does not hold:\n  ${findings.join('\n  ')}`);
}

async function brokenLogs({ db }: Pick<Wells, 'db'>): Promise<string[]> {
  const organizations = await db.asOwner((tx) => tx.selectFrom('organization').select('id').execute());
  const findings: string[] = [];
  for (const { id } of organizations) {
    const found = await verifyLog(db, id);
    if (!found.intact) findings.push(`the log of ${id}: ${found.broken}`);
  }
  const orphans = await db.asOwner((tx) => sql<{ id: string }>`SELECT DISTINCT organization_id AS id FROM audit_event WHERE organization_id NOT IN (SELECT id FROM organization)`.execute(tx));
  return [...findings, ...orphans.rows.map(({ id }) => `events of ${id}, which is no organization`)];
}

async function closedConnections({ db, keyring }: Pick<Wells, 'db' | 'keyring'>): Promise<string[]> {
  return db.asOwner(async (tx) => {
    const connections = await tx.selectFrom('connection').select(['id', 'organization_id', 'status', 'credential']).execute();
    const findings: string[] = [];
    for (const { id, organization_id: organizationId, status, credential } of connections) {
      if ((status === 'CONNECTED') !== (credential !== null)) findings.push(`${id} is ${status} and its credential is ${credential ? 'there' : 'not there'}`);
      if (!credential) continue;
      try {
        unseal(await keyring.key(tx, organizationId), { row: id, field: 'connection.credential' }, credential);
      } catch (error) {
        findings.push(`the credential of ${id} does not open: ${String(error)}`);
      }
    }
    return findings;
  });
}

/** The forms in which a text may hide: as it is, percent-encoded, escaped in JSON, in hexadecimal, in base64 at each of its three offsets. */
export function encodingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').replaceAll('=', '');
    // The first and last digits also carry bits of their neighbours.
    return text.slice(offset === 0 ? 0 : offset + 1, bytes.length % 3 === 0 && offset === 0 ? undefined : -1);
  });
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
  return [...new Set(forms)].filter((form) => form.length >= 6);
}

async function secretsInTables({ db }: Pick<Wells, 'db'>, secrets: KnownSecrets): Promise<string[]> {
  if (secrets.length === 0) return [];
  const needles = secrets.flatMap(encodingsOf);
  return db.asOwner(async (tx) => {
    const findings: string[] = [];
    for (const { table, columns } of await tablesOf(tx)) {
      const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(table)}`.execute(tx);
      for (const row of rows) for (const column of columns) if (contains(row[column], needles)) findings.push(`${table}.${column} holds a secret in the open`);
    }
    return [...new Set(findings)];
  });
}

async function tablesOf(tx: OwnerTx): Promise<{ table: string; columns: string[] }[]> {
  const { rows } = await sql<{ table: string; column: string }>`
    SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'bytea', 'json', 'jsonb', 'ARRAY') ORDER BY 1, 2`.execute(tx);
  return [...Map.groupBy(rows, ({ table }) => table)].map(([table, list]) => ({ table, columns: list.map(({ column }) => column) }));
}

function contains(value: unknown, needles: readonly string[]): boolean {
  if (value === null || value === undefined) return false;
  // Bytes one by one as characters: what is text in them stays text, and needles are mostly ASCII.
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : typeof value === 'string' ? value : JSON.stringify(value);
  return needles.some((needle) => text.includes(needle));
}

function secretsInLog(lines: readonly string[], secrets: KnownSecrets): string[] {
  const needles = secrets.flatMap(encodingsOf);
  return lines.filter((line) => contains(line, needles)).map((line) => `a log line holds a secret: ${line.trim()}`);
}

/**
 * Every reference, single-column foreign keys and columns named after a table included, stays in the row's organization.
 * The constraints forbid most of it; this asks the rows.
 */
async function crossingRows({ db }: Pick<Wells, 'db'>): Promise<string[]> {
  return db.asOwner(async (tx) => {
    const findings: string[] = [];
    for (const { table, column, target } of REFERENCES) {
      const { rows } = await sql<{ n: number }>`
        SELECT count(*) AS n FROM ${sql.table(table)} r JOIN ${sql.table(target)} t ON t.id = r.${sql.ref(column)} WHERE t.organization_id <> r.organization_id`.execute(tx);
      if ((rows[0]?.n ?? 0) > 0) findings.push(`${table}.${column} refers to another organization's ${target}`);
    }
    return findings;
  });
}

/** Every column that names a row of an organization; a test holds this list against the schema. */
export const REFERENCES: readonly { readonly table: string; readonly column: string; readonly target: string }[] = [
  { table: 'group_member', column: 'group_id', target: 'groups' },
  { table: 'group_member', column: 'user_id', target: 'users' },
  { table: 'application', column: 'owner_id', target: 'users' },
  { table: 'client_secret', column: 'client_id', target: 'application' },
  { table: 'client_secret', column: 'client_id', target: 'service_account' },
  { table: 'application_integration', column: 'application_id', target: 'application' },
  { table: 'application_integration', column: 'integration_id', target: 'integration' },
  { table: 'capability', column: 'integration_id', target: 'integration' },
  { table: 'connection', column: 'user_id', target: 'users' },
  { table: 'connection', column: 'integration_id', target: 'integration' },
  { table: 'attempt', column: 'user_id', target: 'users' },
  { table: 'attempt', column: 'integration_id', target: 'integration' },
  { table: 'policy', column: 'subject_id', target: 'users' },
  { table: 'policy', column: 'subject_id', target: 'groups' },
  { table: 'policy', column: 'subject_id', target: 'application' },
  { table: 'policy', column: 'integration_id', target: 'integration' },
  { table: 'policy', column: 'application_id', target: 'application' },
  { table: 'audit_event', column: 'actor_id', target: 'users' },
  { table: 'audit_event', column: 'user_id', target: 'users' },
  { table: 'audit_event', column: 'application_id', target: 'application' },
  { table: 'audit_event', column: 'integration_id', target: 'integration' },
  { table: 'oidc_record', column: 'account_id', target: 'users' },
  { table: 'oidc_record', column: 'client_id', target: 'application' },
  { table: 'browser_session', column: 'user_id', target: 'users' },
];
