import type { Selectable } from 'kysely';
import { change } from '../audit/index.ts';
import { invalid, mayManage, requireManagement, type Actor, type OrganizationId } from '../kernel/index.ts';
import { newId, seal, unseal, type Secret, type SignInProviderTable, type Wells } from '../platform/index.ts';
import { differences } from './differences.ts';
import { actsAsOwner, ownersOnly } from './owner.ts';
import { parseIssuer, parseName } from './parse.ts';

/** The organization's own identity provider, without its secret. */
export type SignIn = Pick<Selectable<SignInProviderTable>, 'id' | 'organization_id' | 'issuer' | 'client_id' | 'groups_claim' | 'updated_at'>;

/** What a sign-in needs of it. */
export interface SignInClient {
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, which PKCE alone protects. */
  readonly clientSecret: Secret | null;
  readonly groupsClaim: string;
}

const COLUMNS = ['id', 'organization_id', 'issuer', 'client_id', 'groups_claim', 'updated_at'] as const;

/**
 * Sets the identity provider of which the organization's users come; there is one. A secret that is left out stays, but
 * never moves to another issuer or client id; null removes it. Users are known by issuer and subject, so another issuer
 * means other users. Takes an owner: whoever chooses the provider decides who signs in as whom.
 */
export async function configureSignIn(
  deps: Pick<Wells, 'db' | 'bell' | 'clock' | 'keyring'>,
  actor: Actor,
  input: { readonly issuer: string; readonly clientId: string; readonly clientSecret?: Secret | null | undefined; readonly groupsClaim?: string | undefined },
): Promise<SignIn> {
  requireManagement(actor, 'organization', 'write');
  if (actor.kind === 'user' && !actsAsOwner(actor)) throw ownersOnly('Only an owner chooses who signs the organization\'s users in.');
  const issuer = parseIssuer(input.issuer);
  const clientId = parseClientId(input.clientId);
  const groupsClaim = input.groupsClaim === undefined ? undefined : parseName(input.groupsClaim, 'groupsClaim');
  const { organizationId } = actor;
  return change(deps, actor, async (tx) => {
    const before = await tx.selectFrom('sign_in_provider').selectAll().where('organization_id', '=', organizationId).forUpdate().executeTakeFirst();
    const id = before?.id ?? newId('signInProvider');
    const next = { issuer, client_id: clientId, groups_claim: groupsClaim ?? before?.groups_claim ?? 'groups' };
    const changed = differences(before ?? null, next);
    const kept = before && input.clientSecret === undefined && before.issuer === issuer && before.client_id === clientId ? before.client_secret : null;
    const given = input.clientSecret && seal(await deps.keyring.key(tx, organizationId), { row: id, field: 'sign_in_provider.client_secret' }, input.clientSecret);
    const secret = given ?? kept;
    const secretChanged = secret !== (before?.client_secret ?? null);
    if (before && !secretChanged && Object.keys(changed).length === 0) return { result: withoutSecret(before), unchanged: true };
    // The id goes with the secret, which is bound to it: of two first configurations at once the later replaces the whole row.
    const values = { id, ...next, client_secret: secret, updated_at: deps.clock.now() };
    const result = await tx
      .insertInto('sign_in_provider')
      .values({ organization_id: organizationId, ...values })
      .onConflict((conflict) => conflict.column('organization_id').doUpdateSet(values))
      .returning(COLUMNS)
      .executeTakeFirstOrThrow();
    return { result, events: [{ kind: 'sign_in.configured', details: { ...changed, secretChanged } }] };
  });
}

/** The identity provider with its secret open, for the sign-in itself; null before it is configured. */
export async function getSignIn(deps: Pick<Wells, 'db' | 'keyring'>, organizationId: OrganizationId): Promise<SignInClient | null> {
  return deps.db.read(organizationId, async (tx) => {
    const row = await tx.selectFrom('sign_in_provider').selectAll().where('organization_id', '=', organizationId).executeTakeFirst();
    if (!row) return null;
    const place = { row: row.id, field: 'sign_in_provider.client_secret' };
    const clientSecret = row.client_secret && unseal(await deps.keyring.key(tx, organizationId), place, row.client_secret);
    return { issuer: row.issuer, clientId: row.client_id, clientSecret, groupsClaim: row.groups_claim };
  });
}

/** The identity provider as an administrator sees it; null before it is configured, and to whoever may not see it. */
export async function findSignIn(deps: Pick<Wells, 'db'>, actor: Actor): Promise<SignIn | null> {
  if (!mayManage(actor, 'organization', 'read')) return null;
  const row = await deps.db.read(actor.organizationId, (tx) =>
    tx.selectFrom('sign_in_provider').select(COLUMNS).where('organization_id', '=', actor.organizationId).executeTakeFirst(),
  );
  return row ?? null;
}

function withoutSecret({ client_secret: _, ...rest }: Selectable<SignInProviderTable>): SignIn {
  return rest;
}

function parseClientId(text: string): string {
  // RFC 6749 appendix A.1: printable ASCII.
  if (/^[\x20-\x7e]{1,500}$/.test(text)) return text;
  throw invalid('clientId', 'A client id has 1 to 500 printable ASCII characters.');
}
