import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setApplicationStatus, setUserStatus } from '../../src/directory/index.ts';
import { openBrowserSession } from '../../src/identity/browser-session.ts';
import type { UserId } from '../../src/kernel/index.ts';
import { digest, resourcesOf, type Call } from '../../src/platform/index.ts';
import { agree, authorization, newBrowser, obtainTokens, openStage, type Stage } from './stage.ts';

/** A request in flight at the moment of an end writes what it writes; what it wrote must open nothing. */
describe('written after the end of its user or application', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    for (const name of ['carol', 'dora', 'eve']) stage.people.push({ email: `${name}@acme.test`, name });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const keep = () =>
    stage.wells.db.asOwner(async (tx) => ({ records: await tx.selectFrom('oidc_record').selectAll().execute(), sessions: await tx.selectFrom('browser_session').selectAll().execute() }));
  type Kept = Awaited<ReturnType<typeof keep>>;
  const restore = ({ records, sessions }: Kept) =>
    stage.wells.db.asOwner(async (tx) => {
      await tx.insertInto('oidc_record').values(records).onConflict((conflict) => conflict.doNothing()).execute();
      if (sessions.length > 0) await tx.insertInto('browser_session').values(sessions).onConflict((conflict) => conflict.doNothing()).execute();
    });
  const actorOf = async (token: string) => stage.identity.loadActor(await stage.identity.verifyAccessToken(token, resourcesOf(stage.wells.urls).sidecar), { requestId: 'req_1', address: null });
  /** A browser that is signed in, tokens, and a code that nobody has redeemed. */
  const begin = async (email: string) => {
    const { id, configuration } = await stage.application('CONFIDENTIAL');
    const browser = newBrowser();
    const tokens = await obtainTokens(configuration, { login_hint: email }, browser);
    const request = await authorization(configuration, { login_hint: email });
    const landed = await agree(browser, request);
    const redeem = () => client.authorizationCodeGrant(configuration, landed.url, { pkceCodeVerifier: request.verifier, expectedState: request.state });
    return { id, configuration, browser, tokens, redeem, userId: tokens.claims()!.sub as UserId };
  };
  const callOf = (cookies: ReadonlyMap<string, string>) => ({ req: { headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') } } }) as unknown as Call; // as much of a call as its cookies

  it('no session, code, token or grant serves a deactivated user', async () => {
    const { configuration, browser, tokens, redeem, userId } = await begin('carol@acme.test');
    const call = callOf(browser.cookies(stage.url));
    expect(await stage.identity.currentBrowserUser(call)).toMatchObject({ userId });
    const kept = await keep();
    await setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'DEACTIVATED' });
    await restore(kept);
    await expect(actorOf(tokens.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await stage.identity.currentBrowserUser(call)).toBeNull();
    const page = await browser.open((await authorization(configuration, { login_hint: 'carol@acme.test' })).url);
    expect([page.status, page.html]).toEqual([403, expect.stringContaining('deactivated')]);
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(redeem()).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('no code or token serves a user who is active again, since the grant is gone', async () => {
    const { tokens, redeem, configuration, userId } = await begin('dora@acme.test');
    const kept = await keep();
    await setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'DEACTIVATED' });
    await restore({ sessions: [], records: kept.records.filter(({ model }) => model !== 'Grant') });
    await setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'ACTIVE' });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(redeem()).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(actorOf(tokens.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('no browser session is opened at all', async () => {
    const { userId, browser } = await begin('eve@acme.test');
    const { req } = callOf(browser.cookies(stage.url));
    const kept = await keep();
    await setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'DEACTIVATED' });
    await expect(openBrowserSession(stage.wells, req, stage.acme.organizationId, userId)).rejects.toMatchObject({ code: 'forbidden' });
    const left = await keep();
    expect(left.sessions.filter(({ user_id }) => user_id === userId)).toEqual([]);
    expect(kept.sessions.filter(({ user_id }) => user_id === userId)).toHaveLength(1);
  });

  it('no code, token or grant serves a disabled application', async () => {
    const { id, configuration, tokens, redeem } = await begin('alice@acme.test');
    const kept = await keep();
    await setApplicationStatus(stage.wells, stage.acme.actor, { id, status: 'DISABLED' });
    await restore(kept);
    const grant = digest(String(decodeJwt(tokens.access_token)['grant_id']));
    expect((await keep()).records.some(({ id_digest }) => Buffer.from(id_digest).equals(grant))).toBe(true);
    await expect(actorOf(tokens.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toMatchObject({ status: 401 });
    await expect(redeem()).rejects.toMatchObject({ status: 401 });
  });
});
