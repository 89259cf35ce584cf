import { createSecretKey, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, digestBytes, digestHex, newId, openKeyFile, openKeyring, openLog, parseMasterKeys, randomToken, sameDigest, seal, Secret, unseal, type DataKey, type Place } from '../../src/platform/index.ts';
import { openTestWells } from '../support/wells.ts';

const keyOf = (organizationId = newId('organization')): DataKey => ({ organizationId, secret: createSecretKey(randomBytes(32)) });
const place: Place = { row: newId('connection'), field: 'connection.credential' };

describe('a sealed value', () => {
  it('opens in its place', () => {
    const key = keyOf();
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (plain) => void expect(unseal(key, place, seal(key, place, new Secret(plain))).reveal()).toBe(plain.toWellFormed())));
  });

  it('does not open in another row, field or organization, nor with another key', () => {
    const key = keyOf();
    const sealed = seal(key, place, new Secret('token'));
    expect(() => unseal(key, { ...place, row: newId('connection') }, sealed)).toThrow();
    expect(() => unseal(key, { ...place, field: 'integration.server_token' }, sealed)).toThrow();
    expect(() => unseal({ ...key, organizationId: newId('organization') }, place, sealed)).toThrow();
    expect(() => unseal({ ...key, secret: createSecretKey(randomBytes(32)) }, place, sealed)).toThrow();
    // What ends in one part cannot begin in the next.
    expect(() => unseal(key, { row: `${place.row}|connection`, field: 'credential' }, sealed)).toThrow();
  });

  it('does not open with any bit flipped or any byte missing', () => {
    const key = keyOf();
    const sealed = seal(key, place, new Secret('token'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Uint8Array.from(sealed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unseal(key, place, flipped)).toThrow();
    }
    for (let length = 0; length < sealed.length; length++) expect(() => unseal(key, place, sealed.subarray(0, length))).toThrow();
    expect(() => unseal(key, place, Buffer.concat([sealed, Buffer.of(0)]))).toThrow();
  });

  it('is never the same twice and says nothing of its text', () => {
    const key = keyOf();
    const sealed = Array.from({ length: 100 }, () => Buffer.from(seal(key, place, new Secret('token'))));
    expect(new Set(sealed.map((bytes) => bytes.toString('hex')))).toHaveLength(100);
    expect(new Set(sealed.map((bytes) => bytes.subarray(1, 13).toString('hex')))).toHaveLength(100);
    expect(sealed.some((bytes) => bytes.includes('token'))).toBe(false);
  });
});

describe('master keys', () => {
  const encoded = (): string => randomBytes(32).toString('base64');

  it.each(['', ' ', 'x', encoded().slice(0, 40), `${encoded()},`, randomBytes(31).toString('base64'), randomBytes(33).toString('base64'), randomBytes(32).toString('hex')])('refuses %j in one sentence', (wrong) => {
    expect(() => parseMasterKeys(wrong)).toThrow(/^KONTEXT_MASTER_KEY must hold one or more keys of 32 bytes in base64, separated by commas, newest first\.$/);
  });

  it('are told apart by an id that says nothing of the key', () => {
    const [one, other] = [encoded(), encoded()];
    const keys = parseMasterKeys(` ${one} , ${other}`);
    expect(keys.map(({ id }) => id)).toEqual([parseMasterKeys(one)[0].id, parseMasterKeys(other)[0].id]);
    expect(keys[0].id).toMatch(/^[0-9a-f]{16}$/);
  });

  it('wrap with the newest and open with all, so that they rotate', async () => {
    await using wells = await openTestWells({ organizations: 1 });
    const [old] = wells.organizations;
    const newest = encoded();
    const bytesOf = (keyring: ReturnType<typeof openKeyring>) => wells.db.asOrganization(old!, async (tx) => (await keyring.key(tx, old!)).secret.export());
    const original = await bytesOf(wells.keyring);
    const both = openKeyring(parseMasterKeys(`${newest},${wells.masterKey}`));
    expect(await bytesOf(both)).toEqual(original);

    const fresh = newId('organization');
    await wells.db.asOrganization(fresh, async (tx) => {
      await tx.insertInto('organization').values({ id: fresh, name: 'Fresh' }).execute();
      await both.create(tx, fresh);
    });
    const rows = await wells.db.asOwner((tx) => tx.selectFrom('data_key').select(['organization_id', 'master_key_id']).execute());
    expect(rows.find((row) => row.organization_id === fresh)?.master_key_id).toBe(parseMasterKeys(newest)[0].id);

    const missing = parseMasterKeys(wells.masterKey)[0].id;
    await expect(bytesOf(openKeyring(parseMasterKeys(newest)))).rejects.toThrow(`No master key in KONTEXT_MASTER_KEY has the id ${missing} that wrapped a data key.`);
  });

  it('do not open a data key that was moved to another organization', async () => {
    await using wells = await openTestWells({ organizations: 2 });
    const [one, other] = wells.organizations;
    await wells.db.asOwner(async (tx) => {
      const { wrapped } = await tx.selectFrom('data_key').select('wrapped').where('organization_id', '=', one!).executeTakeFirstOrThrow();
      await tx.updateTable('data_key').set({ wrapped }).where('organization_id', '=', other!).execute();
    });
    const keyring = openKeyring(parseMasterKeys(wells.masterKey));
    await expect(wells.db.asOrganization(other!, (tx) => keyring.key(tx, other!))).rejects.toThrow();
  });

  it('make the server\'s own key once', async () => {
    await using wells = await openTestWells();
    const nodes = [wells.keyring, openKeyring(parseMasterKeys(wells.masterKey)), openKeyring(parseMasterKeys(wells.masterKey))];
    const keys = await Promise.all(nodes.map((keyring) => wells.db.asIdentity((tx) => keyring.platformKey(tx))));
    expect(new Set(keys.map(({ secret }) => secret.export().toString('hex')))).toHaveLength(1);
  });
});

