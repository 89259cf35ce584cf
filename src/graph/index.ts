export { openContext } from './context.ts';
export type { GraphContext, GraphDeps, Session } from './context.ts';
export { asGraphQLError, InvalidDocument, prepareDocument, runOperation } from './operation.ts';
export { faultOf, renderError, renderResult } from './errors.ts';
export { LIMITS } from './limits.ts';
export { schema } from './schema.ts';
