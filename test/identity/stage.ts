import { createServer, type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import { openBrowser, type Browser, type Page, type Submission } from '../../src/demo/browser.ts';
import { configureSignIn, createApplication, createOrganization, type Application } from '../../src/directory/index.ts';
import { openHttpServer } from '../../src/http/server.ts';
import { openIdentity, type Identity } from '../../src/identity/index.ts';
import type { OrganizationId, SystemActor } from '../../src/kernel/index.ts';
import { newId, Secret, type Database, type Route } from '../../src/platform/index.ts';
import { openIdentityProvider, type Person } from '../support/identity-provider.ts';
import { openTestWells, testActor, type TestWells } from '../support/wells.ts';

export interface Acme {
  readonly organizationId: OrganizationId;
  readonly actor: SystemActor;
  readonly serviceAccount: { readonly clientId: string; readonly clientSecret: string };
}

/** The authorization server on a free port, an organization with its identity provider, and a way for applications to be made. */
export interface Stage extends AsyncDisposable {
  readonly wells: TestWells;
  readonly identity: Identity;
  readonly url: string;
  readonly acme: Acme;
  /** Acme's identity provider. */
  readonly issuer: string;
  /** May be changed: who exists at Acme's identity provider. */
  readonly people: Person[];
  organization(name: string): Promise<Acme>;
  application(kind: Application['kind'], redirectUris?: readonly string[], acme?: Acme): Promise<{ id: Application['id']; configuration: client.Configuration }>;
}

/** Where the applications of these tests live: on loopback, though nothing listens there. */
export const REDIRECT_URI = 'http://127.0.0.1:9/callback';

export interface StageOptions {
  /** Further pages beside those of identity. */
  readonly pages?: (wells: TestWells, identity: Identity) => Route[];
  /** The database as identity alone sees it. */
  readonly database?: (db: Database) => Database;
}

export async function openStage({ pages = () => [], database = (db) => db }: StageOptions = {}): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const wells = stack.use(await openTestWells({ urls: { public: url, sidecar: 'http://localhost:48211' } }));
  const identity = stack.use(await openIdentity({ ...wells, db: database(wells.db) }));
  stack.use(await openHttpServer({ name: 'test', host: 'localhost', port, routes: [...identity.routes, ...pages(wells, identity)], log: wells.log, metrics: wells.metrics }));
  const people: Person[] = [
    { email: 'alice@acme.test', name: 'Alice Ames', groups: ['Engineering'] },
    { email: 'bob@acme.test', name: 'Bob Beck' },
  ];
  const provider = stack.use(await openIdentityProvider({ clientId: 'kontext', clientSecret: 'of-the-provider', redirectUri: `${url}/sign-in/callback`, people }));

  const organization = async (name: string): Promise<Acme> => {
    const { organizationId, serviceAccount } = await createOrganization(wells, { name, adminEmail: 'alice@acme.test' }, newId('request'));
    return { organizationId, actor: testActor(organizationId), serviceAccount: { clientId: serviceAccount.clientId, clientSecret: serviceAccount.clientSecret.reveal() } };
  };
  const acme = await organization('Acme');
  await configureSignIn(wells, acme.actor, { issuer: provider.issuer, clientId: 'kontext', clientSecret: new Secret('of-the-provider') });
  return {
    wells,
    identity,
    url,
    acme,
    issuer: provider.issuer,
    people,
    organization,
    async application(kind, redirectUris = [REDIRECT_URI], of = acme) {
      const { application, clientSecret } = await createApplication(wells, of.actor, { name: 'PR-Bot', kind, redirectUris });
      return { id: application.id, configuration: await discover(url, application.id, clientSecret?.reveal()) };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Our server as an application's OAuth library sees it. */
export function discover(url: string, clientId: string, secret?: string, authenticate = client.ClientSecretBasic): Promise<client.Configuration> {
  return client.discovery(new URL(url), clientId, undefined, secret === undefined ? client.None() : authenticate(secret), { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] });
}

export interface Authorization {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
}

export async function authorization(configuration: client.Configuration, parameters: Record<string, string> = {}): Promise<Authorization> {
  const verifier = client.randomPKCECodeVerifier();
  const state = randomBytes(8).toString('hex');
  const code_challenge = await client.calculatePKCECodeChallenge(verifier);
  const url = client.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid email profile', code_challenge, code_challenge_method: 'S256', state, login_hint: 'alice@acme.test', ...parameters });
  return { url, verifier, state };
}

/** A browser that stops at the application's redirect URI. */
export const newBrowser = (): Browser => openBrowser({ stopAt: (url) => url.port === '9' });

/** Signs in and agrees; answers where the browser was sent. */
export async function agree(browser: Browser, { url }: Authorization, submission: Submission = {}): Promise<Page> {
  const page = await browser.open(url);
  return page.status === 200 ? browser.submit(page, { button: { name: 'decision', value: 'allow' }, ...submission }) : page;
}

/** The whole way to tokens. */
export async function obtainTokens(configuration: client.Configuration, parameters: Record<string, string> = {}, browser = newBrowser()) {
  const request = await authorization(configuration, parameters);
  const landed = await agree(browser, request);
  return client.authorizationCodeGrant(configuration, landed.url, { pkceCodeVerifier: request.verifier, expectedState: request.state });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
