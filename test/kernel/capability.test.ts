import { expect, it } from 'vitest';
import { parseCapability, parseHandle, parseOperation } from '../../src/kernel/index.ts';

it.each([
  ['github:create_issue', 'github', 'create_issue'],
  ['google-calendar:events.list', 'google-calendar', 'events.list'],
  ['db:query/read-only', 'db', 'query/read-only'],
  [`a:${'x'.repeat(128)}`, 'a', 'x'.repeat(128)],
])('%s is an integration and an operation', (text, handle, operation) => {
  expect(parseCapability(text)).toEqual({ handle, operation });
});

it.each(['', ':', 'github', 'github:', ':create_issue', 'GitHub:create_issue', 'github:create issue', 'github:a:b', 'git_hub:x', '-a:b', '1a:b', 'github:-x', `${'a'.repeat(64)}:x`, `a:${'x'.repeat(129)}`, 'github:create_issue\n', 'github:é'])(
  '%j is no capability',
  (text) => {
    expect(() => parseCapability(text)).toThrow(expect.objectContaining({ code: 'invalid_scope' }));
  },
);

it('names the field of a handle or operation that is none', () => {
  expect(() => parseHandle('Git Hub', 'input.handle')).toThrow(expect.objectContaining({ code: 'invalid_input', field: 'input.handle' }));
  expect(() => parseOperation('a b', 'input.operation')).toThrow(expect.objectContaining({ code: 'invalid_input', field: 'input.operation' }));
  expect(parseHandle('github')).toBe('github');
  expect(parseOperation('create_issue')).toBe('create_issue');
});
