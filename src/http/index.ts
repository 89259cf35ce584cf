export { openGraphql } from './graphql.ts';
export type { Graphql, GraphqlSettings } from './graphql.ts';
export { operationRoutes } from './operations.ts';
export { pageRoutes } from './pages/index.ts';
export { openHttpServer } from './server.ts';
export type { HttpServer, HttpServerSettings } from './server.ts';
export { sidecarRoutes } from './sidecar.ts';
