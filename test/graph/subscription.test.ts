import type { ExecutionResult } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openContext, prepareDocument, runOperation, schema } from '../../src/graph/index.ts';
import { change } from '../../src/audit/index.ts';
import type { Actor } from '../../src/kernel/index.ts';
import { newId } from '../../src/platform/index.ts';
import { openTestGraph, type Tenant, type TestGraph } from './support.ts';

let graph: TestGraph;
let acme: Tenant;
beforeAll(async () => {
  graph = await openTestGraph();
  acme = await graph.addTenant('Acme');
});
afterAll(() => graph[Symbol.asyncDispose]());

const KIND = 'subscription { auditFeed { ... on AuditEvent { kind sequence } } }';

/** The next event of a new subscription, as the engine answers it. */
async function nextOf(actor: Actor, source: string): Promise<() => Promise<ExecutionResult>> {
  const session = { actor: { ...actor, requestId: newId('request') }, until: new Date(Date.now() + 60_000), recheck: async () => actor };
  const stream = await runOperation({ schema, document: prepareDocument(source), contextValue: openContext(graph.wells, session, session.actor.requestId) }, 10_000);
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
  // The position is taken with the first pull; heartbeats are passed over.
  const pending = (async () => {
    for await (const result of stream) if ('kind' in ((result.data?.['auditFeed'] ?? {}) as object)) return result;
    throw new Error('the feed ended');
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return () => pending;
}

test('subscribers who ask the same with the same rights are answered by one execution, others by their own', async () => {
  const watchers = [await nextOf(acme.owner, KIND), await nextOf(acme.owner, KIND), await nextOf(await acme.addUser('Ada', 'ADMIN'), KIND), await nextOf(acme.owner, KIND.replace('kind', 'kind outcome'))];
  await change(graph.wells, acme.owner, async () => ({ result: null, events: [{ kind: 'user.signed_in' }] }));
  const [first, same, other, wider] = await Promise.all(watchers.map((next) => next()));
  expect(first?.data).toMatchObject({ auditFeed: { kind: 'USER_SIGNED_IN' } });
  expect(same).toBe(first);
  expect(other).not.toBe(first);
  expect(other?.data).toEqual(first?.data);
  expect(wider?.data).toMatchObject({ auditFeed: { kind: 'USER_SIGNED_IN', outcome: 'SUCCESS' } });
});
