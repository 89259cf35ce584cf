import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of its own that ends with this one, whatever ends it. */
export interface Child extends AsyncDisposable {
  /** The first line of its output that is a JSON object with this member; rejects with its last words where it ends before. */
  line<T extends object>(member: keyof T & string): Promise<T>;
  /** What it said last, for people; not what `line` answered, which holds secrets. */
  lastWords(): string;
  /** Its exit code, once it has ended by itself or otherwise; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to end (SIGTERM) and answers its exit code; null where it had to be killed. */
  stop(): Promise<number | null>;
}

type Variables = Readonly<Record<string, string>>;

const LEASH = new URL('leash.ts', import.meta.url).href;
const PATIENCE_MS = 12_000;
const REMEMBERED_LINES = 12;

/** Of this process's variables, those that have nothing to do with Kontext: a demo never touches the database of whoever runs it. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TZ'];

/** Starts a program of the repository, by its path relative to `src/`. */
export function start(program: string, args: readonly string[], variables: Variables): Child {
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const argv = ['--import', LEASH, fileURLToPath(new URL(`../${program}`, import.meta.url)), ...args];
  // In a process group of its own: Ctrl-C reaches the demo alone, which then ends the rest in order.
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...variables } });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const said: string[] = [];
  const answered = new Set<string>();
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      said.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const lastWords = (): string => said.filter((line) => !answered.has(line)).slice(-REMEMBERED_LINES).join('\n');
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  return {
    line: (member) =>
      new Promise((resolve, reject) => {
        const read = (line: string): void => {
          const value = parseObject(line);
          if (!value || !(member in value)) return;
          answered.add(line);
          resolve(value as never); // it has the member by which the caller knows it
        };
        said.forEach(read);
        listeners.add(read);
        void ended.then((code) => reject(new Ended(program, code, lastWords())));
      }),
    lastWords,
    ended,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** A process that ended before it was told to. */
export class Ended extends Error {
  override readonly name = 'Ended';
  constructor(program: string, code: number | null, lastWords: string) {
    super(`${program} ended with ${code ?? 'a signal'} before it was ready:\n${lastWords}`);
  }
}

function parseObject(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
