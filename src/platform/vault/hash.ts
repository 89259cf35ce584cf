import { createHash, hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** SHA-256 of UTF-8 text. For bearer values of at least 128 random bits, which need no slow hash. */
export function digest(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

/** SHA-256 of the parts one after the other. */
export function digestBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/** SHA-256 in lower-case hexadecimal. */
export function digestHex(text: string): string {
  return hash('sha256', text, 'hex');
}

/** A bearer value nobody can guess: 256 random bits in base64url, 43 characters. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares two digests of equal length in constant time. */
export function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
