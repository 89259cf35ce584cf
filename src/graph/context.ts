import { initContextCache } from '@pothos/core';
import { Fault, type Actor } from '../kernel/index.ts';
import type { Feeds } from '../audit/index.ts';
import type { Wells } from '../platform/index.ts';
import { openBudget, type Budget } from './budget.ts';

/** What the verbs behind the graph need. */
export type GraphDeps = Pick<Wells, 'db' | 'bell' | 'clock' | 'log' | 'keyring' | 'fetch' | 'urls' | 'environment'> & { readonly feeds: Feeds };

/** Who asks, for how long, and how to ask again whether that still holds. */
export interface Session {
  readonly actor: Actor;
  /** When the access token ends. */
  readonly until: Date;
  /** The actor as it is now; throws `unauthenticated` once user, service account or grant has ended. */
  readonly recheck: () => Promise<Actor>;
}

/** One request's context. Pothos keeps its loaders beside it, so it must never serve two requests. */
export interface GraphContext {
  readonly deps: GraphDeps;
  readonly requestId: string;
  /** Null only in development, where the schema may be looked at without a token. */
  readonly session: Session | null;
  readonly budget: Budget;
}

export function openContext(deps: GraphDeps, session: Session | null, requestId: string): GraphContext {
  return { ...initContextCache(), deps, requestId, session, budget: openBudget() };
}

/** Who asks. The root types let nobody else through; this holds where one of them forgets to. */
export function actorOf({ session }: GraphContext): Actor {
  if (!session) throw new Fault('unauthenticated');
  return session.actor;
}

/** Lets go of everything that was loaded: what is asked next sees the database as it is then. */
export function forgetLoaded(context: GraphContext): void {
  Object.assign(context, initContextCache());
}
