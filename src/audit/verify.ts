import { Buffer } from 'node:buffer';
import { sql } from 'kysely';
import { canonicalJson, type Json, type OrganizationId } from '../kernel/index.ts';
import type { AuditEventTable, Database } from '../platform/index.ts';
import { chainHash, genesisHash } from './chain.ts';

/** What a verification found; `broken` is the first event that does not hold. */
export type Verification =
  | { readonly organizationId: OrganizationId; readonly intact: true; readonly sequence: number; readonly hash: string }
  | { readonly organizationId: OrganizationId; readonly intact: false; readonly sequence: number; readonly broken: string };

/** A number and hash that somebody wrote down earlier, from an earlier verification. */
export interface RememberedHead {
  readonly sequence: number;
  readonly hash: string;
}

const PAGE = 1_000;

/**
 * Walks an organization's log from its first event and recomputes everything: numbers without a gap, every hash, every
 * column against the hashed body, the head against the last event, and the remembered head where one is given. Trusts
 * nothing that the server says of its own log; whoever can rewrite the whole table is found by the remembered head alone.
 */
export async function verifyLog(db: Pick<Database, 'asOwner'>, organizationId: OrganizationId, remembered?: RememberedHead): Promise<Verification> {
  let sequence = 0;
  let hash = genesisHash(organizationId);
  const fail = (at: number, broken: string): Verification => ({ organizationId, intact: false, sequence: at, broken });
  for (;;) {
    // The head is read with each page, from the same snapshot as the page: events that arrive meanwhile are no lie.
    const { rows, head } = await db.asOwner(async (tx) => {
      await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(tx);
      return {
        head: await tx.selectFrom('organization_head').selectAll().where('organization_id', '=', organizationId).executeTakeFirst(),
        rows: await tx.selectFrom('audit_event').selectAll().where('organization_id', '=', organizationId).where('sequence', '>', sequence).orderBy('sequence').limit(PAGE).execute(),
      };
    });
    for (const row of rows) {
      const expected = sequence + 1;
      if (row.sequence !== expected) return fail(expected, `event ${expected} is missing: the next one is ${row.sequence}`);
      const computed = chainHash(hash, expected, row.body);
      if (!Buffer.from(computed).equals(row.hash)) return fail(expected, `event ${expected} does not follow from its predecessor: it or an earlier event was changed`);
      const differing = differingColumn(row);
      if (differing) return fail(expected, `event ${expected}: ${differing} is not what the hashed body says`);
      hash = computed;
      sequence = expected;
      if (remembered?.sequence === sequence && hex(hash) !== remembered.hash) return fail(sequence, `event ${sequence} is not the one remembered: the log was rewritten`);
    }
    if (rows.length === PAGE) continue;
    if (!head) return fail(sequence, 'the organization has no head');
    if (head.sequence > sequence) return fail(sequence + 1, `event ${sequence + 1} is missing: the head says ${head.sequence}`);
    if (head.sequence < sequence) return fail(head.sequence + 1, `event ${head.sequence + 1} is beyond the head, which says ${head.sequence}`);
    if (hex(head.hash) !== hex(hash)) return fail(sequence, 'the head does not carry the hash of the last event');
    if (remembered && remembered.sequence > sequence) return fail(sequence + 1, `event ${sequence + 1} is missing: the remembered log reached ${remembered.sequence}`);
    return { organizationId, intact: true, sequence, hash: hex(hash) };
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The name of the first column that does not repeat the body, or null. */
function differingColumn(row: AuditEventTable): string | null {
  const body = parseBody(row.body);
  if (!body) return 'body (not a canonical JSON object)';
  const idOf = (name: string): unknown => (body[name] as { id?: string } | undefined)?.id ?? null;
  const expected: Record<string, unknown> = {
    organization_id: body['organization'],
    id: body['id'],
    at: body['at'],
    kind: body['kind'],
    outcome: body['outcome'],
    actor_id: idOf('actor'),
    user_id: idOf('user'),
    application_id: idOf('application'),
    integration_id: idOf('integration'),
    capability: body['capability'] ?? null,
  };
  const actual: Record<string, unknown> = { ...row, at: row.at.toISOString() };
  return Object.keys(expected).find((column) => actual[column] !== expected[column]) ?? null;
}

function parseBody(text: string): Record<string, unknown> | null {
  try {
    const body = JSON.parse(text) as Json;
    const isObject = body !== null && typeof body === 'object' && !Array.isArray(body);
    return isObject && canonicalJson(body) === text ? (body as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
