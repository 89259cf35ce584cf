import { complexityFromQuery } from '@pothos/plugin-complexity';
import { Kind, type DocumentNode, type ExecutionArgs, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { Fault } from '../kernel/index.ts';

/** How much one operation may ask for. */
export const LIMITS = {
  /** Lexical tokens of the document; counted while it is read, so that nothing deep is ever built. */
  tokens: 4_000,
  /** Nested fields. The introspection query of the usual tools needs 15. */
  depth: 16,
  /** Aliased fields, with each fragment counted where it is spread. */
  aliases: 50,
  /** What `extensions.cost` reports: a field costs 1, a page its size times what it holds. */
  cost: 20_000,
} as const;

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
    aliases += below.aliases + (isField && selection.alias ? 1 : 0);
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

export const tooLarge = (message: string, hint?: string): Fault => new Fault('too_large', { message, ...(hint && { hint }) });
