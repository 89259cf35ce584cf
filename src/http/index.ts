export type { Graphql, GraphqlSettings } from './graphql.ts';
export { openGraphqlLater } from './graphql-later.ts';
export type { LateGraphql } from './graphql-later.ts';
export { operationRoutes } from './operations.ts';
export { pageRoutes } from './pages/index.ts';
export { openHttpServer } from './server.ts';
export type { HttpServer, HttpServerSettings } from './server.ts';
export { sidecarRoutes } from './sidecar.ts';
