import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authorizationUrl } from '../../src/identity/sign-in-provider.ts';
import { Secret } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';

describe('of the identity provider\'s description, sign-in', () => {
  let wells: TestWells;
  let deps: TestWells;
  let server: Server;
  let issuer: string;
  let asked = 0;
  let broken = false;
  beforeAll(async () => {
    wells = await openTestWells();
    server = createServer((_req, res) => {
      asked++;
      const metadata = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` };
      res.writeHead(broken ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await wells[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    deps = { ...wells, fetch: (...request) => wells.fetch(...request) };
    asked = 0;
    broken = false;
  });

  const begin = (secret = 's', clientId = 'kontext') =>
    authorizationUrl(deps, { issuer, clientId, clientSecret: new Secret(secret), groupsClaim: 'groups' }, { state: 's', verifier: 'v'.repeat(43), nonce: 'n', loginHint: undefined, afresh: false });

  it('asks once, however many begin at once, and again after five minutes', async () => {
    const urls = await Promise.all(Array.from({ length: 20 }, () => begin()));
    expect(new Set(urls.map(({ pathname }) => pathname))).toEqual(new Set(['/authorize']));
    expect(asked).toBe(1);
    wells.clock.advance(299_000);
    await begin();
    expect(asked).toBe(1);
    wells.clock.advance(2_000);
    await begin();
    expect(asked).toBe(2);
  });

  it('remembers each client and each secret for itself', async () => {
    await begin();
    await begin('another');
    expect((await begin('s', 'another')).searchParams.get('client_id')).toBe('another');
    expect(asked).toBe(3);
  });

  it('remembers a failure for five seconds', async () => {
    broken = true;
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => begin()));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'provider_failed' } });
    expect(asked).toBe(1);
    broken = false;
    await expect(begin()).rejects.toMatchObject({ code: 'provider_failed' });
    wells.clock.advance(5_001);
    await begin();
    expect(asked).toBe(2);
  });

  it('remembers no more than a bounded number', async () => {
    for (let count = 0; count <= 500; count++) await begin('s', `client-${count}`);
    await begin('s', 'client-500');
    expect(asked).toBe(501);
    await begin('s', 'client-0');
    expect(asked).toBe(502);
  });
});
