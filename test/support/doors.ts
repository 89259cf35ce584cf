import { createHash, randomBytes } from 'node:crypto';
import * as operations from '../../schema/generated/graphql.ts';
import { openBrowser, type Browser, type Page } from '../../src/demo/browser.ts';
import { ACCESS_TOKEN_TYPE, CONFIDENTIAL_CLIENT_TYPE, TOKEN_EXCHANGE_GRANT } from '../../src/exchange/index.ts';
import type { EventId, OrganizationId } from '../../src/kernel/index.ts';
import type { Wells } from '../../src/platform/index.ts';
import { checkPlane } from './check-plane.ts';
import type { Surroundings } from './plane.ts';
import { basic, holdAgainstDescription } from './sidecar.ts';

/** An answer of any door, read whole. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON in it, or the parameters of the address where a browser landed. */
  readonly body: Record<string, unknown>;
}

/** A door answered, and not what was asked for. */
export class Refused extends Error {
  readonly reply: Reply;
  constructor(what: string, reply: Reply) {
    super(`${what}: ${reply.status} ${reply.text.slice(0, 1_000)}`);
    this.reply = reply;
  }
}

type Form = Readonly<Record<string, string | readonly string[] | undefined>>;
type Document<Result, Variables> = operations.TypedDocumentString<Result, Variables>;
type Node = Pick<Surroundings, 'url' | 'sidecarUrl'>;

/** Somebody who has signed in to PR-Bot and allowed it everything it could be allowed. */
export interface Person {
  readonly browser: Browser;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly userId: string;
}

export type Exchanges = 'sidecar' | 'authorization server';

/** Acme, entered by public doors alone: what an administrator, a user's browser and an application's server can do from outside. */
export type Doors = ReturnType<typeof enter>;

/** Whose credential, with which parameters, at which door of which node. */
type Asked = [person: Person | null, parameters?: Form, door?: Exchanges, node?: Node];

