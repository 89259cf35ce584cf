import type { Selectable } from 'kysely';
import { canonicalJson, invalid, parseOperation, type Json } from '../kernel/index.ts';
import { digestHex, type CapabilityTable } from '../platform/index.ts';

export type Capability = Selectable<CapabilityTable>;

/** One operation as an administrator declares it, or an MCP server lists it. */
export interface CapabilityInput {
  readonly operation: string;
  readonly description?: string | null | undefined;
  readonly inputSchema?: Json | undefined;
  readonly annotations?: Json | undefined;
}

/** The columns that a definition fills, and the hash by which a later change of it is seen. */
export interface Definition {
  readonly operation: string;
  readonly description: string | null;
  readonly input_schema: string | null;
  readonly annotations: string | null;
  readonly definition_hash: string;
}

const MAX_DESCRIPTION = 8_192;
const MAX_JSON = 32_768;

/** The definition, or `invalid_input` below `field`. The hash is SHA-256 over the canonical JSON of everything in it. */
export function parseDefinition(input: CapabilityInput, field: string): Definition {
  const operation = parseOperation(input.operation, `${field}.operation`);
  const description = input.description ?? null;
  if (description !== null && description.length > MAX_DESCRIPTION) throw invalid(`${field}.description`, `A description is at most ${MAX_DESCRIPTION} characters.`);
  if (description !== null && (description.includes('\u0000') || !description.isWellFormed())) throw invalid(`${field}.description`, 'A description is text without NUL and lone surrogates.');
  const inputSchema = parseObject(input.inputSchema, `${field}.inputSchema`);
  const annotations = parseObject(input.annotations, `${field}.annotations`);
  return {
    operation,
    description,
    input_schema: inputSchema === null ? null : canonicalJson(inputSchema),
    annotations: annotations === null ? null : canonicalJson(annotations),
    definition_hash: digestHex(canonicalJson({ name: operation, description, inputSchema, annotations })),
  };
}

/** How JSON spells what PostgreSQL's jsonb cannot hold; behind an escaped backslash it is ordinary text. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

function parseObject(value: Json | undefined, field: string): Json | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(field, 'Expected a JSON object.');
  const text = canonicalJson(value);
  if (text.length > MAX_JSON || UNSTORABLE.test(text)) throw invalid(field, `Expected at most ${MAX_JSON} characters of JSON without NUL and lone surrogates.`);
  return value;
}
