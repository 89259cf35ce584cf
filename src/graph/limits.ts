import { complexityFromQuery } from '@pothos/plugin-complexity';
import { Kind, Lexer, Source, TokenKind, type DocumentNode, type ExecutionArgs, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { Fault } from '../kernel/index.ts';

/** How much one operation may ask for. */
export const LIMITS = {
  /** Lexical tokens of the document. */
  tokens: 4_000,
  /** Brackets of any kind inside each other: what the parser, which calls itself for each, can bear many times over. */
  brackets: 100,
  /** Nested fields. The introspection query of the usual tools needs 15. */
  depth: 16,
  /** Aliased fields, with each fragment counted where it is spread; tenfold in introspection, where each repeats much of the schema. */
  aliases: 50,
  /** What `extensions.cost` reports: a field costs 1, a page its size times what it holds. */
  cost: 50_000,
  /** Objects in lists while it runs: the second wall, for lists that turn out larger than their price. */
  objects: 10_000,
} as const;

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** Throws `too_large` for a text that is long or nests deep, before anything is built of it; a syntax error for what is no token. */
export function checkTokens(source: string): void {
  const lexer = new Lexer(new Source(source));
  let open = 0;
  for (let tokens = 1, token = lexer.advance(); token.kind !== TokenKind.EOF; tokens++, token = lexer.advance()) {
    if (OPENING.has(token.kind)) open++;
    if (CLOSING.has(token.kind)) open--;
    if (tokens > LIMITS.tokens) throw tooLarge(`The document has more than ${LIMITS.tokens} tokens.`);
    if (open > LIMITS.brackets) throw tooLarge(`The document nests more than ${LIMITS.brackets} brackets.`);
  }
}

/** Throws `too_large` for a document that nests or repeats too much. Linear in the document, whatever its fragments do. */
export function checkShape(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const known = new Map<SelectionSetNode, Shape>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, aliases } = measure(definition.selectionSet, fragments, known);
    if (depth > LIMITS.depth) throw tooLarge(`The operation nests ${depth} fields; at most ${LIMITS.depth} are served.`);
    if (aliases > LIMITS.aliases) throw tooLarge(`The operation has ${aliases} aliases; at most ${LIMITS.aliases} are served.`);
  }
}

interface Shape {
  readonly depth: number;
  readonly aliases: number;
}

const INTROSPECTION: ReadonlySet<string> = new Set(['__schema', '__type']);
const EMPTY: Shape = { depth: 0, aliases: 0 };

function measure(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, known: Map<SelectionSetNode, Shape>): Shape {
  const seen = known.get(set);
  if (seen) return seen;
  // Whoever comes back here while this is measured follows a cycle of fragments, which validation refuses.
  known.set(set, EMPTY);
  let depth = 0;
  let aliases = 0;
  for (const selection of set.selections) {
    const inner = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)?.selectionSet : selection.selectionSet;
    const below = inner ? measure(inner, fragments, known) : EMPTY;
    const isField = selection.kind === Kind.FIELD;
    depth = Math.max(depth, below.depth + (isField ? 1 : 0));
    aliases += (below.aliases + (isField && selection.alias ? 1 : 0)) * (isField && INTROSPECTION.has(selection.name.value) ? 10 : 1);
  }
  const shape = { depth, aliases };
  known.set(set, shape);
  return shape;
}

/** What an operation costs with these variables. Throws `too_large` beyond the limit, a GraphQL error for variables that do not fit. */
export function priceOperation({ schema, document, variableValues }: ExecutionArgs, operation: OperationDefinitionNode): number {
  // The one that will run: a cheap operation beside it must not be priced in its place.
  const definitions = document.definitions.filter((definition) => definition === operation || definition.kind === Kind.FRAGMENT_DEFINITION);
  const { complexity } = complexityFromQuery({ ...document, definitions }, { schema, variables: { ...variableValues } });
  if (complexity > LIMITS.cost) throw tooLarge(`The operation costs ${complexity}; at most ${LIMITS.cost} is served.`, 'Ask for smaller pages or fewer nested fields.');
  return complexity;
}

const tooLarge = (message: string, hint?: string): Fault => new Fault('too_large', { message, ...(hint && { hint }) });