function enter(around: Surroundings) {
  const doors = {
    /** What was handed out or set and must never stand in the open. */
    secrets: new Set([around.bootstrap.serviceAccount.clientSecret, around.signIn.clientSecret, around.upstream.clientSecret]),
    /** Of every answer that carried one: each must have its row. */
    auditIds: new Set<EventId>(),
    application: { id: '', secret: '' },
    integrations: { tracker: '', notes: '', warehouse: '' },
    /** The service account's access token. */
    robot: '',

    async post(url: string, form: Form, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
      const body = new URLSearchParams(Object.entries(form).flatMap(([name, value]) => [value ?? []].flat().map((each): [string, string] => [name, each])));
      return read(await fetch(url, { method: 'POST', body, headers }));
    },

    /** Client credentials for the control plane. */
    async signInRobot({ url }: Node = around): Promise<string> {
      const { clientId, clientSecret } = around.bootstrap.serviceAccount;
      const reply = await doors.post(`${url}/oauth2/token`, { grant_type: 'client_credentials' }, { authorization: basic(clientId, clientSecret) });
      if (reply.status !== 200) throw new Refused('client credentials', reply);
      return (doors.robot = String(reply.body['access_token']));
    },

    /** The data of an operation, asked by the service account or by whoever holds the token; throws `Refused` for errors of any kind. */
    async graph<Result, Variables>(document: Document<Result, Variables>, variables: Variables, token?: string, { url }: Node = around): Promise<Result> {
      const reply = await read(await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token ?? doors.robot}` }, body: JSON.stringify({ query: document.toString(), variables }) }));
      const { data, errors } = reply.body as { data?: Record<string, { userErrors?: readonly unknown[] } | null> | null; errors?: readonly unknown[] };
      if (!data || errors || Object.values(data).some((payload) => payload?.userErrors?.length)) throw new Refused('GraphQL', reply);
      return data as Result;
    },

    /** Authorization code with PKCE for both audiences, by the user's browser: sign-in at Acme's provider, then everything ticked and allowed. */
    async signIn(email = 'alice@acme.test', browser = openBrowser({ stopAt: ({ port }) => port === '9' }), { url }: Node = around): Promise<Person> {
      const verifier = randomBytes(32).toString('base64url');
      const parameters = new URLSearchParams({ client_id: doors.application.id, response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid email profile', state: 'here', login_hint: email, code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' });
      for (const resource of [`${around.url}/graphql`, around.sidecarUrl]) parameters.append('resource', resource);
      let page = await browser.open(`${url}/oauth2/authorize?${parameters}`);
      if (page.status === 200) page = await browser.submit(page, { tick: Object.keys(page.forms[0]?.boxes ?? {}), button: { name: 'decision', value: 'allow' } });
      const code = page.url.href.startsWith(REDIRECT_URI) ? page.url.searchParams.get('code') : null;
      if (code === null) throw new Refused('sign-in', ofPage(page));
      return { browser, ...(await doors.tokens({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: verifier }, { url })) };
    },

    async renew(person: Person): Promise<Person> {
      return { ...person, ...(await doors.tokens({ grant_type: 'refresh_token', refresh_token: person.refreshToken })) };
    },

    async tokens(form: Form, { url }: Pick<Node, 'url'> = around): Promise<Omit<Person, 'browser'>> {
      const reply = await doors.post(`${url}/oauth2/token`, form, { authorization: basic(doors.application.id, doors.application.secret) });
      if (reply.status !== 200) throw new Refused('token endpoint', reply);
      const { access_token, refresh_token } = reply.body as Record<string, string>;
      if (!access_token || !refresh_token) throw new Refused('token endpoint', reply);
      doors.secrets.add(access_token).add(refresh_token);
      const { sub } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
      return { accessToken: access_token, refreshToken: refresh_token, userId: sub };
    },

    /** From the mutation through browser, provider and callback to a connection. */
    async connect(person: Person): Promise<void> {
      const { startConnection } = await doors.graph(operations.StartConnectionDocument, { input: { integrationId: doors.integrations.tracker } }, person.accessToken);
      const page = await person.browser.open(startConnection?.authorizationUrl ?? '');
      if (page.status !== 200 || !page.html.includes('is connected')) throw new Refused('connect', ofPage(page));
    },

    async storeToken(person: Person, token: string): Promise<string> {
      doors.secrets.add(token);
      const { createConnection } = await doors.graph(operations.CreateConnectionDocument, { input: { integrationId: doors.integrations.notes, token } }, person.accessToken);
      return createConnection?.connection?.id ?? '';
    },

    /** A token exchange for a person, or without one for the shared token; any answer, held against its description. */
    async exchange(person: Person | null, parameters: Form = {}, door: Exchanges = 'sidecar', node: Node = around): Promise<Reply> {
      const subject = person ? { subject_token: person.accessToken, subject_token_type: ACCESS_TOKEN_TYPE, resource: 'tracker' } : { subject_token_type: CONFIDENTIAL_CLIENT_TYPE, resource: 'warehouse' };
      const reply = await doors.post(`${door === 'sidecar' ? node.sidecarUrl : node.url}/oauth2/token`, { grant_type: TOKEN_EXCHANGE_GRANT, ...subject, ...parameters }, { authorization: basic(doors.application.id, doors.application.secret) });
      holdAgainstDescription(reply);
      const { access_token: token, audit_id: auditId } = reply.body;
      if (typeof token === 'string') doors.secrets.add(token);
      if (typeof auditId === 'string') doors.auditIds.add(auditId as EventId);
      else if (reply.status === 200) throw new Refused('a credential without its row', reply);
      return reply;
    },

    /** The credential of an exchange. */
    async credential(...asked: Asked): Promise<string> {
      const reply = await doors.exchange(...asked);
      if (reply.status !== 200) throw new Refused('exchange', reply);
      return String(reply.body['access_token']);
    },

    /** Holds the world against what must always be true, and every answer against its row; with log lines also every column and line against every secret. */
    async check(wells: Pick<Wells, 'db' | 'keyring'>, logLines: readonly string[] | null = null): Promise<void> {
      // Of very many the first and the last: what leaks one of a kind leaks the others.
      const secrets = [...doors.secrets].filter((_, index, { length }) => index < 20 || index >= length - 20);
      await checkPlane({ ...wells, logLines: [...(logLines ?? [])] }, logLines ? secrets : []);
      const organizationId: OrganizationId = around.bootstrap.organizationId;
      const found = await wells.db.read(organizationId, (tx) => tx.selectFrom('audit_event').select('id').execute());
      const rows = new Set(found.map(({ id }) => id));
      const missing = [...doors.auditIds].filter((id) => !rows.has(id));
      if (missing.length > 0) throw new Error(`answers without their row: ${missing.join(', ')}`);
    },
  };
  return doors;
}

/** On loopback, though nothing listens there. */
const REDIRECT_URI = 'http://127.0.0.1:9/callback';
/** The organization's shared token for the warehouse. */
export const WAREHOUSE_TOKEN = 'warehouse-shared-token-of-acme';

/** Acme as its administrator sets it up with what the bootstrap printed: sign-in, PR-Bot, three integrations, and a policy that allows. */
export async function openDoors(around: Surroundings): Promise<Doors> {
  const doors = enter(around);
  const { signIn, upstream } = around;
  await doors.signInRobot();
  await doors.graph(operations.ConfigureSignInDocument, { input: { issuer: signIn.issuer, clientId: signIn.clientId, clientSecret: signIn.clientSecret } });
  const created = await doors.graph(operations.CreateApplicationDocument, { input: { name: 'PR-Bot', kind: 'CONFIDENTIAL', redirectUris: [REDIRECT_URI] } });
  doors.application = { id: created.createApplication?.application?.id ?? '', secret: created.createApplication?.clientSecret ?? '' };
  const make = async (input: operations.CreateIntegrationInput): Promise<string> => {
    const { createIntegration } = await doors.graph(operations.CreateIntegrationDocument, { input });
    const integrationId = createIntegration?.integration?.id ?? '';
    await doors.graph(operations.AttachIntegrationDocument, { input: { applicationId: doors.application.id, integrationId } });
    return integrationId;
  };
  doors.integrations = {
    tracker: await make({ handle: 'tracker', name: 'Tracker', authMode: 'OAUTH', issuer: upstream.issuer, scopes: ['openid', 'read'], apiBaseUrl: upstream.apiUrl }),
    notes: await make({ handle: 'notes', name: 'Notes', authMode: 'USER_TOKEN', apiBaseUrl: 'https://notes.test' }),
    warehouse: await make({ handle: 'warehouse', name: 'Warehouse', authMode: 'SERVER_TOKEN', apiBaseUrl: 'https://warehouse.test' }),
  };
  upstream.register(`${around.url}/connect/callback/${doors.integrations.tracker}`);
  await doors.graph(operations.SetOAuthAppDocument, { input: { id: doors.integrations.tracker, clientId: upstream.clientId, clientSecret: upstream.clientSecret } });
  await doors.graph(operations.SetServerTokenDocument, { input: { id: doors.integrations.warehouse, token: WAREHOUSE_TOKEN } });
  await doors.graph(operations.CreatePolicyDocument, { input: { layer: 'ORGANIZATION', effect: 'ALLOW', subject: { kind: 'EVERYONE' } } });
  [doors.application.secret, WAREHOUSE_TOKEN].forEach((secret) => doors.secrets.add(secret));
  return doors;
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

/** A page, or the address at which the browser was told to stop. */
const ofPage = ({ url, status, headers, html }: Page): Reply => ({ status, headers, text: html || url.search, body: Object.fromEntries(url.searchParams) });

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
