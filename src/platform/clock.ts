import { randomFillSync } from 'node:crypto';
import { formatId, type Id, type IdKind } from '../kernel/index.ts';

/** The time, so that tests can move it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

const POOL = new Uint8Array(10 * 256);
let used = POOL.length;

/** A new id of this kind; ids of one kind sort by time. */
export function newId<K extends IdKind>(kind: K): Id<K> {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const random = POOL.subarray(used, (used += 10));
  return formatId(kind, Date.now(), random);
}
