import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ON_POSTGRESQL } from '../support/database.ts';

const DEMO = fileURLToPath(new URL('../../src/demo/main.ts', import.meta.url));

/** In the order of the story. */
const CHAPTERS = ['Bootstrap', 'identity provider', 'application', 'integration', 'Policy', 'signs in', 'connects', 'Exchange', 'calls Tracker', 'Refresh', 'denial', 'revokes', 'works again', 'verified'];

/** `npm run demo -- --once`, and what it printed so far. */
function runDemo() {
  const child = spawn(process.execPath, [DEMO, '--once'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const demo = {
    child,
    output: '',
    ended: new Promise<number | null>((resolve) => child.once('close', resolve)),
    /** The first match in its output, once it is there. */
    async printed(pattern: RegExp): Promise<string> {
      for (;;) {
        const found = pattern.exec(demo.output);
        if (found) return found[1] ?? found[0];
        if (child.exitCode !== null) throw new Error(`the demo ended before it printed ${pattern}:\n${demo.output}`);
        await sleep(10);
      }
    },
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (demo.output += text));
  return demo;
}

/** The demo always runs on PGlite. */
describe.skipIf(ON_POSTGRESQL)('the demo', { timeout: 120_000 }, () => {
  it('tells the whole story, holds every step, and leaves nothing behind', async () => {
    const demo = runDemo();
    expect(await demo.ended, demo.output).toBe(0);
    const titles = [...demo.output.matchAll(/^ ?(\d+) {2}(.+)$/gm)].map((match) => match[2]);
    expect(titles).toEqual(CHAPTERS.map((chapter) => expect.stringContaining(chapter) as string));
    expect(demo.output).toContain(`All ${CHAPTERS.length} steps held.`);
    expect(demo.output).toMatch(/ORGANIZATION +DENY[\s\S]*USER +NO_RULE[\s\S]*APPLICATION +ALLOW/);
    expect(demo.output).not.toMatch(/kxs_|eyJ|\[3\dm/); // no secret, no token, no colours where there is no terminal
    await expect(access(dataDirOf(demo.output))).rejects.toThrow('ENOENT');
  });

  it('ends with 1 at the first step that does not hold', async () => {
    const demo = runDemo();
    const tracker = await demo.printed(/Tracker +(http:\/\/[\d.:]+)/);
    await fetch(`${tracker}/demo?lifetime=3600`, { method: 'POST' });
    expect(await demo.ended, demo.output).toBe(1);
    expect(demo.output).toContain('Step 10 did not hold');
    expect(demo.output).not.toContain('\n11  ');
  });

  it('takes its processes and its folder with it when it is killed', async () => {
    const demo = runDemo();
    const addresses = [await demo.printed(/Kontext +(http:\/\/[\w.:]+)/), await demo.printed(/provider +(http:\/\/[\d.:]+)/), await demo.printed(/Tracker +(http:\/\/[\d.:]+)/)];
    demo.child.kill('SIGKILL');
    await demo.ended;
    for (const address of addresses) await expect.poll(() => fetch(address).then(() => 'up', () => 'gone'), { timeout: 10_000 }).toBe('gone');
    await expect.poll(() => access(dataDirOf(demo.output)).then(() => 'there', () => 'gone'), { timeout: 10_000 }).toBe('gone');
  });
});

const dataDirOf = (output: string): string => /PGlite in (\S+)/.exec(output)?.[1] ?? '';
