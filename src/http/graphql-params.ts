import { Fault, invalid } from '../kernel/index.ts';

/** One operation as a client sends it. @see GraphQL over HTTP, section 5.1 */
export interface GraphqlParams {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly extensions?: Readonly<Record<string, unknown>> | null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const MEMBERS: Readonly<Record<keyof GraphqlParams, { readonly holds: (value: unknown) => boolean; readonly text: string }>> = {
  query: { holds: (value) => typeof value === 'string', text: 'The document goes into "query", as a string.' },
  operationName: { holds: (value) => value == null || typeof value === 'string', text: 'Expected a string or null.' },
  variables: { holds: (value) => value == null || isObject(value), text: 'Expected an object or null.' },
  extensions: { holds: (value) => value == null || isObject(value), text: 'Expected an object or null.' },
};

/** The parameters in a JSON body, or `invalid_input` at the member at fault. */
export function parseParams(text: string): GraphqlParams {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Fault('invalid_input', { message: 'The body is not JSON.' });
  }
  if (!isObject(body)) throw new Fault('invalid_input', { message: 'The body is one JSON object; batches are not served.' });
  for (const name of Object.keys(body)) if (!Object.hasOwn(MEMBERS, name)) throw invalid(name, 'This member is not known here.');
  for (const [name, { holds, text: message }] of Object.entries(MEMBERS)) if (!holds(body[name])) throw invalid(name, message);
  return body as unknown as GraphqlParams; // each member was checked above
}
