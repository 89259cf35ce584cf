import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/audit/index.ts';
import { createIntegration, declareCapabilities } from '../../src/integrations/index.ts';
import { parsePage, type ApplicationId, type IntegrationId } from '../../src/kernel/index.ts';
import { resourcesOf } from '../../src/platform/index.ts';
import { attachIntegration, listPolicies } from '../../src/policy/index.ts';
import { openBrowser } from '../../src/demo/browser.ts';
import { agree, authorization, newBrowser, obtainTokens, openStage, REDIRECT_URI, type Stage } from './stage.ts';

describe('consent', () => {
  let stage: Stage;
  let github: IntegrationId;
  let linear: IntegrationId;
  beforeAll(async () => {
    stage = await openStage();
    const { wells, acme } = stage;
    github = (await createIntegration(wells, acme.actor, { handle: 'github', name: 'GitHub <main>', authMode: 'USER_TOKEN' })).id;
    linear = (await createIntegration(wells, acme.actor, { handle: 'linear', name: 'Linear', authMode: 'USER_TOKEN' })).id;
    await declareCapabilities(wells, acme.actor, { integrationId: github, capabilities: [{ operation: 'create_issue', description: 'Creates an issue' }, { operation: 'delete_repo' }] });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const attached = async (redirectUris?: readonly string[]) => {
    const application = await stage.application('PUBLIC', redirectUris);
    for (const integrationId of [github, linear]) await attachIntegration(stage.wells, stage.acme.actor, { applicationId: application.id, integrationId });
    return application;
  };
  const rulesOf = async (applicationId: ApplicationId) =>
    (await listPolicies(stage.wells, stage.acme.actor, parsePage({ first: 100 }), { layer: 'USER', origin: 'CONSENT', applicationId })).items
      .map(({ integration_id, operation, effect }) => ({ integration_id, operation, effect }))
      // Written in one moment, they are in no order.
      .sort((one, other) => String(one.operation).localeCompare(String(other.operation)));
  const eventsOf = async (applicationId: ApplicationId) =>
    (await stage.wells.db.read(stage.acme.organizationId, (tx) => listEvents(tx, { applicationId }, parsePage({ first: 100 })))).items;

  it('shows who asks for what, and turns what is ticked into the user\'s rules', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const request = await authorization(configuration);
    const page = await browser.open(request.url);
    expect(page.headers.get('content-security-policy')).toContain(`form-action 'self' ${new URL(REDIRECT_URI).origin}`);
    expect(page.html).not.toContain('<script');
    expect(page.html).not.toContain('<main>"');
    for (const text of ['PR-Bot', 'Alice Ames', '127.0.0.1:9', 'See your e-mail address']) expect(page.html).toContain(text);
    expect(page.forms[0]?.boxes).toEqual({
      [`allow:${github}`]: 'Everything in GitHub <main>',
      [`allow:${github}:create_issue`]: 'create_issue: Creates an issue',
      [`allow:${github}:delete_repo`]: 'delete_repo',
      [`allow:${linear}`]: 'Everything in Linear',
    });
    expect(Object.keys(page.forms[0]!.fields)).toEqual(['form_token']);

    const landed = await browser.submit(page, { tick: [`allow:${github}:create_issue`, `allow:${linear}`], button: { name: 'decision', value: 'allow' } });
    expect(landed.url.searchParams.get('code')).toMatch(/.+/);
    expect(landed.url.searchParams.get('iss')).toBe(stage.url);
    expect(await rulesOf(id)).toEqual([
      { integration_id: github, operation: 'create_issue', effect: 'ALLOW' },
      { integration_id: linear, operation: null, effect: 'ALLOW' },
    ]);
    const [event] = await eventsOf(id);
    expect(event).toMatchObject({ kind: 'grant.created', body: { application: { id, name: 'PR-Bot' }, details: { allowed: ['github:create_issue', 'linear'], scope: 'openid email profile' } } });

    // What was ticked is ticked the next time, and the next answer replaces it.
    const again = await browser.open((await authorization(configuration)).url);
    expect(Object.keys(again.forms[0]!.fields).sort()).toEqual([`allow:${github}:create_issue`, `allow:${linear}`, 'form_token'].sort());
    const form = { ...again, forms: [{ ...again.forms[0]!, fields: { form_token: again.forms[0]!.fields['form_token']! } }] };
    await browser.submit(form, { tick: [`allow:${github}`], button: { name: 'decision', value: 'allow' } });
    expect(await rulesOf(id)).toEqual([{ integration_id: github, operation: null, effect: 'ALLOW' }]);
  });

  it('raises the access revision', async () => {
    const { configuration } = await attached();
    const revision = () => stage.wells.db.read(stage.acme.organizationId, async (tx) => (await tx.selectFrom('organization_head').select('access_revision').executeTakeFirstOrThrow()).access_revision);
    const browser = newBrowser();
    const page = await browser.open((await authorization(configuration)).url);
    const before = await revision();
    await browser.submit(page, { button: { name: 'decision', value: 'allow' } });
    expect(await revision()).toBe(before + 1);
  });

  it('is not asked again for what a grant covers, but for what is new', async () => {
    const redirect_uri = 'https://app.test/callback';
    const { configuration } = await attached([redirect_uri]);
    const browser = openBrowser({ stopAt: (url) => url.host === 'app.test' });
    await agree(browser, await authorization(configuration, { redirect_uri }));
    expect((await browser.open((await authorization(configuration, { redirect_uri })).url)).url.host).toBe('app.test');
    const more = await browser.open((await authorization(configuration, { redirect_uri, scope: 'openid email profile mcp:invoke' })).url);
    expect(more.html).toContain('Call tools through the Kontext gateway');
  });

  it('tells the application that the user declined, and keeps nothing', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const landed = await agree(browser, await authorization(configuration), { tick: [`allow:${github}`], button: { name: 'decision', value: 'decline' } });
    expect(landed.url.searchParams.get('error')).toBe('access_denied');
    expect(await rulesOf(id)).toEqual([]);
    expect((await eventsOf(id))[0]).toMatchObject({ kind: 'grant.declined', outcome: 'DENIED' });
  });

  it('takes no answer that did not come from its own page', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const page = await browser.open((await authorization(configuration)).url);
    const other = await newBrowser().open((await authorization(configuration)).url);
    for (const form_token of ['', 'f'.repeat(64), other.forms[0]!.fields['form_token']!]) {
      const refused = await browser.submit(page, { fields: { form_token }, button: { name: 'decision', value: 'allow' } });
      expect(refused.status).toBe(403);
    }
    expect((await browser.submit(page, { button: { name: 'decision', value: 'maybe' } })).status).toBe(400);
    const stranger = await newBrowser().submit(page, { button: { name: 'decision', value: 'allow' } });
    expect(stranger.status).toBe(404);
    expect(await rulesOf(id)).toEqual([]);
  });

  it('grants nothing that is not on offer', async () => {
    const { id, configuration } = await stage.application('PUBLIC');
    const tokens = await obtainTokensTicking(configuration, { [`allow:${github}`]: 'on', [`allow:${github}:create_issue`]: 'on' });
    expect(tokens.access_token).toMatch(/.+/);
    expect(await rulesOf(id)).toEqual([]);
  });

  it('warns in plain words where the application asks for the Kontext API, and nowhere else', async () => {
    const { configuration } = await attached();
    expect((await newBrowser().open((await authorization(configuration)).url)).html).not.toContain('role="alert"');
    const { graphql, sidecar } = resourcesOf(stage.wells.urls);
    for (const resources of [[graphql], [`${graphql}/`], [sidecar, graphql]]) {
      const { url } = await authorization(configuration);
      for (const resource of resources) url.searchParams.append('resource', resource);
      const page = await newBrowser().open(url);
      expect(page.html).toMatch(/<p role="alert".*manage Kontext in your name.*everything your role allows.*<\/p>.*<form/s);
    }
    const tokens = await obtainTokens(configuration, { resource: `${stage.url}/graphql` });
    const verified = await stage.identity.verifyAccessToken(tokens.access_token, `${stage.url}/graphql`);
    expect(verified.audience).toEqual([`${stage.url}/graphql`]);
  });

  it('never gives an application the Kontext API that it was not given on this page', async () => {
    const redirect_uri = 'https://app.test/callback';
    const { configuration } = await attached([redirect_uri]);
    const browser = openBrowser({ stopAt: (url) => url.host === 'app.test' });
    const { graphql, sidecar } = resourcesOf(stage.wells.urls);
    const ask = async (parameters: Record<string, string>) => (await browser.open((await authorization(configuration, { redirect_uri, ...parameters })).url)).url.searchParams;
    const request = await authorization(configuration, { redirect_uri });
    const landed = await agree(browser, request);
    expect((await ask({ prompt: 'none' })).get('code')).toMatch(/.+/);
    for (const resource of [graphql, `${graphql}/`]) {
      for (const scope of ['openid email profile', 'openid']) expect((await ask({ prompt: 'none', resource, scope })).get('error')).toBe('consent_required');
      // The library's word for a request to which nothing was granted.
      expect((await ask({ prompt: 'none', resource, scope: 'unheard-of' })).get('error')).toBe('access_denied');
    }
    const tokens = await client.authorizationCodeGrant(configuration, landed.url, { pkceCodeVerifier: request.verifier, expectedState: request.state });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!, { resource: graphql })).rejects.toMatchObject({ error: 'invalid_target' });
    await expect(stage.identity.verifyAccessToken(tokens.access_token, graphql)).rejects.toMatchObject({ code: 'unauthenticated' });
    await stage.identity.verifyAccessToken(tokens.access_token, sidecar);
  });

  const obtainTokensTicking = async (configuration: client.Configuration, fields: Record<string, string>) => {
    const browser = newBrowser();
    const request = await authorization(configuration);
    const landed = await agree(browser, request, { fields });
    return client.authorizationCodeGrant(configuration, landed.url, { pkceCodeVerifier: request.verifier, expectedState: request.state });
  };
});
