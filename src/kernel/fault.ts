/** What a fault looks like at every door; one row holds everything the four renderers need to know about it. */
export interface FaultRow {
  /** HTTP status at REST doors. */
  readonly status: number;
  /** `error` of OAuth answers (RFC 6749 section 5.2, RFC 8693 section 2.2.2). */
  readonly oauth: string;
  /** `extensions.code` of GraphQL errors and `code` of `userErrors`. */
  readonly graphql: string;
  /** JSON-RPC code at the MCP door; policy codes lie outside the range JSON-RPC and MCP reserve. */
  readonly mcp: number;
  /** Whether the same request may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** The sentence shown when the thrower gives none. */
  readonly text: string;
  /** Who can fix it and how. */
  readonly hint: string;
}

/** The closed table of everything that can go wrong on purpose. Whatever is thrown and is no `Fault` is `internal`. */
export const FAULTS = {
  internal: { status: 500, oauth: 'server_error', graphql: 'INTERNAL', mcp: -32603, retryable: true, text: 'Something went wrong on our side.', hint: 'Try again; if it persists, give the operator the request id.' },
  unavailable: { status: 503, oauth: 'temporarily_unavailable', graphql: 'UNAVAILABLE', mcp: -31503, retryable: true, text: 'The service cannot answer safely right now.', hint: 'Try again after the time in Retry-After.' },
  rate_limited: { status: 429, oauth: 'slow_down', graphql: 'RATE_LIMITED', mcp: -31429, retryable: true, text: 'Too many requests.', hint: 'Wait for the time in Retry-After.' },
  unauthenticated: { status: 401, oauth: 'invalid_token', graphql: 'UNAUTHENTICATED', mcp: -31401, retryable: false, text: 'The access token is missing, malformed, expired or revoked.', hint: 'Sign in again or ask the token endpoint for a new token.' },
  forbidden: { status: 403, oauth: 'insufficient_scope', graphql: 'FORBIDDEN', mcp: -31403, retryable: false, text: 'You may not do this.', hint: 'Ask an administrator of the organization.' },
  not_found: { status: 404, oauth: 'invalid_request', graphql: 'NOT_FOUND', mcp: -31404, retryable: false, text: 'Nothing with this id exists here.', hint: 'Check the id.' },
  conflict: { status: 409, oauth: 'invalid_request', graphql: 'CONFLICT', mcp: -31409, retryable: false, text: 'This contradicts what exists already.', hint: 'Choose another value, or change what exists.' },
  invalid_input: { status: 400, oauth: 'invalid_request', graphql: 'INVALID_INPUT', mcp: -32602, retryable: false, text: 'The input is not valid.', hint: 'Correct the named field.' },
  too_large: { status: 413, oauth: 'invalid_request', graphql: 'TOO_LARGE', mcp: -31413, retryable: false, text: 'The request is larger than this endpoint accepts.', hint: 'Send less at once.' },
  method_not_allowed: { status: 405, oauth: 'invalid_request', graphql: 'METHOD_NOT_ALLOWED', mcp: -32601, retryable: false, text: 'This method is not served here.', hint: 'Use one of the methods in the Allow header.' },
  unsupported_media_type: { status: 415, oauth: 'invalid_request', graphql: 'UNSUPPORTED_MEDIA_TYPE', mcp: -31415, retryable: false, text: 'This content type is not accepted here.', hint: 'Send the content type the endpoint documents.' },
  invalid_client: { status: 401, oauth: 'invalid_client', graphql: 'UNAUTHENTICATED', mcp: -31401, retryable: false, text: 'Client authentication failed.', hint: 'Check the client id and secret; an administrator can rotate the secret and see whether the application is enabled.' },
  invalid_grant: { status: 400, oauth: 'invalid_grant', graphql: 'INVALID_INPUT', mcp: -32602, retryable: false, text: 'The grant is invalid, expired or revoked.', hint: 'Start the authorization again.' },
  unsupported_grant_type: { status: 400, oauth: 'unsupported_grant_type', graphql: 'INVALID_INPUT', mcp: -32602, retryable: false, text: 'This grant type is not served here.', hint: 'The sidecar serves urn:ietf:params:oauth:grant-type:token-exchange only.' },
  unauthorized_client: { status: 400, oauth: 'unauthorized_client', graphql: 'FORBIDDEN', mcp: -31403, retryable: false, text: 'This client may not use this form of the request.', hint: 'An administrator can change the application.' },
  invalid_scope: { status: 400, oauth: 'invalid_scope', graphql: 'INVALID_INPUT', mcp: -32602, retryable: false, text: 'The scope is malformed or exceeds what the subject token allows.', hint: 'Ask for less, or name capabilities as handle:operation.' },
  invalid_target: { status: 400, oauth: 'invalid_target', graphql: 'NOT_FOUND', mcp: -31404, retryable: false, text: 'No such integration for this application.', hint: 'An administrator can create the integration and attach it to the application.' },
  access_denied: { status: 403, oauth: 'access_denied', graphql: 'POLICY_DENIED', mcp: -31000, retryable: false, text: 'Policy does not allow this.', hint: 'See the decision for the layer that refuses and who owns it.' },
  integration_required: { status: 400, oauth: 'integration_required', graphql: 'INTEGRATION_REQUIRED', mcp: -31001, retryable: false, text: 'The user has no live connection to this integration.', hint: 'The user can connect at connect_url.' },
  reauthorization_required: { status: 400, oauth: 'reauthorization_required', graphql: 'REAUTHORIZATION_REQUIRED', mcp: -31002, retryable: false, text: 'The provider no longer accepts the stored authorization.', hint: 'The user can connect again at connect_url.' },
  oauth_app_missing: { status: 400, oauth: 'invalid_request', graphql: 'OAUTH_APP_MISSING', mcp: -31003, retryable: false, text: 'No OAuth app is configured for this integration.', hint: 'An administrator can set one on the integration, or the operator one for the platform.' },
  provider_failed: { status: 503, oauth: 'temporarily_unavailable', graphql: 'PROVIDER_FAILED', mcp: -31502, retryable: true, text: 'The provider did not answer as OAuth demands.', hint: 'Try again; if it persists, check the integration\'s endpoints.' },
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

/** What a thrower may add to a row: every field is public and reaches the caller. */
export interface FaultDetail {
  /** One sentence that says what is wrong; replaces the row's text. */
  readonly message?: string;
  /** Who can fix it and how; replaces the row's hint. */
  readonly hint?: string;
  /** The input field at fault, as the caller spells it: `input.redirectUris.0`. */
  readonly field?: string;
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number;
  /** Extension members of the answer, spelled as on the wire (`failure_reason`, `connect_url`). */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** For logs only; never rendered. */
  readonly cause?: unknown;
}

/** A failure with a row in `FAULTS`; every door renders it from that row. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly hint: string;
  readonly field: string | undefined;
  readonly retryAfter: number | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: FaultCode, detail: FaultDetail = {}) {
    super(detail.message ?? FAULTS[code].text, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint ?? FAULTS[code].hint;
    this.field = detail.field;
    this.retryAfter = detail.retryAfter ?? (FAULTS[code].status === 503 ? 1 : undefined);
    this.extensions = detail.extensions ?? {};
  }

  get row(): FaultRow {
    return FAULTS[this.code];
  }
}

/** The fault itself, or `internal` around anything else that was thrown. */
export function toFault(thrown: unknown): Fault {
  return thrown instanceof Fault ? thrown : new Fault('internal', { cause: thrown });
}

/** `invalid_input` at a named field. */
export function invalid(field: string, message: string): Fault {
  return new Fault('invalid_input', { field, message });
}
