export { ACCESS_TOKEN_TYPE, CONFIDENTIAL_CLIENT_TYPE, TOKEN_EXCHANGE_GRANT } from './parse-request.ts';
export type { ExchangeAnswer } from './response.ts';
export { openExchange } from './token.ts';
export type { Exchange, ExchangeDeps, ExchangeRequest } from './token.ts';
