import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/audit/index.ts';
import { setApplicationStatus, setUserStatus } from '../../src/directory/index.ts';
import { createIntegration } from '../../src/integrations/index.ts';
import { parsePage, type ApplicationId, type IntegrationId, type UserId } from '../../src/kernel/index.ts';
import { revokeGrant } from '../../src/identity/index.ts';
import { digest, resourcesOf, type Database } from '../../src/platform/index.ts';
import { attachIntegration, listPolicies } from '../../src/policy/index.ts';
import { agree, authorization, newBrowser, openStage, type Authorization, type Stage } from './stage.ts';

const ORIGIN = { requestId: 'req_1', address: null };

describe('a grant', () => {
  let stage: Stage;
  let github: IntegrationId;
  let linear: IntegrationId;
  /** What happens between the reading and the writing of identity's next change. */
  let meanwhile: (() => Promise<unknown>) | undefined;
  const database = (db: Database): Database => ({
    ...db,
    async asOrganization(organizationId, work) {
      const now = meanwhile;
      meanwhile = undefined;
      await now?.();
      return db.asOrganization(organizationId, work);
    },
  });
  beforeAll(async () => {
    stage = await openStage({ database });
    const { wells, acme } = stage;
    github = (await createIntegration(wells, acme.actor, { handle: 'github', name: 'GitHub', authMode: 'USER_TOKEN' })).id;
    linear = (await createIntegration(wells, acme.actor, { handle: 'linear', name: 'Linear', authMode: 'USER_TOKEN' })).id;
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const attached = async () => {
    const application = await stage.application('PUBLIC');
    for (const integrationId of [github, linear]) await attachIntegration(stage.wells, stage.acme.actor, { applicationId: application.id, integrationId });
    return application;
  };
  const redeem = async (configuration: client.Configuration, request: Authorization, url: URL) => {
    const tokens = await client.authorizationCodeGrant(configuration, url, { pkceCodeVerifier: request.verifier, expectedState: request.state });
    const { grant_id: grantId, sub } = decodeJwt(tokens.access_token);
    return { ...tokens, grantId: String(grantId), userId: sub as UserId };
  };
  const consent = async (configuration: client.Configuration, { browser = newBrowser(), tick = [`allow:${github}`], parameters = {} as Record<string, string> } = {}) => {
    const request = await authorization(configuration, parameters);
    return redeem(configuration, request, (await agree(browser, request, { tick })).url);
  };
  const actorOf = async (token: string) => stage.identity.loadActor(await stage.identity.verifyAccessToken(token, resourcesOf(stage.wells.urls).sidecar), ORIGIN);
  const grants = (applicationId: ApplicationId) =>
    stage.wells.db.asOwner((tx) => tx.selectFrom('oidc_record').select(['id_digest', 'expires_at']).where('model', '=', 'Grant').where('client_id', '=', applicationId).execute());
  const rules = async (applicationId: ApplicationId) => (await listPolicies(stage.wells, stage.acme.actor, parsePage({ first: 100 }), { layer: 'USER', origin: 'CONSENT', applicationId })).items;
  const events = async (applicationId: ApplicationId) => (await stage.wells.db.read(stage.acme.organizationId, (tx) => listEvents(tx, { applicationId }, parsePage({ first: 100 })))).items;

  it('that is revoked while its user consents anew stays revoked: there is another, with what is asked now', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const first = await consent(configuration, { browser, parameters: { scope: 'openid email profile mcp:invoke' } });
    const request = await authorization(configuration, { scope: 'openid' });
    const page = await browser.open(request.url);
    meanwhile = () => revokeGrant(stage.wells, digest(first.grantId), ORIGIN, 'revoked');
    const landed = await browser.submit(page, { tick: [`allow:${linear}`], button: { name: 'decision', value: 'allow' } });
    const second = await redeem(configuration, request, landed.url);

    expect(second.grantId).not.toBe(first.grantId);
    await actorOf(second.access_token);
    await expect(actorOf(first.access_token)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(client.refreshTokenGrant(configuration, first.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(second.scope).toBe('openid');
    expect((await grants(id)).map(({ id_digest }) => Buffer.from(id_digest))).toEqual([Buffer.from(digest(second.grantId))]);
  });

  it('that stands is extended by the next consent in the same browser, and its tokens live on', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const first = await consent(configuration, { browser });
    const second = await consent(configuration, { browser, parameters: { scope: 'openid mcp:invoke' } });
    expect([second.grantId, second.scope]).toEqual([first.grantId, 'openid mcp:invoke']);
    expect(await grants(id)).toHaveLength(1);
    expect((await client.refreshTokenGrant(configuration, first.refresh_token!)).scope).toBe('openid email profile');
  });

  it('is not made for a user who is deactivated meanwhile, nor is any rule', async () => {
    stage.people.push({ email: 'carol@acme.test', name: 'Carol' });
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const { userId } = await consent(configuration, { browser, parameters: { login_hint: 'carol@acme.test' } });
    const before = await rules(id);
    const page = await browser.open((await authorization(configuration, { login_hint: 'carol@acme.test' })).url);
    meanwhile = () => setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'DEACTIVATED' });
    const refused = await browser.submit(page, { tick: [`allow:${linear}`], button: { name: 'decision', value: 'allow' } });
    expect([refused.status, refused.html]).toEqual([403, expect.stringContaining('deactivated')]);
    expect(await grants(id)).toEqual([]);
    expect(await rules(id)).toEqual(before);
    expect((await events(id)).filter(({ kind }) => kind === 'grant.created')).toHaveLength(1);
  });

  it('is not made for an application that is disabled meanwhile, nor is any rule', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const page = await browser.open((await authorization(configuration)).url);
    meanwhile = () => setApplicationStatus(stage.wells, stage.acme.actor, { id, status: 'DISABLED' });
    const refused = await browser.submit(page, { tick: [`allow:${linear}`], button: { name: 'decision', value: 'allow' } });
    expect([refused.status, refused.html]).toEqual([403, expect.stringContaining('disabled')]);
    expect([await grants(id), await rules(id)]).toEqual([[], []]);
  });

  it('holds or ends as a whole, in whatever order consent, revocation and deactivation come', async () => {
    stage.people.push({ email: 'dora@acme.test', name: 'Dora' });
    const { id, configuration } = await attached();
    const parameters = { login_hint: 'dora@acme.test' };
    for (let round = 0; round < 4; round++) {
      const browser = newBrowser();
      const { grantId, userId } = await consent(configuration, { browser, parameters });
      const page = await browser.open((await authorization(configuration, parameters)).url);
      const revoke = () => revokeGrant(stage.wells, digest(grantId), ORIGIN, 'revoked');
      const deactivate = () => setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'DEACTIVATED' });
      const ended = round % 2 === 0 ? revoke : deactivate;
      const [answer] = await Promise.all([browser.submit(page, { button: { name: 'decision', value: 'allow' } }), ended(), revoke()]);
      expect(answer.status).not.toBe(500);
      const left = (await grants(id)).map(({ id_digest }) => Buffer.from(id_digest).toString('hex'));
      expect(left).not.toContain(Buffer.from(digest(grantId)).toString('hex'));
      if (ended === deactivate) expect(left).toEqual([]);
      await setUserStatus(stage.wells, stage.acme.actor, { id: userId, status: 'ACTIVE' });
    }
  });

  it('comes with its rules or not at all', async () => {
    const { id, configuration } = await attached();
    const browser = newBrowser();
    const page = await browser.open((await authorization(configuration)).url);
    meanwhile = () => Promise.reject(new Error('the database is gone'));
    expect((await browser.submit(page, { tick: [`allow:${linear}`], button: { name: 'decision', value: 'allow' } })).status).toBe(500);
    expect([await grants(id), await rules(id)]).toEqual([[], []]);
  });

  it('ends at the same moment as the rules that were consented to with it, which are not ticked after that', async () => {
    const { id, configuration } = await attached();
    await consent(configuration);
    const [grant] = await grants(id);
    expect((await rules(id)).map(({ expires_at }) => expires_at)).toEqual([grant!.expires_at]);
    const days = (grant!.expires_at!.getTime() - stage.wells.clock.now().getTime()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
    const ticked = async () => Object.keys((await newBrowser().open((await authorization(configuration)).url)).forms[0]!.fields).filter((name) => name.startsWith('allow:'));
    expect(await ticked()).toEqual([`allow:${github}`]);
    stage.wells.clock.advance(31 * 86_400_000);
    expect(await ticked()).toEqual([]);
    stage.wells.clock.advance(-31 * 86_400_000);
  });

  it('takes the rules of its consent with it, unless another grant of the two still stands on them', async () => {
    const { id, configuration } = await attached();
    const other = await attached();
    await consent(other.configuration);
    const laptop = await consent(configuration);
    const phone = await consent(configuration);
    expect(phone.grantId).not.toBe(laptop.grantId);
    await client.tokenRevocation(configuration, laptop.refresh_token!);
    expect(await rules(id)).toHaveLength(1);
    expect((await events(id))[0]).toMatchObject({ kind: 'grant.revoked', body: { details: { reason: 'revoked', consent: 'kept' } } });
    await client.tokenRevocation(configuration, phone.refresh_token!);
    expect(await rules(id)).toEqual([]);
    expect((await events(id))[0]).toMatchObject({ kind: 'grant.revoked', body: { details: { reason: 'revoked', consent: 'withdrawn' } } });
    expect(await rules(other.id)).toHaveLength(1);
  });
});
