import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { openExchange, ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT, type Exchange } from '../../src/exchange/index.ts';
import { openHttpServer } from '../../src/http/server.ts';
import { sidecarRoutes } from '../../src/http/sidecar.ts';
import { openSigningKeys } from '../../src/identity/signing-keys.ts';
import { openTokenVerifier } from '../../src/identity/verify-token.ts';
import type { Appender } from '../../src/audit/index.ts';
import openapi from '../../schema/openapi.json' with { type: 'json' };
import type { Acme } from './acme.ts';
import type { TestWells } from './wells.ts';

export interface SidecarAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface Sidecar extends AsyncDisposable {
  readonly exchange: Exchange;
  readonly url: string;
  /** Sends a form, each answer held against the published description. */
  post(form: Readonly<Record<string, string>> | string, headers?: Readonly<Record<string, string>>): Promise<SidecarAnswer>;
  /** The user form for Alice and PR-Bot, with Basic authentication; `undefined` leaves a parameter out. */
  ask(acme: Acme, token: string, parameters?: Readonly<Record<string, string | undefined>>): Promise<SidecarAnswer>;
}

/** The sidecar on a free port, in front of these wells. */
export async function openSidecar(wells: TestWells, appender: Pick<Appender, 'append'> = wells.appender): Promise<Sidecar> {
  const verifyAccessToken = openTokenVerifier(wells, await openSigningKeys(wells));
  const exchange = openExchange({ ...wells, appender, verifyAccessToken });
  const server = await openHttpServer({ name: 'sidecar', host: '127.0.0.1', port: 0, routes: sidecarRoutes(exchange), log: wells.log, metrics: wells.metrics });
  const url = `http://127.0.0.1:${server.port}`;
  const post: Sidecar['post'] = async (form, headers = {}) => {
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
    const response = await fetch(`${url}/oauth2/token`, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
    const answer = { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
    holdAgainstDescription(answer);
    return answer;
  };
  return {
    exchange,
    url,
    post,
    ask(acme, token, parameters = {}) {
      const form: Record<string, string | undefined> = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: ACCESS_TOKEN_TYPE, subject_token: token, resource: 'github', ...parameters };
      const given = Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined));
      return post(given, { authorization: basic(acme.prBot.id, acme.prBotSecret) });
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
ajv.addSchema(openapi, 'openapi');

/** Throws where an answer is not as `schema/openapi.json` describes it. */
export function holdAgainstDescription({ status, headers, body }: SidecarAnswer): void {
  const described = openapi.paths['/oauth2/token'].post.responses;
  if (!(String(status) in described)) throw new Error(`status ${status} is not described`);
  const validate = ajv.getSchema(`openapi#/components/schemas/${status === 200 ? 'Credential' : 'Error'}`);
  if (!validate) throw new Error('the schema is missing');
  if (!validate(body)) throw new Error(`${JSON.stringify(body)} is not as described: ${ajv.errorsText(validate.errors)}`);
  if (headers.get('cache-control') !== 'no-store') throw new Error('a token endpoint\'s answer may be cached');
}
