import type { Json } from '../kernel/index.ts';
import { readForm, sendJson, type Route } from '../platform/index.ts';
import type { Exchange } from '../exchange/index.ts';

const MAX_BODY = 32_768;

/** The sidecar's one door: `POST /oauth2/token`. @see RFC 8693 section 2 */
export function sidecarRoutes(exchange: Pick<Exchange, 'exchange'>): Route[] {
  return [
    {
      method: 'POST',
      path: '/oauth2/token',
      faults: 'oauth',
      async handle({ req, res, requestId, address }) {
        const parameters = await readForm(req, MAX_BODY);
        const answer = await exchange.exchange({ parameters, authorization: req.headers.authorization, requestId, address });
        sendJson(res, 200, answer as unknown as Json, { pragma: 'no-cache' }); // an interface has no index signature; every member is JSON
      },
    },
  ];
}
