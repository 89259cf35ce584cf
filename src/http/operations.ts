import { sql } from 'kysely';
import { sendJson, type Route, type Wells } from '../platform/index.ts';

/** Health, readiness and metrics; no token, and nothing in them that needs one. */
export function operationRoutes(deps: Pick<Wells, 'db' | 'metrics'>, isDraining: () => boolean): Route[] {
  return [
    // Alive: the process answers.
    { method: 'GET', path: '/healthz', faults: 'problem', handle: ({ res }) => sendJson(res, 200, { status: 'ok' }) },
    // Ready: it can decide and write. Red while the database is gone and while it stops.
    {
      method: 'GET',
      path: '/readyz',
      faults: 'problem',
      async handle({ res }) {
        const database = await deps.db.asIdentity((tx) => sql`SELECT 1`.execute(tx)).then(() => true, () => false);
        const ready = database && !isDraining();
        sendJson(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not_ready', database: database ? 'ok' : 'unreachable', draining: isDraining() }, ready ? {} : { 'retry-after': '1' });
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      faults: 'problem',
      async handle({ res }) {
        const text = await deps.metrics.registry.metrics();
        res.writeHead(200, { 'content-type': deps.metrics.registry.contentType }).end(text);
      },
    },
  ];
}
