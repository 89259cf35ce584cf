import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { faultOf, renderError, renderResult } from '../graph/index.ts';
import { Fault, retryHeader } from '../kernel/index.ts';
import type { Log } from '../platform/index.ts';

/** Said to every subscriber before the server goes. */
export const GOING_AWAY = 'The server is shutting down; connect again and resume from the last cursor.';

/** The result with its HTTP status where yoga looks for it: a request that failed as a whole has the status of its fault. */
export function renderAnswer(result: ExecutionResult, requestId: string, log: Log): FormattedExecutionResult {
  const rendered = renderResult(result, requestId, log);
  const [first] = result.errors ?? [];
  if (!first || result.data) return rendered;
  const fault = faultOf(first);
  const { status } = fault.row;
  // Executed, and a failure is its answer; unless the caller, a proxy or a client library should act on it by status.
  const answered = result.data === null && status !== 401 && status !== 429 && status < 500;
  const headers = { ...(status === 401 && { 'www-authenticate': 'Bearer realm="kontext"' }), ...retryHeader(fault) };
  return { ...rendered, extensions: { ...rendered.extensions, http: { status: answered ? 200 : status, headers } } };
}

/**
 * The results of a subscription as they leave. A source that throws ends the stream with that error as its last result, and
 * a server that stops with one that says so. The source is let go of as soon as the reader is gone.
 */
export function openStream(
  source: AsyncIterable<ExecutionResult>,
  requestId: string,
  log: Log,
  { stopping, gone }: { readonly stopping: AbortSignal; readonly gone: AbortSignal },
): AsyncIterableIterator<FormattedExecutionResult> {
  const iterator = source[Symbol.asyncIterator]();
  const stopped = Promise.withResolvers<IteratorResult<ExecutionResult>>();
  const stop = (): void => stopped.reject(new Fault('unavailable', { message: GOING_AWAY }));
  stopped.promise.catch(() => {});
  stopping.addEventListener('abort', stop);
  if (stopping.aborted) stop();
  let over = false;
  const end = async (): Promise<void> => {
    if (over) return;
    over = true;
    stopping.removeEventListener('abort', stop);
    await iterator.return?.();
  };
  gone.addEventListener('abort', () => void end());
  return {
    async next() {
      if (over) return { done: true, value: undefined };
      try {
        const result = await Promise.race([iterator.next(), stopped.promise]);
        if (!result.done) return { done: false, value: renderResult(result.value, requestId, log) };
        await end();
        return { done: true, value: undefined };
      } catch (error) {
        await end();
        return { done: false, value: { errors: [renderError(error, requestId, log)] } };
      }
    },
    async return() {
      await end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
