import { describe, expect, test } from 'vitest';
import { parseEmail, parseIssuer, parseName, parseRedirectUris, parseScopes } from '../../src/directory/parse.ts';

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('redirect URIs', () => {
  test.each([
    'https://app.example.com/callback',
    'https://app.example.com/callback?tenant=1',
    'http://localhost/callback',
    'http://localhost:8123/callback',
    'http://127.0.0.1:8123/',
    'http://[::1]:8123/callback',
    'com.example.app:/callback',
    'com.example.app://callback',
  ])('%s is kept as it is', (uri) => {
    expect(parseRedirectUris([uri])).toEqual([uri]);
  });

  test.each([
    ['/callback', 'not absolute'],
    ['', 'empty'],
    ['http://app.example.com/callback', 'http elsewhere'],
    ['http://localhost.example.com/', 'only looks like loopback'],
    ['http://localhost./', 'another name than localhost'],
    ['https://app.example.com/callback#', 'a fragment, though empty'],
    ['https://*.example.com/callback', 'a wildcard'],
    ['https://user@example.com/', 'a user name'],
    ['https:example.com', 'no host of its own'],
    ['https:///example.com', 'an empty host'],
    [' https://example.com/', 'white space that a parser would drop'],
    ['https://example.com/\ncallback', 'a line break'],
    ['https://example.com\\@evil.test/', 'a backslash'],
    ['javascript:alert(1)', 'a scheme without a dot'],
    ['myapp://callback', 'a scheme without a dot'],
    [`https://example.com/${'a'.repeat(2_000)}`, 'too long'],
  ])('%j is refused: %s', (uri) => {
    const fault = thrownBy(() => parseRedirectUris(['https://example.com/', uri]));
    expect(fault).toMatchObject({ code: 'invalid_input', field: 'redirectUris.1' });
  });

  test('none twice, and not without end', () => {
    expect(thrownBy(() => parseRedirectUris(['https://a.test/', 'https://a.test/']))).toMatchObject({ code: 'invalid_input', field: 'redirectUris.1' });
    const many = Array.from({ length: 51 }, (_, index) => `https://a.test/${index}`);
    expect(thrownBy(() => parseRedirectUris(many))).toMatchObject({ code: 'invalid_input', field: 'redirectUris' });
  });
});

test.each(['https://idp.example.com', 'https://idp.example.com/', 'https://idp.example.com/realms/acme', 'http://localhost:4100', 'http://[::1]:4100'])('issuer %s is kept as it is', (issuer) => {
  expect(parseIssuer(issuer)).toBe(issuer);
});

test.each(['idp.example.com', 'http://idp.example.com', 'https://idp.example.com?x=1', 'https://idp.example.com#x', 'ftp://idp.example.com', 'https://a:b@idp.example.com', 'com.example:/x'])('issuer %s is refused', (issuer) => {
  expect(thrownBy(() => parseIssuer(issuer))).toMatchObject({ code: 'invalid_input', field: 'issuer' });
});

test('names are trimmed, one to 200 characters, without control characters', () => {
  expect(parseName('  Acme, Inc.  ')).toBe('Acme, Inc.');
  expect(parseName('ä'.repeat(200))).toHaveLength(200);
  for (const name of ['', '   ', 'a'.repeat(201), 'a\u0000b', 'a\nb', 'a\uD800']) {
    expect(thrownBy(() => parseName(name, 'input.name'))).toMatchObject({ code: 'invalid_input', field: 'input.name' });
  }
});

test('addresses look like addresses', () => {
  expect(parseEmail(' alice@acme.test ')).toBe('alice@acme.test');
  for (const email of ['', 'alice', '@acme.test', 'alice@', 'a b@acme.test', 'a@b@c', 'a\u0000@acme.test', `${'a'.repeat(250)}@acme.test`]) {
    expect(thrownBy(() => parseEmail(email))).toMatchObject({ code: 'invalid_input', field: 'email' });
  }
});

test('scopes are known, at least one, none twice', () => {
  expect(parseScopes(['management:users:read', 'management:all'])).toEqual(['management:users:read', 'management:all']);
  expect(thrownBy(() => parseScopes([]))).toMatchObject({ code: 'invalid_input', field: 'scopes' });
  expect(thrownBy(() => parseScopes(['management:all', 'management:everything:read']))).toMatchObject({ code: 'invalid_input', field: 'scopes.1' });
  expect(thrownBy(() => parseScopes(['management:all', 'management:all']))).toMatchObject({ code: 'invalid_input', field: 'scopes.1' });
});
