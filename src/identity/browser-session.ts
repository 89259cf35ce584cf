import type { IncomingMessage } from 'node:http';
import type { OrganizationId, Role, UserActor, UserId } from '../kernel/index.ts';
import { cookieName, digest, digestHex, formatCookie, randomToken, readCookies, sameDigest, type Urls, type Wells } from '../platform/index.ts';
import { userDeactivated } from '../directory/index.ts';
import { LIFETIMES } from './lifetimes.ts';
import type { Origin } from './origin.ts';

const SESSION = 'kontext_session';
const BROWSER = 'kontext_browser';

/** Who is signed in in a browser. */
export interface BrowserUser {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly name: string;
  readonly role: Role;
  readonly signedInAt: Date;
}

const isSecure = (urls: Urls): boolean => urls.public.startsWith('https:');
const readCookie = (urls: Urls, req: IncomingMessage, name: string): string | undefined => readCookies(req).get(cookieName(name, isSecure(urls)));

/** The active user whose session the browser's cookie names; null where there is none or it has ended. */
export async function findBrowserUser(deps: Pick<Wells, 'db' | 'clock' | 'urls'>, req: IncomingMessage): Promise<BrowserUser | null> {
  const token = readCookie(deps.urls, req, SESSION);
  if (token === undefined) return null;
  const row = await deps.db.asIdentity((tx) =>
    tx
      .selectFrom('browser_session as session')
      .innerJoin('users', 'users.id', 'session.user_id')
      .select(['session.organization_id', 'session.user_id', 'session.created_at', 'users.name', 'users.role'])
      .where('session.digest', '=', digest(token))
      .where('session.expires_at', '>', deps.clock.now())
      .where('users.status', '=', 'ACTIVE')
      .executeTakeFirst(),
  );
  return row ? { organizationId: row.organization_id, userId: row.user_id, name: row.name, role: row.role, signedInAt: row.created_at } : null;
}

/** The user acting on our own pages. */
export function toActor({ organizationId, userId, name, role }: BrowserUser, { requestId, address }: Origin): UserActor {
  return { kind: 'user', organizationId, userId, name, role, applicationId: null, grantId: null, requestId, address };
}

/** Signs the user in in this browser and answers the cookie; a session the browser had before ends. `forbidden` where the user was deactivated meanwhile. */
export async function openBrowserSession(deps: Pick<Wells, 'db' | 'clock' | 'urls'>, req: IncomingMessage, organizationId: OrganizationId, userId: UserId): Promise<string> {
  const token = randomToken();
  const before = readCookie(deps.urls, req, SESSION);
  const now = deps.clock.now();
  await deps.db.asIdentity(async (tx) => {
    if (before !== undefined) await tx.deleteFrom('browser_session').where('digest', '=', digest(before)).execute();
    const expires_at = new Date(now.getTime() + LIFETIMES.browserSession * 1000);
    await tx.insertInto('browser_session').values({ digest: digest(token), organization_id: organizationId, user_id: userId, created_at: now, expires_at }).execute();
    // The foreign key has locked the user's row: whoever deactivates from here on waits and ends this session too; who did before is seen here.
    const user = await tx.selectFrom('users').select('status').where('id', '=', userId).executeTakeFirst();
    if (user?.status !== 'ACTIVE') throw userDeactivated();
  });
  return formatCookie(SESSION, token, { secure: isSecure(deps.urls), maxAgeSeconds: LIFETIMES.browserSession });
}

/** What a form on our pages carries so that no other site can send it: bound to the browser's session and to its purpose. */
export function formToken(urls: Urls, req: IncomingMessage, purpose: string): string {
  return digestHex(`${readCookie(urls, req, SESSION) ?? ''} ${purpose}`);
}

export function isFormToken(urls: Urls, req: IncomingMessage, purpose: string, presented: string): boolean {
  return readCookie(urls, req, SESSION) !== undefined && sameDigest(digest(presented), digest(formToken(urls, req, purpose)));
}

/** What ties a round trip to the browser that began it: the digest to remember, and the cookie to set. */
export interface BrowserMark {
  readonly digest: Uint8Array;
  readonly cookie: string;
}

/** The browser's mark, kept where it has one so that two tabs do not disturb each other. */
export function markBrowser(urls: Urls, req: IncomingMessage): BrowserMark {
  const token = readCookie(urls, req, BROWSER) ?? randomToken();
  return { digest: digest(token), cookie: formatCookie(BROWSER, token, { secure: isSecure(urls), maxAgeSeconds: LIFETIMES.attempt }) };
}

/** The digest of the browser's mark; null where it never began anything here, or too long ago. */
export function browserMark(urls: Urls, req: IncomingMessage): Uint8Array | null {
  const token = readCookie(urls, req, BROWSER);
  return token === undefined ? null : digest(token);
}
