import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';
import { describe, expect, it } from 'vitest';
import type { Proof, Requirement } from './requirements/requirement.ts';
import { REQUIREMENTS } from './requirements.ts';

const TESTS = fileURLToPath(new URL('./', import.meta.url));

/** How many entries each source has: one that gets lost is missed here. */
const EXPECTED: Readonly<Record<string, number>> = {
  'how-it-works': 101,
  integrations: 75,
  rfc6749: 37,
  rfc6750: 6,
  rfc7636: 5,
  rfc7009: 5,
  rfc7662: 4,
  rfc8252: 6,
  rfc8414: 5,
  rfc8693: 15,
  rfc8707: 4,
  rfc9068: 10,
  rfc9207: 4,
  'openid-provider': 12,
  'openid-relying-party': 12,
  'graphql-over-http': 11,
  'graphql-transport-ws': 13,
  rfc9457: 6,
  rfc8785: 8,
  rfc9562: 4,
  threats: 83,
  'spine.repository': 5,
  'spine.database': 6,
  'spine.vault': 4,
  'spine.identity': 13,
  'spine.integrations': 10,
  'spine.policy': 10,
  'spine.exchange': 19,
  'spine.audit': 10,
  'spine.graphql': 15,
  'spine.demo': 3,
  'spine.operations': 4,
  'spine.speed': 6,
  'spine.bad-input': 11,
};

/** How many sentences the two descriptions have; a sentence may have several entries. */
const SENTENCES: Readonly<Record<string, number>> = { 'how-it-works': 69, integrations: 58 };

interface FoundTest {
  readonly title: string;
  /** Why it does not run, where it does not. */
  readonly idle: string | null;
}

interface TestFile {
  readonly tests: readonly FoundTest[];
  /** Every text in the file and in the vectors it reads: the rows of its tables. */
  readonly texts: ReadonlySet<string>;
}

/** As much of a syntax tree as this looks at. */
interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;
const childrenOf = (node: Node): Node[] => Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]).filter(isNode));

/** `step` is what flows call their tests, which go on from one another. */
const CALLS = new Set(['it', 'test', 'step', 'describe']);
/** The suite runs on both databases, so a test that asks for one of them runs. */
const RUNS_ANYWAY = /^ON_POSTGRESQL$/;

interface Called {
  readonly root: string;
  readonly idle: string | null;
}

/** Who is called by `it('…')`, `it.each(rows)('…')`, `describe.runIf(condition)('…')`; null for anything else. */
function readCallee(callee: Node): Called | null {
  if (callee.type === 'Identifier') return CALLS.has(String(callee['name'])) ? { root: String(callee['name']), idle: null } : null;
  if (callee.type === 'CallExpression') {
    const inner = readCallee(callee['callee'] as Node);
    const [condition] = callee['arguments'] as Node[];
    const modifier = nameOf((callee['callee'] as Node)['property']);
    const conditional = modifier === 'runIf' || modifier === 'skipIf';
    return inner && conditional && !RUNS_ANYWAY.test(nameOf(condition)) ? { ...inner, idle: `.${modifier}` } : inner;
  }
  if (callee.type === 'MemberExpression') {
    const inner = readCallee(callee['object'] as Node);
    const modifier = nameOf(callee['property']);
    return inner && /^(skip|todo|fails)$/.test(modifier) ? { ...inner, idle: `.${modifier}` } : inner;
  }
  return null;
}

const nameOf = (node: unknown): string => (isNode(node) && node.type === 'Identifier' ? String(node['name']) : '');

function textOf(node: Node | undefined): string | null {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type === 'TemplateLiteral') return (node['quasis'] as Node[]).map((part) => (part['value'] as { cooked: string }).cooked).join('${}');
  return null;
}

function collect(node: Node, idle: string | null, into: { tests: FoundTest[]; texts: Set<string>; imports: string[] }): void {
  const text = textOf(node);
  if (text !== null) into.texts.add(text);
  if (node.type === 'ImportDeclaration') into.imports.push(textOf(node['source'] as Node) ?? '');
  const called = node.type === 'CallExpression' ? readCallee(node['callee'] as Node) : null;
  const title = called && textOf((node['arguments'] as Node[])[0]);
  const still = idle ?? called?.idle ?? null;
  if (called && title !== null && called.root !== 'describe') into.tests.push({ title, idle: still });
  for (const child of childrenOf(node)) collect(child, still, into);
}

