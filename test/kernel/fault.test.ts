import { expect, it } from 'vitest';
import { Fault, FAULTS, invalid, toFault, type FaultCode, type FaultRow } from '../../src/kernel/index.ts';

const ROWS = Object.entries(FAULTS) as [FaultCode, FaultRow][];

/** OAuth error codes and where each is registered; the two of our own are documented in schema/openapi.json. */
const OAUTH_CODES: Record<string, string> = {
  invalid_request: 'RFC 6749 section 5.2',
  invalid_client: 'RFC 6749 section 5.2',
  invalid_grant: 'RFC 6749 section 5.2',
  unauthorized_client: 'RFC 6749 section 5.2',
  unsupported_grant_type: 'RFC 6749 section 5.2',
  invalid_scope: 'RFC 6749 section 5.2',
  access_denied: 'RFC 6749 section 4.1.2.1',
  server_error: 'RFC 6749 section 4.1.2.1',
  temporarily_unavailable: 'RFC 6749 section 4.1.2.1',
  invalid_token: 'RFC 6750 section 3.1',
  insufficient_scope: 'RFC 6750 section 3.1',
  invalid_target: 'RFC 8693 section 2.2.2',
  slow_down: 'RFC 8628 section 3.5',
  integration_required: 'schema/openapi.json',
  reauthorization_required: 'schema/openapi.json',
};

it.each(ROWS)('%s has a registered OAuth code, a matching status and sentences', (_, row) => {
  expect(OAUTH_CODES).toHaveProperty(row.oauth);
  expect(row.status).toBeGreaterThanOrEqual(400);
  expect(row.status).toBeLessThan(600);
  expect(row.graphql).toMatch(/^[A-Z_]+$/);
  for (const sentence of [row.text, row.hint]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  // Trouble on this side or beyond it passes; the caller's own does not, except for its pace.
  expect(row.retryable).toBe(row.status >= 500 || row.status === 429);
});

it('keeps MCP codes out of what JSON-RPC and MCP reserve, but for the ones they define', () => {
  const defined = new Set([-32603, -32602, -32601]);
  for (const [, { mcp }] of ROWS) expect(defined.has(mcp) || mcp < -32768 || mcp > -32000).toBe(true);
});

it('shows the row unless the thrower says more', () => {
  const plain = new Fault('not_found');
  expect(plain).toMatchObject({ message: FAULTS.not_found.text, hint: FAULTS.not_found.hint, field: undefined, retryAfter: undefined, extensions: {}, row: FAULTS.not_found });
  expect(new Fault('conflict', { message: 'Taken.', hint: 'Take another.', field: 'handle', extensions: { code: 'x' } })).toMatchObject({ message: 'Taken.', hint: 'Take another.', field: 'handle', extensions: { code: 'x' } });
});

it('says when to come back wherever it answers 503', () => {
  expect(new Fault('unavailable').retryAfter).toBe(1);
  expect(new Fault('unavailable', { retryAfter: 30 }).retryAfter).toBe(30);
  expect(new Fault('forbidden').retryAfter).toBeUndefined();
});

it('makes everything else internal and keeps it as the cause', () => {
  const error = new Error('secret detail');
  expect(toFault(error)).toMatchObject({ code: 'internal', message: FAULTS.internal.text, cause: error });
  expect(toFault('text')).toMatchObject({ code: 'internal', cause: 'text' });
  const fault = invalid('name', 'Too long.');
  expect(toFault(fault)).toBe(fault);
});
