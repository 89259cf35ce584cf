import { exportJWK, generateKeyPair, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSigningKeys } from '../../src/identity/signing-keys.ts';
import { openTokenVerifier, type TokenVerifier } from '../../src/identity/verify-token.ts';
import { newId, resourcesOf } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

describe('access tokens', () => {
  let wells: TestWells;
  let verify: TokenVerifier;
  let key: CryptoKey;
  beforeAll(async () => {
    wells = await openTestWells();
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
    verify = openTokenVerifier(wells, { signing: [], verifying: [jwk] });
    return () => wells[Symbol.asyncDispose]();
  });

  const claims = (): JWTPayload => {
    const seconds = Math.floor(wells.clock.now().getTime() / 1000);
    return { iss: wells.urls.public, sub: newId('user'), aud: [resourcesOf(wells.urls).gateway, resourcesOf(wells.urls).sidecar], iat: seconds, exp: seconds + 900, jti: 'j', client_id: newId('application'), org: newId('organization'), grant_id: 'g', scope: 'openid email' };
  };
  const sign = (payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}, by: CryptoKey | Uint8Array = key) => new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k', ...header }).sign(by);
  const sidecar = () => resourcesOf(wells.urls).sidecar;

  it('say what they say', async () => {
    const payload = claims();
    expect(await verify(await sign(payload), sidecar())).toEqual({
      organizationId: payload['org'],
      subject: { kind: 'user', userId: payload.sub },
      clientId: payload['client_id'],
      scopes: ['openid', 'email'],
      grantId: 'g',
      audience: payload.aud,
      expiresAt: new Date(payload.exp! * 1000),
    });
    const account = newId('serviceAccount');
    const { grant_id: _, ...own } = claims();
    expect(await verify(await sign({ ...own, sub: account, client_id: account, aud: sidecar() }), sidecar())).toMatchObject({ subject: { kind: 'service_account', id: account }, grantId: null });
  });

  it.each<[string, (payload: JWTPayload) => Promise<string>]>([
    ['no token at all', async () => 'nonsense'],
    ['another key', async (payload) => sign(payload, {}, (await generateKeyPair('ES256')).privateKey)],
    ['the public key as a secret', async (payload) => sign(payload, { alg: 'HS256' }, new TextEncoder().encode('x'.repeat(64)))],
    ['a key that its header carries', async (payload) => {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      return sign(payload, { jwk: await exportJWK(publicKey) }, privateKey);
    }],
    ['a key that its header points at', async (payload) => sign(payload, { kid: 'elsewhere', jku: 'https://evil.test/keys', x5u: 'https://evil.test/chain' }, (await generateKeyPair('ES256')).privateKey)],
    ['no signature', async (payload) => `${btoa('{"alg":"none","typ":"at+jwt"}').replaceAll('=', '')}.${btoa(JSON.stringify(payload)).replaceAll('=', '')}.`],
    ['an ID token', async (payload) => sign(payload, { typ: 'JWT' })],
    ['another issuer', async (payload) => sign({ ...payload, iss: 'https://evil.test' })],
    ['another audience', async (payload) => sign({ ...payload, aud: 'https://evil.test' })],
    ['no audience', async ({ aud: _, ...payload }) => sign(payload)],
    ['an expired one', async (payload) => sign({ ...payload, exp: payload.iat! - 1 })],
    ['one that never expires', async ({ exp: _, ...payload }) => sign(payload)],
    ['no organization', async ({ org: _, ...payload }) => sign(payload)],
    ['a user without a grant', async ({ grant_id: _, ...payload }) => sign(payload)],
    ['a service account that is somebody else\'s', async (payload) => sign({ ...payload, sub: newId('serviceAccount') })],
  ])('refuse %s', async (_name, make) => {
    await expect(make(claims()).then((token) => verify(token, sidecar()))).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('are remembered, for their own audience and until they expire', async () => {
    const token = await sign(claims());
    expect(await verify(token, sidecar())).toBe(await verify(token, sidecar()));
    await expect(verify(token, resourcesOf(wells.urls).graphql)).rejects.toMatchObject({ code: 'unauthenticated' });
    wells.clock.advance(901_000);
    await expect(verify(token, sidecar())).rejects.toMatchObject({ code: 'unauthenticated' });
    wells.clock.advance(-901_000);
  });

  it('are signed by one key, however many processes start at once', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => openSigningKeys(wells)));
    const first = opened[0]!;
    expect(first.signing).toHaveLength(1);
    for (const keys of opened) expect(keys).toEqual(first);
    expect(await openSigningKeys(wells)).toEqual(first);
    const rows = await wells.db.asOwner((tx) => tx.selectFrom('signing_key').selectAll().execute());
    expect(JSON.stringify(rows[0]!.public_jwk)).not.toContain('"d"');
    expect(Buffer.from(rows[0]!.private_jwk).toString('latin1')).not.toContain(first.signing[0]!.d!);
  });
});
