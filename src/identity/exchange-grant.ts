import type { Provider } from 'oidc-provider';
import { Fault, renderOAuthFault, type Json } from '../kernel/index.ts';
import type { Call } from '../platform/index.ts';
import { EXCHANGE_GRANT } from './clients.ts';

/** A request at the token endpoint, as the sidecar sees its own. */
export interface ExchangeCall {
  readonly parameters: ReadonlyMap<string, string>;
  /** The Authorization header as it came. */
  readonly authorization: string | undefined;
  readonly requestId: string;
  readonly address: string | null;
}

/** Answers a token exchange; draws its own faults and never throws. */
export type ExchangeHandler = (call: ExchangeCall) => Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Readonly<Record<string, unknown>> }>;

const PARAMETERS = ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'resource', 'audience', 'scope'];

/** Serves token exchange beside the library's grants, by the handler of the sidecar. The library has authenticated the client then. */
export function registerExchangeGrant(provider: Provider, handler: () => ExchangeHandler | undefined, callOf: (req: object) => Call | undefined): void {
  provider.registerGrantType(
    EXCHANGE_GRANT,
    async (ctx) => {
      const call = callOf(ctx.req);
      const exchange = handler();
      if (!call) throw new Error('a request without its call');
      const request = { parameters: single(ctx.oidc.body ?? {}), authorization: ctx.get('authorization') || undefined, requestId: call.requestId, address: call.address };
      const answer = exchange ? await exchange(request) : renderOAuthFault(new Fault('unsupported_grant_type'), call.requestId);
      ctx.status = answer.status;
      ctx.set({ ...answer.headers, pragma: 'no-cache' });
      ctx.body = answer.body as Json;
    },
    PARAMETERS,
  );
}

/** The parameters that are given once and not empty (RFC 6749 section 3.2); the library has refused those given twice. */
function single(body: Readonly<Record<string, unknown>>): Map<string, string> {
  return new Map(Object.entries(body).flatMap(([name, value]) => (typeof value === 'string' && value !== '' ? [[name, value] as const] : [])));
}
