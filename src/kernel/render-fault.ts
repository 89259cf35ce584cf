import type { Fault } from './fault.ts';

/** An HTTP answer that draws a fault. */
export interface FaultAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The header that says when to come back; none where that would not help. */
export const retryHeader = (fault: Fault): Record<string, string> => (fault.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(fault.retryAfter)) });

/** OAuth's error answer: `error`, one sentence of description that ends with who can fix it, the request id and the extensions. @see RFC 6749 section 5.2 */
export function renderOAuthFault(fault: Fault, requestId: string): FaultAnswer {
  const { status, oauth } = fault.row;
  return {
    status,
    headers: { ...retryHeader(fault), ...(oauth === 'invalid_client' && { 'www-authenticate': 'Basic realm="kontext"' }) },
    body: { error: oauth, error_description: asciiSentence(describe(fault)), request_id: requestId, ...(fault.field !== undefined && { field: fault.field }), ...fault.extensions },
  };
}

/** A REST door's error answer. @see RFC 9457 */
export function renderProblem(fault: Fault, requestId: string): FaultAnswer {
  const { status, graphql } = fault.row;
  return {
    status,
    headers: { ...retryHeader(fault), 'content-type': 'application/problem+json' },
    body: { type: 'about:blank', title: fault.row.text, status, detail: fault.message, code: graphql, hint: fault.hint, request_id: requestId, ...(fault.field !== undefined && { field: fault.field }), ...fault.extensions },
  };
}

/** `extensions` of a GraphQL error. */
export function faultExtensions(fault: Fault, requestId: string): Readonly<Record<string, unknown>> {
  return {
    code: fault.row.graphql,
    hint: fault.hint,
    requestId,
    ...(fault.field !== undefined && { field: fault.field }),
    ...(fault.retryAfter !== undefined && { retryAfter: fault.retryAfter }),
    ...fault.extensions,
  };
}

const describe = (fault: Fault): string => `${fault.message}${fault.field === undefined ? '' : ` (${fault.field})`} ${fault.hint}`;

/** `error_description` may hold printable ASCII without quote and backslash only. @see RFC 6749 section 5.2 */
const asciiSentence = (text: string): string => text.replace(/"/g, '\'').replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '?');
