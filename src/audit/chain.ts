import type { OrganizationId } from '../kernel/index.ts';
import { digest, digestBytes } from '../platform/index.ts';

/** The hash before the first event of an organization's log; different for each, so that no log passes for another's. */
export function genesisHash(organizationId: OrganizationId): Uint8Array {
  return digest(`kontext audit log of ${organizationId}`);
}

/**
 * The hash of an event: SHA-256 over the predecessor's hash, the sequence number (8 bytes, big-endian) and the body's
 * UTF-8 bytes. `append_audit` in the migrations computes the same; a test holds one against the other.
 */
export function chainHash(previous: Uint8Array, sequence: number, body: string): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(sequence));
  return digestBytes(previous, number, new TextEncoder().encode(body));
}
