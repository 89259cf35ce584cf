import type { AdapterPayload, Client } from 'oidc-provider';
import { findClient } from '../directory/index.ts';
import { digest, randomToken, sameDigest, type Wells } from '../platform/index.ts';
import type { OrganizationId } from '../kernel/index.ts';

export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** What we keep beside the metadata that the library knows; it travels as client metadata of our own. */
export interface OurMetadata {
  readonly kind: 'application' | 'service_account';
  readonly organizationId: OrganizationId;
  readonly scopes: readonly string[];
  /** SHA-256 of each live secret, in hexadecimal. */
  readonly secretDigests: readonly string[];
}

/** The name under which `OurMetadata` stands on a client. */
export const OUR_METADATA = 'kontext';

export function clientMetadata(client: Client): OurMetadata {
  return client[OUR_METADATA] as OurMetadata; // put there by loadClient, the only source of clients
}

/** The library insists on a secret and would compare with it; ours are digests, so this one is known to nobody. */
const UNUSED_SECRET = randomToken();

/** A client as the library wants it; undefined where it is unknown, disabled or revoked, which are one answer everywhere. */
export async function loadClient(deps: Pick<Wells, 'db'>, clientId: string): Promise<AdapterPayload | undefined> {
  const client = await findClient(deps, clientId);
  if (!client?.enabled) return undefined;
  const redirectUris = client.kind === 'application' ? client.redirectUris : [];
  const ours: OurMetadata = {
    kind: client.kind,
    organizationId: client.organizationId,
    scopes: client.scopes,
    // In one order: the library remembers a client by its metadata.
    secretDigests: client.secretDigests.map((secret) => Buffer.from(secret).toString('hex')).sort(),
  };
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: isNative(redirectUris) ? 'native' : 'web',
    redirect_uris: [...redirectUris],
    response_types: redirectUris.length > 0 ? ['code'] : [],
    grant_types: client.kind === 'service_account' ? ['client_credentials', EXCHANGE_GRANT] : ['authorization_code', 'refresh_token', EXCHANGE_GRANT],
    // A confidential client may send its secret in the header or in the body: the library takes either for either method.
    token_endpoint_auth_method: client.confidential ? 'client_secret_basic' : 'none',
    ...(client.confidential && { client_secret: UNUSED_SECRET }),
    [OUR_METADATA]: ours,
  };
}

/** The comparison of secrets by digest, for the library's client to use in place of its own. */
export function compareByDigest(this: Client, presented: string): boolean {
  const presentedDigest = digest(presented);
  // Every live secret is compared, so that the time does not say which one matched.
  const same = clientMetadata(this).secretDigests.map((stored) => sameDigest(presentedDigest, Buffer.from(stored, 'hex')));
  return same.includes(true);
}

const LOOPBACK = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?([/?]|$)/;

/** On a user's machine: loopback URIs match on any port there (RFC 8252 section 7.3), and consent is asked every time. */
function isNative(redirectUris: readonly string[]): boolean {
  return redirectUris.some((uri) => !uri.startsWith('https:')) && !redirectUris.some((uri) => uri.startsWith('https:') && LOOPBACK.test(uri));
}
