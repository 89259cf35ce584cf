import { Kind, visit, type ASTNode, type DocumentNode } from 'graphql';
import { invalid, type Fault } from '../kernel/index.ts';

/** What no column, log or other system holds: NUL, and half of a surrogate pair. */
const UNFIT = /[\0\p{Surrogate}]/u;

const refusal = (field: string): Fault => invalid(field, 'A text may hold neither U+0000 nor half of a surrogate pair.');

/** Throws `invalid_input` at the first text among the literals of a document that nothing behind the graph could keep. */
export function checkLiterals(document: DocumentNode): void {
  visit(document, {
    StringValue(node, _key, parent, _path, ancestors) {
      if (UNFIT.test(node.value)) throw refusal(namesOf(parent ? [...ancestors, parent] : ancestors).join('.') || 'query');
    },
  });
}

/** The names of the argument and the input fields around a literal, outermost first. */
const namesOf = (ancestors: readonly (ASTNode | readonly ASTNode[])[]): string[] =>
  ancestors.flatMap((node) => {
    if (!('kind' in node)) return [];
    if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) return [node.name.value];
    return node.kind === Kind.VARIABLE_DEFINITION ? [node.variable.name.value] : [];
  });

interface Place {
  readonly value: unknown;
  readonly name: string;
  readonly parent: Place | null;
}

/**
 * The same for variables, with the names inside of JSON. It keeps its own stack: a JSON value may nest deeper than calls can, and
 * is refused for that only where it meets its type.
 */
export function checkVariables(variables: { readonly [name: string]: unknown }): void {
  const open: Place[] = [];
  const enter = (value: object, parent: Place | null): void => {
    for (const [name, member] of Object.entries(value)) {
      const place = { value: member, name, parent };
      if (UNFIT.test(name)) throw refusal(parent ? pathOf(parent) : 'variables');
      if (typeof member === 'string' && UNFIT.test(member)) throw refusal(pathOf(place));
      if (typeof member === 'object' && member !== null) open.push(place);
    }
  };
  enter(variables, null);
  for (let place = open.pop(); place; place = open.pop()) enter(place.value as object, place);
}

function pathOf(place: Place): string {
  const names: string[] = [];
  for (let at: Place | null = place; at && names.length < PATH_MAX; at = at.parent) names.unshift(at.name);
  return names.join('.');
}

/** Names of a path that are shown, innermost first: no input field of ours lies deeper, and a JSON value may. */
const PATH_MAX = 40;
