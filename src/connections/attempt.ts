import { isId, type Id, type OrganizationId } from '../kernel/index.ts';
import { Secret, seal, unseal, type DataKey } from '../platform/index.ts';

/** How long a round trip through the browser may take. */
export const ATTEMPT_MS = 600_000;

/** An attempt as it stands in the path of our page: with its organization, without which no row can be read. */
export const formatAttempt = (organizationId: OrganizationId, attemptId: Id<'attempt'>): string => `${organizationId}.${attemptId}`;

/** Both ids in the path of our page, null where it holds anything else. */
export function parseAttempt(text: string): { readonly organizationId: OrganizationId; readonly attemptId: Id<'attempt'> } | null {
  const [organizationId, attemptId, ...rest] = text.split('.');
  return isId('organization', organizationId) && isId('attempt', attemptId) && rest.length === 0 ? { organizationId, attemptId } : null;
}

/** The organization that a state parameter names, null where it is none of ours. */
export function organizationOfState(state: string): OrganizationId | null {
  const [organizationId, token, ...rest] = state.split('.');
  return isId('organization', organizationId) && /^[\w-]{43}$/.test(token ?? '') && rest.length === 0 ? organizationId : null;
}

const place = (id: Id<'attempt'>) => ({ row: id, field: 'attempt.secrets' });

/** The PKCE verifier as the attempt keeps it until the callback. */
export function sealVerifier(key: DataKey, id: Id<'attempt'>, codeVerifier: Secret): Uint8Array {
  return seal(key, place(id), new Secret(JSON.stringify({ codeVerifier: codeVerifier.reveal() })));
}

export function openVerifier(key: DataKey, id: Id<'attempt'>, sealed: Uint8Array): Secret {
  const { codeVerifier } = JSON.parse(unseal(key, place(id), sealed).reveal()) as { codeVerifier: string };
  return new Secret(codeVerifier);
}
