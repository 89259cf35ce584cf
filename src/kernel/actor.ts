import type { ApplicationId, Id, OrganizationId, UserId } from './id.ts';

export const ROLES = ['OWNER', 'ADMIN', 'MEMBER'] as const;
export type Role = (typeof ROLES)[number];

/** Who acts, always inside one organization. Everything that writes or decides is handed one. */
export type Actor = UserActor | ServiceAccountActor | ApplicationActor | SystemActor;

interface InOrganization {
  readonly organizationId: OrganizationId;
  /** The request's id, for the log and the audit event. */
  readonly requestId: string;
  /** The caller's network address, null where there is none (jobs, commands). */
  readonly address: string | null;
}

/** A human, signed in through an application. */
export interface UserActor extends InOrganization {
  readonly kind: 'user';
  readonly userId: UserId;
  readonly name: string;
  readonly role: Role;
  /** The application that holds the user's token, null on our own pages. */
  readonly applicationId: ApplicationId | null;
  /** The authorization server's grant behind the token, null on our own pages. */
  readonly grantId: string | null;
}

/** A client-credentials identity that manages the control plane and never obtains a user's credential. */
export interface ServiceAccountActor extends InOrganization {
  readonly kind: 'service_account';
  readonly serviceAccountId: Id<'serviceAccount'>;
  readonly name: string;
  readonly scopes: readonly string[];
}

/** An application acting for itself, without a user. */
export interface ApplicationActor extends InOrganization {
  readonly kind: 'application';
  readonly applicationId: ApplicationId;
  readonly name: string;
}

/** The server itself: bootstrap, jobs, callbacks before anyone is known. */
export interface SystemActor extends InOrganization {
  readonly kind: 'system';
  readonly name: string;
}

/** The id an audit event records for the actor; the system has none of its own. */
export function actorId(actor: Actor): string | null {
  switch (actor.kind) {
    case 'user':
      return actor.userId;
    case 'service_account':
      return actor.serviceAccountId;
    case 'application':
      return actor.applicationId;
    case 'system':
      return null;
  }
}

export function systemActor(organizationId: OrganizationId, name: string, requestId: string): SystemActor {
  return { kind: 'system', organizationId, name, requestId, address: null };
}
