import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askProvider, authorizationUrl } from '../../src/identity/sign-in-provider.ts';
import { Secret } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

/** What an identity provider may say wrong, each said by one that is right in everything else. */
interface Lies {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly claims?: (honest: JWTPayload) => JWTPayload;
  readonly key?: CryptoKey;
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly userinfo?: Readonly<Record<string, unknown>>;
  readonly callback?: Readonly<Record<string, string>>;
}

const TRIP = { state: 'the-state', verifier: 'v'.repeat(43), nonce: 'the-nonce' };
const PERSON = { sub: 'alice', email: 'alice@acme.test', email_verified: true, name: 'Alice', groups: ['Engineering'] };

describe('of an identity provider, sign-in believes', () => {
  let wells: TestWells;
  let server: Server;
  let issuer: string;
  let key: CryptoKey;
  let jwk: Record<string, unknown>;
  let lies: Lies = {};
  let seen: { path: string; body: string }[] = [];
  beforeAll(async () => {
    wells = await openTestWells();
    const pair = await generateKeyPair('RS256');
    key = pair.privateKey;
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
    server = createServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      seen.push({ path: req.url ?? '', body });
      const answer = await ANSWERS[req.url ?? '']?.();
      res.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await wells[Symbol.asyncDispose]();
  });

  const ANSWERS: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
      ...lies.metadata,
    }),
    '/keys': () => ({ keys: [jwk] }),
    '/token': async () => ({ access_token: 'a', token_type: 'Bearer', id_token: await idToken(), ...lies.answer }),
    '/userinfo': () => ({ ...PERSON, ...lies.userinfo }),
  };
  const idToken = () => {
    const now = Math.floor(Date.now() / 1_000);
    const honest = { iss: issuer, sub: 'alice', aud: 'kontext', iat: now, exp: now + 300, nonce: TRIP.nonce };
    return new SignJWT(lies.claims?.(honest) ?? honest).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(lies.key ?? key);
  };
  const ask = async (told: Lies) => {
    lies = told;
    seen = [];
    const callback = new URL(`${wells.urls.public}/sign-in/callback?${new URLSearchParams({ code: 'c', state: TRIP.state, iss: issuer, ...told.callback })}`);
    // Another door each time, since a door remembers what a provider said.
    const deps = { ...wells, fetch: (...request: Parameters<typeof wells.fetch>) => wells.fetch(...request) };
    return askProvider(deps, { issuer, clientId: 'kontext', clientSecret: new Secret('s'), groupsClaim: 'groups' }, callback, TRIP);
  };

  it('what an honest one says, asked with PKCE, state and nonce', async () => {
    expect(await ask({})).toEqual({ issuer, subject: 'alice', email: 'alice@acme.test', emailVerified: true, name: 'Alice', groups: ['Engineering'] });
    expect(seen.find(({ path }) => path === '/token')?.body).toContain(`code_verifier=${TRIP.verifier}`);
    const provider = { issuer, clientId: 'kontext', clientSecret: new Secret('s'), groupsClaim: 'groups' };
    const url = await authorizationUrl(wells, provider, { ...TRIP, loginHint: undefined, afresh: false });
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ response_type: 'code', scope: expect.stringContaining('openid'), state: TRIP.state, nonce: TRIP.nonce, code_challenge_method: 'S256', code_challenge: expect.stringMatching(/^[\w-]{43}$/) });
  });

  it('an address to be verified only where it says so', async () => {
    expect(await ask({ userinfo: { email_verified: 'true' } })).toMatchObject({ emailVerified: false });
    expect(await ask({ userinfo: { email_verified: undefined } })).toMatchObject({ emailVerified: false });
  });

  it.each<[string, Lies | (() => Promise<Lies>)]>([
    ['metadata of another issuer', { metadata: { issuer: 'https://evil.test' } }],
    ['an answer of another issuer', { callback: { iss: 'https://evil.test' } }],
    ['an answer to another state', { callback: { state: 'another' } }],
    ['an ID token of another issuer', { claims: (honest) => ({ ...honest, iss: 'https://evil.test' }) }],
    ['an ID token for another client', { claims: (honest) => ({ ...honest, aud: 'another' }) }],
    ['an ID token for several clients that another one asked for', { claims: (honest) => ({ ...honest, aud: ['kontext', 'another'], azp: 'another' }) }],
    ['an ID token that has expired', { claims: (honest) => ({ ...honest, exp: honest.iat! - 600 }) }],
    ['an ID token that never expires', { claims: ({ exp: _, ...honest }) => honest }],
    ['an ID token without a subject', { claims: ({ sub: _, ...honest }) => honest }],
    ['an ID token with another nonce', { claims: (honest) => ({ ...honest, nonce: 'another' }) }],
    ['an ID token without the nonce', { claims: ({ nonce: _, ...honest }) => honest }],
    ['an ID token signed by another key', async () => ({ key: (await generateKeyPair('RS256')).privateKey })],
    ['no ID token', { answer: { id_token: undefined } }],
    ['user information about somebody else', { userinfo: { sub: 'mallory' } }],
  ])('never %s', async (_name, made) => {
    const told = typeof made === 'function' ? await made() : made;
    await expect(ask(told)).rejects.toMatchObject({ code: 'provider_failed' });
  });

  it('nobody without an address', async () => {
    await expect(ask({ userinfo: { email: undefined } })).rejects.toMatchObject({ code: 'forbidden', hint: expect.stringContaining('email') });
  });
});
