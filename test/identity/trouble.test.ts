import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIdentity } from '../../src/identity/index.ts';
import { sweep } from '../../src/identity/sweep.ts';
import { openHttpServer, type HttpServer } from '../../src/http/server.ts';
import { Fault } from '../../src/kernel/index.ts';
import type { Database } from '../../src/platform/index.ts';
import { obtainTokens, openStage, type Stage } from './stage.ts';

describe('in trouble, the authorization server', () => {
  let stage: Stage;
  let server: HttpServer;
  let trouble: Error | null = null;
  let url: string;
  const stack = new AsyncDisposableStack();
  beforeAll(async () => {
    stage = stack.use(await openStage());
    const { wells } = stage;
    const db: Database = { ...wells.db, asIdentity: (work) => (trouble ? Promise.reject(trouble) : wells.db.asIdentity(work)) };
    const identity = stack.use(await openIdentity({ ...wells, db }));
    server = stack.use(await openHttpServer({ name: 'test', host: 'localhost', port: 0, routes: identity.routes, log: wells.log, metrics: wells.metrics }));
    url = `http://localhost:${server.port}`;
  });
  afterAll(() => stack.disposeAsync());

  const ask = () => fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: stage.acme.serviceAccount.clientId, client_secret: stage.acme.serviceAccount.clientSecret }) });

  it('answers 503 with Retry-After while the database is gone, and recovers by itself', async () => {
    trouble = new Fault('unavailable', { message: 'The database cannot be reached right now.' });
    const response = await ask();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable', request_id: expect.stringMatching(/^req_/) });
    trouble = null;
    expect((await ask()).status).toBe(200);
  });

  it('shows of what it did not expect only the request\'s id', async () => {
    trouble = new Error('a detail of the database');
    const response = await ask();
    trouble = null;
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain('detail of');
    const { request_id: requestId } = JSON.parse(text) as { request_id: string };
    expect(stage.wells.logLines.some((line) => line.includes('a detail of the database') && line.includes(requestId))).toBe(true);
  });

  it('deletes what has expired, and nothing else', async () => {
    const { configuration } = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(configuration);
    const count = () => stage.wells.db.asOwner(async (tx) => (await tx.selectFrom('oidc_record').select('model').execute()).map(({ model }) => model));
    stage.wells.clock.advance(3_600_000);
    await sweep(stage.wells);
    stage.wells.clock.advance(-3_600_000);
    expect(await count()).toEqual(expect.arrayContaining(['Grant', 'RefreshToken']));
    expect(await count()).not.toContain('AuthorizationCode');
    expect((await client.refreshTokenGrant(configuration, tokens.refresh_token!)).access_token).toMatch(/.+/);
  });
});
