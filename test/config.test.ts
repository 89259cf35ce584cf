import { expect, it } from 'vitest';
import { readConfig, StartRefused } from '../src/config.ts';

const refused = (environment: Record<string, string>): string => {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(StartRefused);
    return (error as StartRefused).message;
  }
  return '';
};

it('starts on nothing: an embedded database and loopback addresses', () => {
  expect(readConfig({})).toMatchObject({ development: false, host: '127.0.0.1', port: 4000, sidecarPort: 4001, publicUrl: 'http://localhost:4000', sidecarUrl: 'http://localhost:4001', databaseUrl: undefined, dataDir: '.kontext', allowPrivateNetwork: false });
});

it('takes an empty variable as unset, and a URL without its last slash', () => {
  expect(readConfig({ PORT: '', PUBLIC_URL: 'https://kontext.example/' })).toMatchObject({ port: 4000, publicUrl: 'https://kontext.example' });
});

it.each<[string, Record<string, string>]>([
  ['PORT', { PORT: 'x' }],
  ['PORT', { PORT: '65536' }],
  ['SIDECAR_PORT', { SIDECAR_PORT: '1.5' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'kontext.example' }],
  ['DATABASE_URL', { DATABASE_URL: 'mysql://db' }],
  ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: '1' }],
  ['KONTEXT_ENV', { KONTEXT_ENV: 'staging' }],
  ['KONTEXT_BOOTSTRAP', { KONTEXT_BOOTSTRAP: 'Acme' }],
  ['KONTEXT_ALLOW_PRIVATE_NETWORK', { KONTEXT_ALLOW_PRIVATE_NETWORK: 'maybe' }],
  ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
])('names %s in one sentence where it is wrong', (name, environment) => {
  const sentence = refused(environment);
  expect(sentence).toMatch(new RegExp(`^${name} .+\\.$`));
  expect(sentence).not.toContain('\n');
});

it.each(['PUBLIC_URL', 'SIDECAR_URL'])('refuses %s over http outside of development and of this machine', (name) => {
  expect(refused({ [name]: 'http://kontext.example' })).toMatch(new RegExp(`^${name} must be https`));
  for (const url of ['http://localhost:9', 'http://127.0.0.1:9', 'http://[::1]:9', 'https://kontext.example']) expect(refused({ [name]: url })).toBe('');
  expect(refused({ [name]: 'http://kontext.example', KONTEXT_ENV: 'development' })).toBe('');
});

it('demands the master key where the database is a server', () => {
  expect(refused({ DATABASE_URL: 'postgres://db/kontext' })).toMatch(/^KONTEXT_MASTER_KEY is missing: [^\n]+\.$/);
  expect(refused({ DATABASE_URL: 'postgres://db/kontext', KONTEXT_MASTER_KEY: 'x' })).toBe('');
});

it('shows no secret of what it refuses', () => {
  expect(refused({ DATABASE_URL: 'mysql://kontext:hunter2@db', KONTEXT_MASTER_KEY: 'hunter2' })).not.toContain('hunter2');
});
