import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { configureSignIn, findSignIn, getSignIn } from '../../src/directory/index.ts';
import { Secret } from '../../src/platform/index.ts';
import { openTestWells, type TestWells } from '../support/wells.ts';
import { foundOrganization, watch, type Acme } from './people.ts';

const PLAIN = 'idp-client-secret';
let wells: TestWells;
let acme: Acme;
beforeAll(async () => void (wells = await openTestWells()));
beforeEach(async () => void (acme = await foundOrganization(wells)));
afterAll(() => wells[Symbol.asyncDispose]());

const base = { issuer: 'https://idp.acme.test', clientId: 'kontext' };

test('the secret is sealed, opens for the sign-in, and shows nowhere else', async () => {
  expect(await getSignIn(wells, acme.organizationId)).toBeNull();
  expect(await findSignIn(wells, acme.owner)).toBeNull();
  const { result, events, raised } = await watch(wells, acme.organizationId, () => configureSignIn(wells, acme.owner, { ...base, clientSecret: new Secret(PLAIN) }));
  expect(result).toMatchObject({ issuer: base.issuer, client_id: 'kontext', groups_claim: 'groups' });
  expect(result).not.toHaveProperty('client_secret');
  expect(events).toMatchObject([{ kind: 'sign_in.configured', body: { details: { issuer: { from: null, to: base.issuer }, secretChanged: true } } }]);
  expect(raised).toBe(true);
  const client = await getSignIn(wells, acme.organizationId);
  expect(client).toMatchObject({ ...base, groupsClaim: 'groups' });
  expect(client?.clientSecret?.reveal()).toBe(PLAIN);
  const rows = await wells.db.read(acme.organizationId, (tx) => tx.selectFrom('sign_in_provider').selectAll().execute());
  expect(Buffer.from(rows[0]!.client_secret!).includes(PLAIN)).toBe(false);
  expect(JSON.stringify([result, events, client])).not.toContain(PLAIN);
  expect(await findSignIn(wells, acme.admin)).toEqual(result);
  expect(await findSignIn(wells, acme.member)).toBeNull();
});

test('a secret that is left out stays, but goes to no other issuer or client; null removes it', async () => {
  await configureSignIn(wells, acme.owner, { ...base, clientSecret: new Secret(PLAIN) });
  const secretOf = async () => (await getSignIn(wells, acme.organizationId))?.clientSecret?.reveal() ?? null;
  expect((await watch(wells, acme.organizationId, () => configureSignIn(wells, acme.owner, base))).kinds).toEqual([]);
  const claim = await watch(wells, acme.organizationId, () => configureSignIn(wells, acme.owner, { ...base, groupsClaim: 'roles' }));
  expect(claim.events[0]?.body.details).toEqual({ groups_claim: { from: 'groups', to: 'roles' }, secretChanged: false });
  expect(await secretOf()).toBe(PLAIN);
  await configureSignIn(wells, acme.owner, { ...base, clientSecret: null });
  expect(await secretOf()).toBeNull();
  await configureSignIn(wells, acme.owner, { ...base, clientSecret: new Secret(PLAIN) });
  const moved = await watch(wells, acme.organizationId, () => configureSignIn(wells, acme.owner, { ...base, issuer: 'https://idp.evil.test' }));
  expect(moved.events[0]?.body.details).toMatchObject({ secretChanged: true });
  expect(await secretOf()).toBeNull();
});

test('it takes an owner, or a service account with the scope, and good input', async () => {
  for (const actor of [acme.member, acme.admin, acme.serviceAccount('management:organization:read')]) {
    await expect(configureSignIn(wells, actor, base)).rejects.toMatchObject({ code: 'forbidden' });
  }
  await configureSignIn(wells, acme.serviceAccount('management:organization:write'), base);
  const bad = [
    [{ issuer: 'http://idp.acme.test' }, 'issuer'],
    [{ clientId: '' }, 'clientId'],
    [{ groupsClaim: ' ' }, 'groupsClaim'],
  ] as const;
  for (const [input, field] of bad) await expect(configureSignIn(wells, acme.owner, { ...base, ...input })).rejects.toMatchObject({ code: 'invalid_input', field });
});
