import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as client from 'openid-client';
import { listEvents } from '../../src/audit/index.ts';
import { setApplicationStatus, setUserStatus } from '../../src/directory/index.ts';
import { parsePage, type UserId } from '../../src/kernel/index.ts';
import { digest, resourcesOf, type Call } from '../../src/platform/index.ts';
import { openBrowser } from '../../src/demo/browser.ts';
import { agree, authorization, newBrowser, obtainTokens, openStage, type Stage } from './stage.ts';

describe('sign-in', () => {
  let stage: Stage;
  beforeAll(async () => void (stage = await openStage()));
  afterAll(() => stage[Symbol.asyncDispose]());

  const kinds = async () => (await stage.wells.db.read(stage.acme.organizationId, (tx) => listEvents(tx, {}, parsePage({ first: 100 })))).items.map(({ kind }) => kind);
  /** Follows an authorization request up to the redirect that leads back from the identity provider. */
  const upToCallback = async () => {
    const { configuration } = await stage.application('PUBLIC');
    const browser = openBrowser({ stopAt: (url) => url.pathname === '/sign-in/callback' });
    return { browser, callback: (await browser.open((await authorization(configuration)).url)).url };
  };

  it('sends the browser to the organization\'s provider, creates the user just in time and signs in once a browser', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    const typed = await browser.open((await authorization(configuration, { login_hint: 'nobody@acme.test' })).url);
    expect(typed.forms[0]?.fields).toHaveProperty('email');
    const consent = await browser.submit(typed, { fields: { email: 'bob@acme.test' } });
    expect(consent.html).toContain('Bob Beck');
    expect(await kinds()).toContain('user.created');
    expect([...browser.cookies(stage.url).keys()]).toEqual(expect.arrayContaining(['kontext_session', 'kontext_browser']));

    const signIns = (await kinds()).filter((kind) => kind.startsWith('user.')).length;
    await agree(browser, await authorization(configuration, { login_hint: 'bob@acme.test' }));
    expect((await kinds()).filter((kind) => kind.startsWith('user.'))).toHaveLength(signIns);
  });

  it('asks the provider again where the application demands it', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    await obtainTokens(configuration, {}, browser);
    const before = (await kinds()).filter((kind) => kind === 'user.signed_in').length;
    const page = await browser.open((await authorization(configuration, { prompt: 'login', login_hint: 'nobody' })).url);
    expect(page.url.origin).toBe(stage.issuer);
    const consent = await browser.submit(page, { fields: { email: 'alice@acme.test' } });
    expect(consent.html).toContain('Alice Ames');
    expect((await kinds()).filter((kind) => kind === 'user.signed_in')).toHaveLength(before + 1);
  });

  it('answers prompt=none without a page', async () => {
    const { configuration } = await stage.application('PUBLIC', ['https://app.test/callback']);
    const browser = openBrowser({ stopAt: (url) => url.host === 'app.test' });
    const silent = async () => (await browser.open((await authorization(configuration, { prompt: 'none', redirect_uri: 'https://app.test/callback' })).url)).url.searchParams;
    expect((await silent()).get('error')).toBe('login_required');
    await agree(browser, await authorization(configuration, { redirect_uri: 'https://app.test/callback' }));
    expect((await silent()).get('code')).toMatch(/.+/);
  });

  it('lets another user of the same browser take over, never acting as the first', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    const alice = await obtainTokens(configuration, {}, browser);
    browser.forget(stage.issuer);
    const bob = await obtainTokens(configuration, { login_hint: 'bob@acme.test', prompt: 'login' }, browser);
    expect(bob.claims()).toMatchObject({ email: 'bob@acme.test' });
    expect(bob.claims()?.sub).not.toBe(alice.claims()?.sub);
    const next = await obtainTokens(configuration, {}, browser);
    expect(next.claims()?.sub).toBe(bob.claims()?.sub);
  });

  it('consumes a state once', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const visited: URL[] = [];
    const browser = openBrowser({ stopAt: (url) => (visited.push(url), url.port === '9') });
    expect((await browser.open((await authorization(configuration)).url)).html).toContain('Allow');
    const again = await browser.open(visited.find(({ pathname }) => pathname === '/sign-in/callback')!);
    expect(again.status).toBe(400);
    expect(again.html).toContain('used already');
  });

  it('refuses a callback in another browser, and leaves the attempt to its own', async () => {
    const { browser: own, callback } = await upToCallback();
    const { browser: other } = await upToCallback();
    for (const stranger of [newBrowser(), other]) {
      const page = await stranger.open(callback);
      expect(page.status).toBe(400);
      expect(page.html).toContain('another browser');
    }
    expect((await own.open(callback)).html).toContain('Allow PR-Bot?');
  });

  it('forgets an attempt after ten minutes', async () => {
    const { callback, browser } = await upToCallback();
    stage.wells.clock.advance(601_000);
    const page = await browser.open(callback);
    stage.wells.clock.advance(-601_000);
    expect(page.status).toBe(400);
  });

  it('never leads elsewhere', async () => {
    const { organizationId } = stage.acme;
    for (const returnTo of ['https://evil.test/', '//evil.test/', '/\\\\evil.test', '/\t/evil.test', 'javascript:alert(1)']) {
      const res = { writeHead: () => res, end: () => res };
      const call = { req: { headers: {} }, res, url: new URL(stage.url), params: {}, requestId: 'req_1', address: null } as unknown as Call; // as much of a call as a redirect needs
      await stage.identity.beginSignIn(call, organizationId, { returnTo });
      const added = await stage.wells.db.asOwner((tx) => tx.selectFrom('attempt').select('return_to').orderBy('id', 'desc').executeTakeFirstOrThrow());
      expect(added.return_to).toBe('/');
    }
  });

  it('shows and records it where the provider refuses', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    const form = await browser.open((await authorization(configuration, { login_hint: 'x' })).url);
    const page = await browser.submit(form, { button: { name: 'answer', value: 'decline' } });
    expect(page.status).toBe(403);
    expect(page.html).toContain('did not sign you in (access_denied)');
    expect(await kinds()).toContain('sign_in.failed');
  });

  it('says who can fix it where the organization has no provider', async () => {
    const other = await stage.organization('Empty');
    const { configuration } = await stage.application('PUBLIC', undefined, other);
    const page = await newBrowser().open((await authorization(configuration)).url);
    expect(page.status).toBe(403);
    expect(page.html).toContain('configureSignIn');
  });

  it('keeps a session to its organization', async () => {
    const other = await stage.organization('Empty too');
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    await obtainTokens(configuration, {}, browser);
    const foreign = await stage.application('PUBLIC', undefined, other);
    const page = await browser.open((await authorization(foreign.configuration)).url);
    expect(page.html).toContain('configureSignIn');
  });

  it('stops a deactivated user at once, everywhere', async () => {
    stage.people.push({ email: 'carol@acme.test', name: 'Carol' });
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    const tokens = await obtainTokens(configuration, { login_hint: 'carol@acme.test' }, browser);
    const { sidecar } = resourcesOf(stage.wells.urls);
    const verified = await stage.identity.verifyAccessToken(tokens.access_token, sidecar);
    await setUserStatus(stage.wells, stage.acme.actor, { id: tokens.claims()!.sub as UserId, status: 'DEACTIVATED' });
    await expect(stage.identity.loadActor(verified, { requestId: 'req_1', address: null })).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    const page = await browser.open((await authorization(configuration, { login_hint: 'carol@acme.test' })).url);
    expect(page.status).toBe(403);
    expect(page.html).toContain('deactivated');
  });

  it('knows a disabled application no more', async () => {
    const { id, configuration } = await stage.application('CONFIDENTIAL');
    const tokens = await obtainTokens(configuration);
    await setApplicationStatus(stage.wells, stage.acme.actor, { id, status: 'DISABLED' });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toMatchObject({ status: 401 });
    const page = await newBrowser().open((await authorization(configuration)).url);
    expect(page.status).toBe(400);
    expect(page.url.origin).toBe(stage.url);
    const verified = await stage.identity.verifyAccessToken(tokens.access_token, resourcesOf(stage.wells.urls).sidecar);
    await expect(stage.identity.loadActor(verified, { requestId: 'req_1', address: null })).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('stores of a session only its digest', async () => {
    const { configuration } = await stage.application('PUBLIC');
    const browser = newBrowser();
    await obtainTokens(configuration, {}, browser);
    const cookie = browser.cookies(stage.url).get('kontext_session')!;
    const rows = await stage.wells.db.asOwner((tx) => tx.selectFrom('browser_session').selectAll().execute());
    expect(rows.map((row) => Buffer.from(row.digest).toString('hex'))).toContain(Buffer.from(digest(cookie)).toString('hex'));
    expect(JSON.stringify(rows)).not.toContain(cookie);
  });
});
