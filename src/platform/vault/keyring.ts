import { createHash, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OrganizationId } from '../../kernel/index.ts';
import type { IdentityTx, OwnerTx, Tx } from '../db/database.ts';
import { decrypt, encrypt } from './seal.ts';

interface MasterKey {
  /** Says which key wrapped a row, without saying anything about the key. */
  readonly id: string;
  readonly secret: KeyObject;
}

/** The master keys in force, newest first: the first wraps, all unwrap. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

/** An organization's data key, unwrapped; opaque, for `seal` and `unseal`. */
export interface DataKey {
  readonly organizationId: OrganizationId | 'platform';
  /** Held by the runtime, so that no inspection or heap of ours prints it. */
  readonly secret: KeyObject;
}

/** Comma-separated keys of 32 bytes in base64, newest first. Throws one sentence that says what is wrong. */
export function parseMasterKeys(text: string): MasterKeys {
  const keys = text.split(',').map((part): MasterKey => {
    const bytes = Buffer.from(part.trim(), 'base64');
    if (bytes.length !== 32 || bytes.toString('base64').replace(/=+$/, '') !== part.trim().replace(/=+$/, '')) throw new Error('KONTEXT_MASTER_KEY must hold one or more keys of 32 bytes in base64, separated by commas, newest first.');
    return { id: createHash('sha256').update('kontext master key id').update(bytes).digest('hex').slice(0, 16), secret: createSecretKey(bytes) };
  });
  return keys as unknown as MasterKeys; // split never answers an empty list
}

/** The key file of embedded mode: made on first use, readable by its owner alone. `made` says whether it is new. */
export async function openKeyFile(directory: string): Promise<{ keys: MasterKeys; path: string; made: boolean }> {
  const path = join(directory, 'master.key');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let made = true;
  try {
    // 'wx': of two processes that start together one makes the key and the other reads it.
    await writeFile(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    made = false;
  }
  return { keys: parseMasterKeys((await readFile(path, 'utf8')).trim()), path, made };
}

/** Data keys, one an organization, wrapped in the database and remembered unwrapped. */
export interface Keyring {
  /** Makes the organization's data key; once, with the organization. */
  create(tx: Tx | OwnerTx, organizationId: OrganizationId): Promise<void>;
  /** The organization's data key. Throws where there is none or no master key opens it. */
  key(tx: Tx | OwnerTx, organizationId: OrganizationId): Promise<DataKey>;
  /** Throws one sentence where a data key was wrapped by a master key that is not given. */
  check(tx: OwnerTx): Promise<void>;
  /** The server's own data key, made on first use. */
  platformKey(tx: IdentityTx): Promise<DataKey>;
}

type AnyTx = Tx | OwnerTx | IdentityTx;

export function openKeyring(masterKeys: MasterKeys): Keyring {
  const remembered = new Map<string, DataKey>();
  const place = (organizationId: string) => `data_key|${organizationId}|wrapped`;

  const insert = async (tx: AnyTx, organizationId: OrganizationId | 'platform'): Promise<void> => {
    const [newest] = masterKeys;
    await tx
      .insertInto('data_key')
      .values({ organization_id: organizationId, wrapped: encrypt(newest.secret, randomBytes(32), place(organizationId)), master_key_id: newest.id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  };
  const load = async (tx: AnyTx, organizationId: OrganizationId | 'platform'): Promise<DataKey | null> => {
    const known = remembered.get(organizationId);
    if (known) return known;
    const row = await tx.selectFrom('data_key').select(['wrapped', 'master_key_id']).where('organization_id', '=', organizationId).executeTakeFirst();
    if (!row) return null;
    const master = masterKeys.find((candidate) => candidate.id === row.master_key_id);
    if (!master) throw new Error(`No master key in KONTEXT_MASTER_KEY has the id ${row.master_key_id} that wrapped a data key.`);
    const key: DataKey = { organizationId, secret: createSecretKey(decrypt(master.secret, row.wrapped, place(organizationId))) };
    remembered.set(organizationId, key);
    return key;
  };
  return {
    async check(tx) {
      const rows = await tx.selectFrom('data_key').select('master_key_id').distinct().execute();
      const missing = rows.find(({ master_key_id }) => !masterKeys.some(({ id }) => id === master_key_id));
      if (missing) throw new Error(`No master key in force has the id ${missing.master_key_id} that wrapped a data key: KONTEXT_MASTER_KEY or the key file in DATA_DIR is not the one this database was made with.`);
    },
    create: insert,
    async key(tx, organizationId) {
      const key = await load(tx, organizationId);
      if (!key) throw new Error('the organization has no data key');
      return key;
    },
    async platformKey(tx) {
      const known = await load(tx, 'platform');
      if (known) return known;
      await insert(tx, 'platform');
      const made = await load(tx, 'platform');
      if (!made) throw new Error('the platform has no data key');
      return made;
    },
  };
}
