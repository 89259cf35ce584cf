import { styleText } from 'node:util';
import type { FeedEvent } from './feed.ts';

/** The story on a terminal: plain lines in the order things happen; colours only where the terminal has them. */
export interface Teller {
  heading(text: string): void;
  step(number: number, title: string): void;
  /** What happened, in words; wrapped. */
  say(text: string): void;
  /** As it is: something to read exactly or to copy. */
  show(text: string): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** The live feed, beside the story. */
  event(event: FeedEvent): void;
  done(text: string): void;
  failed(text: string): void;
}

const WIDTH = 100;
const INDENT = '    ';

export function openTeller(stream: NodeJS.WriteStream): Teller {
  const style = (format: Parameters<typeof styleText>[0], text: string): string => styleText(format, text, { stream });
  const write = (text = ''): void => void stream.write(`${text}\n`);
  return {
    heading: (text) => write(`\n${style('bold', text)}`),
    step: (number, title) => write(`\n${style(['bold', 'cyan'], String(number).padStart(2))}  ${style('bold', title)}`),
    say: (text) => wrap(text, WIDTH - INDENT.length).forEach((line) => write(`${INDENT}${line}`)),
    show: (text) => write(text.replace(/^/gm, INDENT)),
    table(head, rows) {
      const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
      const draw = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd();
      write();
      write(`${INDENT}  ${style('bold', draw(head))}`);
      for (const row of rows) write(`${INDENT}  ${draw(row)}`);
      write();
    },
    event: (event) => write(style('dim', `${INDENT}${INDENT}log | ${describe(event)}`)),
    done: (text) => write(`\n${style('green', text)}`),
    failed: (text) => write(`\n${style('red', text)}`),
  };
}

function describe({ sequence, kind, outcome, actor, user, application, integration, capability }: FeedEvent): string {
  const about = [actor.kind === 'APPLICATION' ? undefined : application?.name, capability ?? integration?.name].filter(Boolean).join(', ');
  const by = user && user.name !== actor.name ? `${actor.name} for ${user.name}` : actor.name;
  const result = outcome === 'SUCCESS' ? '' : `${outcome} `;
  return `#${String(sequence).padEnd(2)} ${kind.padEnd(24)} ${result}${about ? `${about} ` : ''}by ${by}`;
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '' || last.length + word.length < width) lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
