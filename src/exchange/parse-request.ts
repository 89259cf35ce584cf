import { Fault, invalid, parseCapability, type CapabilityName } from '../kernel/index.ts';

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const CONFIDENTIAL_CLIENT_TYPE = 'urn:kontext:confidential-client';

/** Whose credential is asked for, by `subject_token_type`. */
export type SubjectForm =
  /** The user behind a Kontext access token. */
  | { readonly kind: 'user'; readonly token: string }
  /** Nobody: the organization's shared token. */
  | { readonly kind: 'shared' };

export interface ExchangeParameters {
  readonly subject: SubjectForm;
  readonly target: string;
  readonly capabilities: readonly CapabilityName[] | null;
}

type Parameters = ReadonlyMap<string, string>;

const SUBJECT_FORMS: ReadonlyMap<string, (parameters: Parameters) => SubjectForm> = new Map([
  [ACCESS_TOKEN_TYPE, (parameters: Parameters): SubjectForm => ({ kind: 'user', token: required(parameters, 'subject_token') })],
  [
    CONFIDENTIAL_CLIENT_TYPE,
    (parameters: Parameters): SubjectForm => {
      if (parameters.has('subject_token')) throw invalid('subject_token', 'The organization\'s shared token is asked for without a subject token.');
      return { kind: 'shared' };
    },
  ],
]);

const KNOWN = new Set(['grant_type', 'client_id', 'client_secret', 'subject_token', 'subject_token_type', 'requested_token_type', 'resource', 'audience', 'scope']);
const MAX_CAPABILITIES = 50;

/** The parameters of a token exchange, or a fault that names the one at fault. @see RFC 8693 section 2.1 */
export function parseExchange(parameters: Parameters): ExchangeParameters {
  const grantType = required(parameters, 'grant_type');
  if (grantType !== TOKEN_EXCHANGE_GRANT) throw new Fault('unsupported_grant_type', { field: 'grant_type' });
  for (const name of parameters.keys()) if (!KNOWN.has(name)) throw invalid(/^[\w.-]{1,64}$/.test(name) ? name : 'parameters', 'This parameter is not known here.');
  const form = SUBJECT_FORMS.get(required(parameters, 'subject_token_type'));
  if (!form) throw invalid('subject_token_type', `Not served here; send ${[...SUBJECT_FORMS.keys()].join(' or ')}.`);
  const requested = parameters.get('requested_token_type');
  if (requested !== undefined && requested !== ACCESS_TOKEN_TYPE) throw invalid('requested_token_type', `Only ${ACCESS_TOKEN_TYPE} can be issued.`);
  return { subject: form(parameters), target: parseTarget(parameters), capabilities: parseScope(parameters.get('scope')) };
}

function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw invalid(name, 'This parameter is required.');
  return value;
}

/** `resource` or `audience`: an integration's handle or an absolute URI. */
function parseTarget(parameters: Parameters): string {
  const resource = parameters.get('resource');
  const audience = parameters.get('audience');
  const target = resource ?? audience;
  const field = resource === undefined ? 'audience' : 'resource';
  if (target === undefined) throw invalid('resource', 'Name the integration in resource, by handle or by the URI of its API.');
  if (resource !== undefined && audience !== undefined && resource !== audience) throw invalid('audience', 'resource and audience name different targets.');
  if (target.length > 2_048 || !/^[\x21-\x7E]+$/.test(target)) throw invalid(field, 'A target is a handle or an absolute URI of at most 2,048 characters.');
  // One spelling for what means the same, so that facts are remembered once.
  return target.replace(/\/+$/, '');
}

/** Capabilities separated by single spaces; null where the whole integration is asked for. @see RFC 6749 section 3.3 */
function parseScope(scope: string | undefined): CapabilityName[] | null {
  if (scope === undefined) return null;
  const names = [...new Set(scope.split(' '))];
  if (names.length > MAX_CAPABILITIES) throw new Fault('invalid_scope', { message: `At most ${MAX_CAPABILITIES} capabilities can be named at once.`, field: 'scope' });
  return names.map(parseCapability);
}

/** One answer for a subject token that is malformed, expired, revoked or foreign. */
export function badSubject(): Fault {
  return new Fault('invalid_input', {
    message: 'The subject token is malformed, expired, revoked, or was not issued to this application for this service.',
    hint: 'The user can sign in to the application again.',
    field: 'subject_token',
  });
}
