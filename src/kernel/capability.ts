import { Fault, invalid } from './fault.ts';

const HANDLE = /^[a-z][a-z0-9-]{0,62}$/;
/** What MCP allows in a tool's name, less the colon that separates handle and operation. */
const OPERATION = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}$/;

export const isHandle = (text: string): boolean => HANDLE.test(text);

/** An integration's handle, unique in its organization: `github`, `google-calendar`. */
export function parseHandle(text: string, field = 'handle'): string {
  if (isHandle(text)) return text;
  throw invalid(field, 'A handle is 1 to 63 lower-case letters, digits and hyphens, and starts with a letter.');
}

/** The operation part of a capability: `create_issue`. */
export function parseOperation(text: string, field = 'operation'): string {
  if (OPERATION.test(text)) return text;
  throw invalid(field, 'An operation is 1 to 128 letters, digits and "_", ".", "/", "-".');
}

export interface CapabilityName {
  readonly handle: string;
  readonly operation: string;
}

/** `handle:operation` in its two parts, or `invalid_scope` naming the text. */
export function parseCapability(text: string): CapabilityName {
  const colon = text.indexOf(':');
  const handle = text.slice(0, colon);
  const operation = text.slice(colon + 1);
  if (colon > 0 && HANDLE.test(handle) && OPERATION.test(operation)) return { handle, operation };
  throw new Fault('invalid_scope', { message: 'A capability is spelled handle:operation, such as github:create_issue.', field: 'scope' });
}
