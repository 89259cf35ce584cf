import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionsOf, startConnection } from '../../src/connections/index.ts';
import { openBrowser } from '../../src/demo/browser.ts';
import { pageRoutes } from '../../src/http/pages/index.ts';
import { createIntegration, setOAuthApp } from '../../src/integrations/index.ts';
import type { IntegrationId, UserActor, UserId } from '../../src/kernel/index.ts';
import { newId, Secret } from '../../src/platform/index.ts';
import { openIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts';
import { obtainTokens, openStage, type Stage } from './stage.ts';

/** The service that users connect to is an OpenID provider too; only its OAuth is used. */
describe('the pages of connect', () => {
  const stack = new AsyncDisposableStack();
  let stage: Stage;
  let service: IdentityProvider;
  let integrationId: IntegrationId;
  let callback: string;
  let alice: UserActor;
  let bob: UserActor;
  beforeAll(async () => {
    stage = stack.use(await openStage({ pages: pageRoutes }));
    const { wells, acme, url, people } = stage;
    service = stack.use(await openIdentityProvider({ clientId: 'kontext-app', clientSecret: 'of-the-app', redirectUri: `${url}/unused`, people }));
    integrationId = (await createIntegration(wells, acme.actor, { handle: 'tracker', name: 'Tracker & Co', authMode: 'OAUTH', issuer: service.issuer, scopes: ['openid'] })).id;
    callback = `/connect/callback/${integrationId}`;
    service.register(`${url}${callback}`);
    await setOAuthApp(wells, acme.actor, { id: integrationId, clientId: 'kontext-app', clientSecret: new Secret('of-the-app') });
    alice = await user('alice@acme.test', 'OWNER');
    bob = await user('bob@acme.test', 'MEMBER');
  });
  afterAll(() => stack.disposeAsync());

  const user = async (email: string, role: UserActor['role']): Promise<UserActor> => {
    const { configuration } = await stage.application('PUBLIC');
    const tokens = await obtainTokens(configuration, { login_hint: email });
    const { organizationId } = stage.acme;
    return { kind: 'user', organizationId, userId: tokens.claims()!.sub as UserId, name: email, role, applicationId: null, grantId: null, requestId: newId('request'), address: null };
  };
  const link = async (actor: UserActor, returnTo?: string) => (await startConnection(stage.wells, actor, { integrationId, returnTo })).authorizationUrl;
  const connections = async (actor: UserActor) => (await connectionsOf(stage.wells, actor, [actor.userId])).get(actor.userId) ?? [];
  /** Signs in at Acme's provider, then at the service, each with a form. */
  const follow = async (start: string, email: string, browser = openBrowser()) => {
    const signIn = await browser.open(start);
    if (signIn.url.origin !== stage.issuer) return { browser, page: signIn };
    return { browser, page: await browser.submit(signIn, { fields: { email } }) };
  };

  it('lead the user through sign-in and consent at the service to a connection', async () => {
    const { browser, page } = await follow(await link(alice), 'alice@acme.test');
    expect(page.url.origin).toBe(service.issuer);
    const done = await browser.submit(page, { fields: { email: 'alice@acme.test' } });
    expect(done.status).toBe(200);
    expect(done.html).toContain('Tracker &#38; Co is connected');
    expect(await connections(alice)).toMatchObject([{ status: 'CONNECTED', integration_id: integrationId }]);
  });

  it('go back to where the application wanted', async () => {
    const { browser, page } = await follow(await link(alice, `${stage.url}/.well-known/jwks.json`), 'alice@acme.test');
    const done = await browser.submit(page, { fields: { email: 'alice@acme.test' } });
    expect(done.url.pathname).toBe('/.well-known/jwks.json');
  });

  it('never connect one user by the link of another', async () => {
    const { page } = await follow(await link(alice), 'bob@acme.test');
    expect(page.status).toBe(404);
    expect(page.html).toContain('belongs to somebody else');
    expect(await connections(bob)).toEqual([]);
  });

  it('refuse a callback in another browser, a second time, and without a state', async () => {
    const visited: URL[] = [];
    const own = openBrowser({ stopAt: (url) => (visited.push(url), false) });
    const { page } = await follow(await link(alice), 'alice@acme.test', own);
    await own.submit(page, { fields: { email: 'alice@acme.test' } });
    const answer = visited.findLast(({ pathname }) => pathname === callback)!;
    for (const browser of [openBrowser(), own]) {
      const again = await browser.open(answer);
      expect(again.status).toBe(400);
      expect(again.html).toContain('another browser');
    }
    expect((await own.open(`${stage.url}${callback}`)).status).toBe(400);
  });

  it('refuse an answer at the address of another authorization server', async () => {
    const browser = openBrowser({ stopAt: (url) => url.pathname === callback });
    const { page } = await follow(await link(alice), 'alice@acme.test', browser);
    const { url } = await browser.submit(page, { fields: { email: 'alice@acme.test' } });
    const refused = await browser.open(new URL(`/connect/callback/github${url.search}`, url));
    expect([refused.status, refused.html]).toEqual([503, expect.stringContaining('the address of another authorization server')]);
    // What came back astray is used up.
    expect((await browser.open(url)).status).toBe(400);
  });

  it('refuse a callback once another user, or nobody, is signed in in the browser that began', async () => {
    const browser = openBrowser({ stopAt: (url) => url.pathname === callback });
    const { page } = await follow(await link(alice), 'alice@acme.test', browser);
    const answer = (await browser.submit(page, { fields: { email: 'alice@acme.test' } })).url;
    const { browser: bobs } = await follow(`${stage.url}/connect/${stage.acme.organizationId}/tracker`, 'bob@acme.test');
    const own = browser.cookies(stage.url);
    /** The browser that began, with another session in it. */
    const open = (session = '') => fetch(answer, { headers: { cookie: [...new Map([...own, ['kontext_session', session]])].map((pair) => pair.join('=')).join('; ') } });
    for (const session of ['', bobs.cookies(stage.url).get('kontext_session')]) {
      const refused = await open(session);
      expect(refused.status).toBe(400);
      expect(await refused.text()).toMatch(/no longer signed in|by another user/);
    }
    expect(await (await open(own.get('kontext_session'))).text()).toContain('is connected');
  });

  it('say that nothing changed where the user declines at the service', async () => {
    const { browser, page } = await follow(await link(bob), 'bob@acme.test');
    const done = await browser.submit(page, { button: { name: 'answer', value: 'decline' } });
    expect(done.html).toContain('is not connected');
    expect(await connections(bob)).toEqual([]);
  });

  it('answer a broken and an unknown link with words', async () => {
    const browser = openBrowser();
    expect((await browser.open(`${stage.url}/connect/abc`)).status).toBe(404);
    const { page } = await follow(`${stage.url}/connect/${stage.acme.organizationId}.${newId('attempt')}`, 'alice@acme.test');
    expect(page.status).toBe(404);
    expect((await browser.open(`${stage.url}/connect/${newId('organization')}.${newId('attempt')}`)).html).toContain('configureSignIn');
  });

  describe('the link that names the integration', () => {
    it('connects whoever is signed in, by OAuth', async () => {
      const { browser, page: offer } = await follow(`${stage.url}/connect/${stage.acme.organizationId}/tracker`, 'bob@acme.test');
      expect(offer.html).toContain('Continue to Tracker &#38; Co');
      const page = await browser.submit(offer);
      expect(page.url.origin).toBe(service.issuer);
      const done = await browser.submit(page, { fields: { email: 'bob@acme.test' } });
      expect(done.html).toContain('is connected');
      expect(await connections(bob)).toMatchObject([{ status: 'CONNECTED', integration_id: integrationId }]);
    });

    it('begins nothing before its button is pressed, and no other page can press it', async () => {
      const { browser, page } = await follow(`${stage.url}/connect/${stage.acme.organizationId}/tracker`, 'alice@acme.test');
      expect([page.url.origin, page.status]).toEqual([stage.url, 200]);
      expect(page.headers.get('content-security-policy')).toContain('form-action \'self\' http: https:');
      const attempts = () => stage.wells.db.asOwner((tx) => tx.selectFrom('attempt').select('id').where('integration_id', '=', integrationId).execute());
      const before = (await attempts()).length;
      for (const form_token of ['', 'guessed']) expect((await browser.submit(page, { fields: { form_token } })).status).toBe(403);
      expect(await attempts()).toHaveLength(before);
    });

    it('takes a token by a form that no other page can send', async () => {
      await createIntegration(stage.wells, stage.acme.actor, { handle: 'vault', authMode: 'USER_TOKEN', apiBaseUrl: 'https://vault.example' });
      const { browser, page } = await follow(`${stage.url}/connect/${stage.acme.organizationId}/vault`, 'bob@acme.test');
      expect(page.html).toContain('type="password"');
      const forged = await browser.submit(page, { fields: { token: 'bobs-own-key', form_token: 'guessed' } });
      expect([forged.status, (await connections(bob)).length]).toEqual([403, 1]);
      const empty = await browser.submit(page, { fields: { token: '' } });
      expect([empty.status, (await connections(bob)).length]).toEqual([400, 1]);
      const done = await browser.submit(page, { fields: { token: 'bobs-own-key' } });
      expect([done.status, (await connections(bob)).length]).toEqual([200, 2]);
      for (const { html, url } of [page, forged, empty, done]) expect(html + url.href).not.toContain('bobs-own-key');
    });

    it('is nothing where there is no such integration or none to connect to', async () => {
      await createIntegration(stage.wells, stage.acme.actor, { handle: 'weather', authMode: 'NONE', apiBaseUrl: 'https://weather.example' });
      const { browser } = await follow(`${stage.url}/connect/${stage.acme.organizationId}/tracker`, 'alice@acme.test');
      const open = async (path: string) => (await browser.open(`${stage.url}/connect/${path}`)).status;
      expect(await open(`${stage.acme.organizationId}/nothing`)).toBe(404);
      expect(await open('org_nonsense/tracker')).toBe(404);
      expect(await open(`${stage.acme.organizationId}/tracker%00`)).toBe(404);
      expect(await open(`${stage.acme.organizationId}%00/tracker`)).toBe(404);
      expect(await open('att%00')).toBe(404);
      expect(await open(`${stage.acme.organizationId}/weather`)).toBe(400);
    });
  });
});
