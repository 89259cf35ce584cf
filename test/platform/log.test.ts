import { expect, test } from 'vitest';
import { openLog } from '../../src/platform/index.ts';

test('keeps of an error what it says and nothing that a library hung on it, through its causes', () => {
  const lines: string[] = [];
  const log = openLog('info', { write: (line: string) => void lines.push(line) });
  const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (token)=(hunter2)', parameters: ['hunter2'] });
  log.error({ err: Object.assign(new Error('it failed', { cause }), { response: { body: 'hunter2' } }) }, 'a request failed');
  expect(lines.join('')).not.toContain('hunter2');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: { type: 'Error', message: 'it failed', cause: { message: 'duplicate key', code: '23505' } } });
});
