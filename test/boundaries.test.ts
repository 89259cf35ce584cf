import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Rooms stand in one line: each may import those to its left, through their index.ts. */
const ROOMS = ['kernel', 'platform', 'audit', 'directory', 'integrations', 'policy', 'connections', 'access', 'identity', 'exchange', 'gateway', 'graph', 'http'];

/** Folders outside of the line, and what of `src/` each may import. */
const OUTSIDE: Record<string, { readonly may: RegExp; readonly reason: string }> = {
  demo: { may: /^demo\//, reason: 'the demo only starts the rest, as a user would: by its command and over HTTP' },
  console: { may: /^(console|sdk)\//, reason: 'the console speaks only HTTP' },
  sdk: { may: /^sdk\//, reason: 'the SDK speaks only HTTP and is published without the server' },
};

/** What only platform may import: it is the one room that touches the world, so that each verb says what it needs. */
const WORLD: Record<string, string> = {
  pg: 'a statement outside of platform\'s transactions escapes row-level security',
  '@electric-sql/pglite': 'a statement outside of platform\'s transactions escapes row-level security',
  'node:crypto': 'one place decides how things are sealed, hashed and made random',
  crypto: 'one place decides how things are sealed, hashed and made random',
  undici: 'requests to addresses that others choose go through safe-fetch alone',
  axios: 'requests to addresses that others choose go through safe-fetch alone',
  'node:https': 'requests to addresses that others choose go through safe-fetch alone',
};

/** Where a secret becomes text, each with whom it is for. */
const REVEALS = new Map<string, string>([
  ['platform/vault/seal.ts', 'the cipher'],
  ['compose.ts', 'whoever bootstraps, once'],
  ['connections/attempt.ts', 'the vault: the PKCE verifier of an attempt'],
  ['connections/begin-in-browser.ts', 'the S256 challenge'],
  ['connections/credential.ts', 'the vault: what a connection keeps'],
  ['integrations/oauth-client.ts', 'the provider\'s token endpoint'],
  ['integrations/revoke-token.ts', 'the provider\'s revocation endpoint'],
  ['integrations/settings.ts', 'the check of what was pasted'],
  ['identity/records.ts', 'the authorization server, its own records'],
  ['identity/sign-in.ts', 'the vault and the organization\'s provider: verifier and nonce'],
  ['identity/sign-in-provider.ts', 'the organization\'s provider'],
  ['identity/signing-keys.ts', 'the signer'],
  ['exchange/response.ts', 'the application, after the row is committed'],
  ['graph/mutation.ts', 'whoever made a secret, once'],
]);

/** Lists, which are long because they are complete. */
const LONG_FILES = new Set<string>([]);
const MAX_LINES = 300;

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

interface Source {
  /** Relative to `src/`, with slashes: `platform/db/schema.ts`. */
  readonly path: string;
  /** The first folder, or '' for the files that compose the rooms. */
  readonly room: string;
  readonly text: string;
  /** Without comments; text in quotes stays. */
  readonly code: string;
  readonly imports: readonly string[];
}

const IMPORT = /(?:^|\n|;)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/[^\n]*/g;

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules'))
  .map((file) => {
    const path = relative(SRC, join(SRC, file)).replaceAll('\\', '/');
    const text = readFileSync(join(SRC, file), 'utf8');
    const code = text.replace(COMMENT, '');
    return { path, room: path.includes('/') ? path.slice(0, path.indexOf('/')) : '', text, code, imports: [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '') };
  })
  .sort((left, right) => (left.path < right.path ? -1 : 1));

/** What an import of a file of ours names, relative to `src/`; null for packages and for files outside of `src/`. */
function target(source: Source, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  const path = posix.normalize(posix.join(dirname(source.path), specifier));
  return path.startsWith('..') ? null : path;
}

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Everything a rule finds, a sentence each; the test shows them all at once. */
function findings(rule: (source: Source) => readonly (string | false)[], of = sources): string[] {
  return of.flatMap((source) => rule(source).flatMap((finding) => (finding === false ? [] : [`src/${source.path}: ${finding}`])));
}

describe('rooms', () => {
  it('are all known', () => {
    expect(findings(({ room }) => [room !== '' && !ROOMS.includes(room) && !(room in OUTSIDE) && `"${room}" is no room: put it into ROOMS where it belongs, as far left as it can`])).toEqual([]);
  });

  it('import only to their left', () => {
    const inLine = sources.filter(({ room }) => ROOMS.includes(room));
    const rule = (source: Source) =>
      source.imports.map((specifier) => {
        const path = target(source, specifier);
        if (path === null) return false;
        const room = roomOf(path);
        if (room === '') return `imports ${path}; rooms do not know who composes them`;
        if (room in OUTSIDE) return `imports ${path}; ${room} stands outside, and nothing in the line depends on it`;
        return ROOMS.indexOf(room) > ROOMS.indexOf(source.room) && `imports ${path}, which is to its right; a verb that spans two nouns lives in the right-hand room`;
      });
    expect(findings(rule, inLine)).toEqual([]);
  });

  it('are entered through their index.ts', () => {
    const rule = (source: Source) =>
      source.imports.map((specifier) => {
        const path = target(source, specifier);
        if (path === null || roomOf(path) === source.room || !ROOMS.includes(roomOf(path))) return false;
        return path !== `${roomOf(path)}/index.ts` && `imports ${path}; what another room may use, its index.ts says`;
      });
    expect(findings(rule)).toEqual([]);
  });

  it('stay apart from demo, console and SDK', () => {
    const rule = (source: Source) =>
      source.imports.map((specifier) => {
        const path = target(source, specifier);
        const outside = OUTSIDE[source.room];
        return path !== null && outside !== undefined && !outside.may.test(path) && `imports ${path}; ${outside.reason}`;
      });
    expect(findings(rule)).toEqual([]);
  });
});

describe('the world', () => {
  const inner = sources.filter(({ room }) => room !== 'platform' && !(room in OUTSIDE));

  it('is touched by platform alone', () => {
    expect(findings(({ imports }) => imports.map((specifier) => packageOf(specifier) in WORLD && `imports ${specifier}; ${WORLD[packageOf(specifier)] ?? ''}`), inner)).toEqual([]);
  });

  it('is fetched through safe-fetch alone', () => {
    // A parameter may be called fetch; the linter, which knows scopes, finds what this lets pass.
    const bound = /\bfetch: (SafeFetch|Wells\['fetch'\])|[{,]\s*fetch\s*[,}]/;
    const rule = ({ code }: Source) => [
      (/\bglobalThis\s*\.\s*fetch\b/.test(code) || (/(?<![.\w$])fetch\s*\(/.test(code) && !bound.test(code))) && 'calls the global fetch, which follows redirects and reaches private addresses; use deps.fetch',
    ];
    expect(findings(rule, inner)).toEqual([]);
  });
});

describe('secrets', () => {
  it('become text only where it is said', () => {
    expect(findings(({ path, room, code }) => [!(room in OUTSIDE) && code.includes('.reveal()') && !REVEALS.has(path) && 'reveals a secret; pass the Secret on, or name the file in REVEALS'])).toEqual([]);
  });

  it('are not named where nothing is revealed', () => {
    const revealing = new Set(sources.filter(({ code }) => code.includes('.reveal()')).map(({ path }) => path));
    expect([...REVEALS.keys()].filter((path) => !revealing.has(path))).toEqual([]);
  });
});

describe('files', () => {
  it('say what they export', () => {
    expect(findings(({ code }) => [/\bexport\s*\*/.test(code) && 'has `export *`; an index.ts is a list that one can read'])).toEqual([]);
  });

  it('are short', () => {
    const rule = ({ path, text }: Source) => [!LONG_FILES.has(path) && text.split('\n').length - 1 > MAX_LINES && `has more than ${MAX_LINES} lines; split it by noun, or name it in LONG_FILES if it is a list`];
    expect(findings(rule)).toEqual([]);
  });
});
