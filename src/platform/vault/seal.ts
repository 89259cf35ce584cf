import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { DataKey } from './keyring.ts';
import { Secret } from './secret.ts';

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Where a sealed value lives. Bound to the ciphertext: what is moved to another row or field does not open. */
export interface Place {
  readonly row: string;
  readonly field: string;
}

/** Seals a secret for one place of the key's organization; AES-256-GCM with a random nonce. */
export function seal(key: DataKey, place: Place, secret: Secret): Uint8Array {
  return encrypt(key.secret, Buffer.from(secret.reveal(), 'utf8'), bind(key, place));
}

/** Opens what `seal` made for this place. Throws where key, place or a single bit differs. */
export function unseal(key: DataKey, place: Place, sealed: Uint8Array): Secret {
  return new Secret(decrypt(key.secret, sealed, bind(key, place)).toString('utf8'));
}

const bind = (key: DataKey, place: Place): string => `${key.organizationId}|${place.row}|${place.field}`;

/** Format byte, nonce, tag, ciphertext. */
export function encrypt(key: KeyObject, plain: Uint8Array, boundTo: string): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(boundTo, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(FORMAT), iv, cipher.getAuthTag(), ciphertext]);
}

export function decrypt(key: KeyObject, sealed: Uint8Array, boundTo: string): Buffer {
  if (sealed[0] !== FORMAT || sealed.length < 1 + IV_BYTES + TAG_BYTES) throw new Error('not a sealed value');
  const tagAt = 1 + IV_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, tagAt), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(boundTo, 'utf8'));
  decipher.setAuthTag(sealed.subarray(tagAt, tagAt + TAG_BYTES));
  const plain = decipher.update(sealed.subarray(tagAt + TAG_BYTES));
  // Throws unless the tag holds; GCM keeps nothing back for it.
  decipher.final();
  return plain;
}
