import { change, type ChangeDeps, type Changed, type EventDraft } from '../audit/index.ts';
import { systemActor, type OrganizationId } from '../kernel/index.ts';
import { isUniqueViolation, newId, type Tx } from '../platform/index.ts';
import { userDeactivated } from './ended.ts';
import { named } from './named.ts';
import { syncGroups } from './sync-groups.ts';
import type { User } from './user.ts';

/** What the organization's identity provider said of the person who signed in, from a verified ID token. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string;
  readonly emailVerified: boolean;
  /** May be empty: then the address stands for it. */
  readonly name: string;
  /** Null where the provider does not send groups: then they stay as they are. */
  readonly groups: readonly string[] | null;
}

/**
 * The user who signed in: the one this issuer and subject belong to, else the invited person with this verified address,
 * else a new MEMBER. Name, address and groups follow the claims. Two first sign-ins at once make one user. Throws
 * `forbidden` for a deactivated user, after the log has its `sign_in.failed`; nothing else is written then.
 */
export async function admitUser(
  deps: ChangeDeps,
  organizationId: OrganizationId,
  claims: Claims,
  request: { readonly requestId: string; readonly address: string | null },
): Promise<User> {
  const actor = { ...systemActor(organizationId, 'sign-in', request.requestId), address: request.address };
  const admit = (): Promise<User> => change(deps, actor, (tx) => admitInside(tx, organizationId, claims));
  const user = await admit().catch((error: unknown) => {
    // Another first sign-in of the same person won: this time the user is there.
    if (isUniqueViolation(error)) return admit();
    throw error;
  });
  if (user.status === 'ACTIVE') return user;
  throw userDeactivated();
}

async function admitInside(tx: Tx, organizationId: OrganizationId, claims: Claims): Promise<Changed<User>> {
  const known = (await lockKnown(tx, organizationId, claims)) ?? (await lockInvited(tx, organizationId, claims));
  if (known?.status === 'DEACTIVATED') {
    return { result: known, events: [{ kind: 'sign_in.failed', outcome: 'FAILURE', user: named(known), details: { reason: 'user_deactivated' } }] };
  }
  const user = known ? await follow(tx, known, claims) : await insertMember(tx, organizationId, claims);
  const first: EventDraft = known?.subject
    ? { kind: 'user.signed_in', user: named(user), details: { issuer: claims.issuer } }
    : { kind: 'user.created', user: named(user), details: { email: user.email, role: user.role, issuer: claims.issuer, invited: known !== undefined } };
  const groupsChanged = claims.groups && (await syncGroups(tx, user, claims.groups));
  return { result: user, events: groupsChanged ? [first, groupsChanged] : [first] };
}

function lockKnown(tx: Tx, organizationId: OrganizationId, { issuer, subject }: Claims): Promise<User | undefined> {
  return tx
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .forUpdate()
    .executeTakeFirst();
}

/** An address proves a person only once, and only where the provider vouches for it. */
async function lockInvited(tx: Tx, organizationId: OrganizationId, { email, emailVerified }: Claims): Promise<User | undefined> {
  if (!emailVerified) return undefined;
  return tx
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('subject', 'is', null)
    .where((eb) => eb(eb.fn('lower', ['email']), '=', eb.fn('lower', [eb.val(toText(email, 254))])))
    .forUpdate()
    .executeTakeFirst();
}

/** The user as the claims now say; what an invited person lacked is filled in. */
async function follow(tx: Tx, known: User, claims: Claims): Promise<User> {
  const next = { ...described(claims), issuer: claims.issuer, subject: claims.subject };
  if (known.subject && known.name === next.name && known.email === next.email) return known;
  return tx.updateTable('users').set(next).where('id', '=', known.id).returningAll().executeTakeFirstOrThrow();
}

function insertMember(tx: Tx, organizationId: OrganizationId, claims: Claims): Promise<User> {
  const { issuer, subject } = claims;
  return tx
    .insertInto('users')
    .values({ id: newId('user'), organization_id: organizationId, ...described(claims), role: 'MEMBER', status: 'ACTIVE', issuer, subject })
    .returningAll()
    .executeTakeFirstOrThrow();
}

function described(claims: Claims): { email: string; name: string } {
  const email = toText(claims.email, 254);
  return { email, name: toText(claims.name, 200) || email || claims.subject };
}

/** Claims are shown, never trusted: cut to what a row may hold instead of refusing the sign-in. */
const toText = (claim: string, length: number): string => claim.toWellFormed().replace(/\p{Cc}/gu, '').trim().slice(0, length).toWellFormed();
