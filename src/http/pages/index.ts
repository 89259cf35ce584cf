import type { Route } from '../../platform/index.ts';
import type { Identity } from '../../identity/index.ts';
import { connectRoutes, type ConnectPageDeps } from './connect.ts';

/** Every page that is for people and that no other room answers. */
export function pageRoutes(deps: ConnectPageDeps, identity: Pick<Identity, 'currentBrowserUser' | 'beginSignIn'>): Route[] {
  return connectRoutes(deps, identity);
}
