import type { Wells } from '../platform/index.ts';

const EVERY_MS = 300_000;

/** Deletes what has expired, now and then, on every node; nothing is ever found by whoever looks once it has. */
export function openSweeper(deps: Pick<Wells, 'db' | 'clock' | 'log'>): AsyncDisposable {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= sweep(deps)
      .catch((error: unknown) => deps.log.warn({ err: error }, 'expired records could not be deleted; the next round will'))
      .finally(() => (running = undefined));
  }, EVERY_MS).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}

export async function sweep(deps: Pick<Wells, 'db' | 'clock'>): Promise<void> {
  const now = deps.clock.now();
  await deps.db.asIdentity(async (tx) => {
    await tx.deleteFrom('oidc_record').where('expires_at', '<=', now).execute();
    await tx.deleteFrom('browser_session').where('expires_at', '<=', now).execute();
    await tx.deleteFrom('attempt').where('expires_at', '<=', now).execute();
  });
}
