import { GraphQLError, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import { Fault, faultExtensions, toFault, type FaultCode } from '../kernel/index.ts';
import type { Log } from '../platform/index.ts';

/** Failures that are no answer to a mutation but the end of it: they stand among the top-level errors. */
const TOP_LEVEL: ReadonlySet<FaultCode> = new Set(['internal', 'unavailable', 'rate_limited', 'unauthenticated', 'forbidden']);

/** A failure the caller of a mutation is expected to meet and to show. */
export interface UserErrorShape {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly hint: string;
}

/** The expected failure as a value; throws on whatever else was thrown. */
export function toUserError(thrown: unknown): UserErrorShape {
  if (!(thrown instanceof Fault) || TOP_LEVEL.has(thrown.code)) throw thrown;
  const { field } = thrown;
  return { code: thrown.row.graphql, message: thrown.message, hint: thrown.hint, field: field === undefined || field.startsWith('input') ? (field ?? null) : `input.${field}` };
}

/** The fault behind an error that GraphQL, Pothos or yoga has wrapped; `invalid_input` where the document or its variables are wrong. */
export function faultOf(error: unknown): Fault {
  let inner = error;
  for (let cause = causeOf(inner); cause !== undefined; cause = causeOf(inner)) inner = cause;
  if (!(error instanceof GraphQLError) || !(inner instanceof GraphQLError)) return toFault(inner);
  // GraphQL's own errors speak of the document, unless one arises while executing without pointing there: then a value of ours does not fit the schema.
  if (error.path && !inner.nodes) return toFault(error);
  return new Fault('invalid_input', { message: withoutValues(error.message), hint: 'Correct the document or its variables; the schema says what is served.' });
}

/** What the engine says of a document or its variables, less the values it quotes: one of them may be a secret in the wrong place. */
export function withoutValues(message: string): string {
  return message
    .replace(/,? found:? [\s\S]*$/i, '.')
    .replace(/ cannot represent ([^:]*): [\s\S]*$/, ' cannot represent this $1.')
    .replace(/\b(String|BlockString|Int|Float) "[\s\S]*$/, '$1.')
    .replace(/\bValue (["{[])[\s\S]*? (does not|is not|cannot)/, 'This value $2');
}

const causeOf = (error: unknown): unknown => (error instanceof GraphQLError ? (error.cause ?? error.originalError ?? undefined) : undefined);

/** The one way an error leaves the graph, on every transport: a fault's public fields, or nothing but a request id. */
export function renderError(error: unknown, requestId: string, log: Log): GraphQLFormattedError {
  const fault = faultOf(error);
  if (fault.code === 'internal') log.error({ err: fault.cause ?? error, requestId }, 'a GraphQL request failed');
  const at = error instanceof GraphQLError ? error : undefined;
  return {
    message: fault.message,
    ...(at?.locations && { locations: at.locations }),
    ...(at?.path && { path: at.path }),
    extensions: { ...faultExtensions(fault, requestId) },
  };
}

/** A result of any library's making. */
type AnyResult = { readonly [K in keyof ExecutionResult]: ExecutionResult[K] | undefined };

/** The result as it leaves. */
export function renderResult(result: AnyResult, requestId: string, log: Log): FormattedExecutionResult {
  const { errors, data, extensions } = result;
  return { ...(errors && { errors: errors.map((error) => renderError(error, requestId, log)) }), ...(data !== undefined && { data }), ...(extensions && { extensions }) };
}
