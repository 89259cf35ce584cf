import {
  createSourceEventStream,
  executeSubscriptionEvent,
  mapSourceToResponseEvent,
  validateSubscriptionArgs,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import type { AuditEvent, FeedItem } from '../audit/index.ts';
import type { GraphContext } from './context.ts';

/**
 * Runs a subscription. Subscribers who ask the same of an event with the same rights are answered by one execution: a
 * thousand dashboards cost as much as one. Each still pulls at its own pace, and its rights are asked for by its own feed.
 */
export async function runSubscription(args: ExecutionArgs): Promise<ExecutionResult | AsyncGenerator<ExecutionResult, void, void>> {
  const validated = validateSubscriptionArgs(args);
  if (!('schema' in validated)) return { errors: validated };
  const stream = await createSourceEventStream(validated);
  if (!(Symbol.asyncIterator in stream)) return stream;
  const group = groupOf(args);
  return mapSourceToResponseEvent(validated, stream, (event) => answer(group, event));
}

/** Answers of an event by group. Shared by those who are handed it at about the same time: who reads it later sees what is true then. */
const SHARED_MS = 1_000;
const answers = new WeakMap<AuditEvent, Map<string, Promise<ExecutionResult>>>();

function answer(group: string, args: ValidatedSubscriptionArgs): Promise<ExecutionResult> | ExecutionResult {
  const item = args.rootValue as FeedItem;
  if (item.kind !== 'event') return executeSubscriptionEvent(args);
  const ofEvent = answers.get(item.event) ?? new Map<string, Promise<ExecutionResult>>();
  answers.set(item.event, ofEvent);
  const known = ofEvent.get(group);
  if (known) return known;
  const fresh = Promise.resolve(executeSubscriptionEvent(args));
  ofEvent.set(group, fresh);
  setTimeout(() => ofEvent.delete(group), SHARED_MS).unref();
  // What failed is tried again by the next who asks.
  fresh.then(({ errors }) => errors && ofEvent.delete(group), () => ofEvent.delete(group));
  return fresh;
}

const documentIds = new WeakMap<DocumentNode, number>();
let documents = 0;

/** The same for whoever sends the same document and variables, and may see the same. */
function groupOf({ document, operationName, variableValues, contextValue }: ExecutionArgs): string {
  if (!documentIds.has(document)) documentIds.set(document, ++documents);
  const { requestId: _request, address: _address, ...actor } = (contextValue as GraphContext).session?.actor ?? { requestId: '', address: null };
  return JSON.stringify([documentIds.get(document), operationName ?? null, variableValues ?? {}, actor]);
}