describe('the key file', () => {
  it('is made once, for its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kontext-key-'));
    try {
      const directory = join(folder, 'data');
      const first = await openKeyFile(directory);
      const second = await openKeyFile(directory);
      expect(first).toMatchObject({ made: true, path: join(directory, 'master.key') });
      expect(second).toEqual({ ...first, made: false });
      expect((await stat(first.path)).mode & 0o777).toBe(0o600);
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is one, however many processes start together', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kontext-key-'));
    try {
      const script = `import { openKeyFile } from ${JSON.stringify(new URL('../../src/platform/vault/keyring.ts', import.meta.url).href)};
        const { keys, made } = await openKeyFile(process.argv[1]); console.log(JSON.stringify([keys[0].id, made]));`;
      const outputs = await Promise.all(Array.from({ length: 6 }, () => text(spawn(process.execPath, ['--input-type=module', '-e', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout)));
      const answers = outputs.map((output) => JSON.parse(output) as [string, boolean]);
      expect(new Set(answers.map(([id]) => id))).toHaveLength(1);
      expect(answers.filter(([, made]) => made)).toHaveLength(1);
      expect(await readFile(join(folder, 'master.key'), 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a Secret', () => {
  const secret = new Secret('hunter2');
  it.each<[string, string]>([
    ['a template', `${secret}`],
    ['concatenation', String(secret)],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ deep: { secret } }, { showHidden: true, depth: null })],
    ['its keys', JSON.stringify([Object.keys(secret), Object.getOwnPropertyNames(secret), { ...secret }])],
    ['an error', inspect(new Error('failed', { cause: secret }), { depth: null })],
  ])('does not show in %s', (_, shown) => {
    expect(shown).not.toContain('hunter2');
  });

  it('does not show in the log, nor do the names under which libraries carry secrets', () => {
    const lines: string[] = [];
    const log = openLog('debug', { write: (line: string) => void lines.push(line) });
    log.info({ secret, other: secret, err: Object.assign(new Error('x'), { access_token: 'hunter2' }), body: { client_secret: 'hunter2', deep: { refresh_token: 'hunter2' } }, headers: { authorization: 'hunter2', cookie: 'hunter2' } }, `${secret}`);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('hunter2');
  });

  it('is cloned without its text', () => {
    expect(JSON.stringify(structuredClone({ secret }))).not.toContain('hunter2');
  });
});

it('hashes and makes tokens as it says', () => {
  expect(Buffer.from(digest('abc')).toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(digestHex('abc')).toBe(Buffer.from(digest('abc')).toString('hex'));
  expect(digestBytes(Buffer.from('a'), Buffer.from('bc'))).toEqual(digest('abc'));
  expect(sameDigest(digest('a'), digest('a'))).toBe(true);
  expect(sameDigest(digest('a'), digest('b'))).toBe(false);
  expect(sameDigest(digest('a'), digest('a').subarray(1))).toBe(false);
  expect(randomToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(Array.from({ length: 1_000 }, randomToken))).toHaveLength(1_000);
});
