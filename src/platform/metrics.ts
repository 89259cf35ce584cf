import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Every metric of the server by name; labels are closed sets, never ids. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status'>;
  readonly decisions: Counter<'door' | 'outcome'>;
  readonly appendBatch: Histogram;
  readonly staleEntries: Counter;
  readonly refreshes: Counter<'outcome'>;
  readonly subscribers: Gauge;
  readonly clientFailures: Counter<'door'>;
}

export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({ name: 'kontext_http_requests_total', help: 'Requests answered.', labelNames: ['route', 'status'], registers }),
    decisions: new Counter({ name: 'kontext_access_decisions_total', help: 'Access decisions committed to the log.', labelNames: ['door', 'outcome'], registers }),
    appendBatch: new Histogram({ name: 'kontext_audit_append_batch_entries', help: 'Entries committed together.', buckets: [1, 2, 4, 8, 16, 32, 64, 128], registers }),
    staleEntries: new Counter({ name: 'kontext_audit_stale_entries_total', help: 'Entries refused by their fence and decided again.', registers }),
    refreshes: new Counter({ name: 'kontext_connection_refreshes_total', help: 'Refreshes asked of providers.', labelNames: ['outcome'], registers }),
    subscribers: new Gauge({ name: 'kontext_audit_subscribers', help: 'Open audit feeds.', registers }),
    clientFailures: new Counter({ name: 'kontext_client_authentication_failures_total', help: 'Failed client authentications.', labelNames: ['door'], registers }),
  };
}