function readTestFile(path: string): TestFile {
  const found = { tests: [] as FoundTest[], texts: new Set<string>(), imports: [] as string[] };
  collect(parseAst(readFileSync(path, 'utf8'), { lang: 'ts' }) as unknown as Node, null, found); // the tree as the interface above sees it
  for (const specifier of found.imports) if (specifier.includes('/vectors/')) readTestFile(join(dirname(path), specifier)).texts.forEach((text) => found.texts.add(text));
  return found;
}

const files = new Map<string, TestFile | null>();
function testFile(file: string): TestFile | null {
  const path = join(TESTS, file);
  if (!files.has(file)) files.set(file, existsSync(path) ? readTestFile(path) : null);
  return files.get(file) ?? null;
}

/** What is wrong with a proof; null where it stands. */
function faultIn({ file, title, vector }: Proof): string | null {
  const found = testFile(file);
  if (!found) return `there is no test/${file}`;
  const [test, ...others] = found.tests.filter((candidate) => candidate.title === title);
  if (!test) return `test/${file} has no test "${title}"`;
  if ([test, ...others].some(({ idle }) => idle !== null)) return `test/${file}: "${title}" does not run (${test.idle ?? 'a test of the same title'})`;
  return vector === undefined || found.texts.has(vector) ? null : `test/${file}: "${title}" has no row "${vector}"`;
}

const proofsOf = (requirement: Requirement): readonly Proof[] => ('proof' in requirement ? requirement.proof : []);
const bySource = Map.groupBy(REQUIREMENTS, ({ source }) => source);

describe('the requirements', () => {
  it('have ids of their own, and say something', () => {
    const ids = REQUIREMENTS.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(REQUIREMENTS.filter(({ says }) => !/^[A-Za-z].+\.$/.test(says)).map(({ id }) => id)).toEqual([]);
  });

  it('are proved, or say what they wait for', () => {
    const neither = REQUIREMENTS.filter((requirement) => ('open' in requirement ? requirement.open === '' || 'proof' in requirement : requirement.proof.length === 0));
    expect(neither.map(({ id }) => id)).toEqual([]);
  });

  it('are proved by tests that are there and run', () => {
    const faults = REQUIREMENTS.flatMap((requirement) => proofsOf(requirement).flatMap((proof) => faultIn(proof) ?? []).map((fault) => `${requirement.id}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it('are all there', () => {
    expect(Object.fromEntries([...bySource].map(([source, list]) => [source, list.length]))).toEqual(EXPECTED);
  });

  it.each(Object.entries(SENTENCES))('cover every sentence of %s', (source, count) => {
    const numbers = (bySource.get(source) ?? []).map(({ id }) => Number(/\.(\d+)[a-z]?$/.exec(id)?.[1]));
    expect([...new Set(numbers)].sort((left, right) => left - right)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  it('are summed up', () => {
    const lines = [...bySource].map(([source, list]) => `${source} ${list.filter((requirement) => 'proof' in requirement).length}/${list.length}`);
    const open = REQUIREMENTS.filter((requirement) => 'open' in requirement).length;
    process.stdout.write(`requirements: ${REQUIREMENTS.length - open} proved, ${open} open (${lines.join(', ')})\n`);
    expect(REQUIREMENTS.length).toBeGreaterThan(open);
  });
});

describe('a proof', () => {
  it('is not a test that is missing, skipped, or without the row', () => {
    const here = 'requirements.test.ts';
    expect(faultIn({ file: 'nowhere.test.ts', title: 'x' })).toContain('no test/nowhere');
    expect(faultIn({ file: here, title: 'that nobody wrote' })).toContain('has no test');
    expect(faultIn({ file: 'policy/evaluate.test.ts', title: '$says', vector: 'all three layers allow' })).toBeNull();
    expect(faultIn({ file: 'policy/evaluate.test.ts', title: '$says', vector: 'no vector of ours' })).toContain('has no row');
    const collected = { tests: [] as FoundTest[], texts: new Set<string>(), imports: [] };
    const source = "describe.skip('a', () => { it('b', f); }); it.todo('c'); it.runIf(X)('d', f); test.each([1])('e %s', f); describe.runIf(ON_POSTGRESQL)('g', () => { it('h', f); });";
    collect(parseAst(source, { lang: 'ts' }) as unknown as Node, null, collected);
    expect(collected.tests).toEqual([{ title: 'b', idle: '.skip' }, { title: 'c', idle: '.todo' }, { title: 'd', idle: '.runIf' }, { title: 'e %s', idle: null }, { title: 'h', idle: null }]);
  });
});
