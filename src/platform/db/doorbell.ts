import type { OrganizationId } from '../../kernel/index.ts';
import type { Database } from './database.ts';

const CHANNEL = 'kontext_audit';
/** At most so often under load; a lone ring is sent at once. */
const PAUSE_MS = 20;

/**
 * Says "something may have been appended", never what. Lossy by design: whoever waits also looks by itself now and then.
 * Rings are gathered and sent after the commit, outside of any transaction.
 */
export interface Doorbell extends AsyncDisposable {
  /** Call after the commit. Returns at once. */
  ring(organizationId: OrganizationId): void;
  /** Calls back on each ring for the organization, on any node, and after any gap in hearing. Answers how to stop. */
  onRing(organizationId: OrganizationId, callback: () => void): () => void;
}

export function openDoorbell(database: Pick<Database, 'openChannel'>): Doorbell {
  const callbacks = new Map<string, Set<() => void>>();
  const pending = new Set<OrganizationId>();
  let timer: NodeJS.Timeout | undefined;

  const call = (organizationId: string): void => callbacks.get(organizationId)?.forEach((callback) => callback());
  const channel = database.openChannel(CHANNEL, (payload) => payload.split(',').forEach(call), () => [...callbacks.keys()].forEach(call));
  const send = (): void => {
    const organizations = [...pending];
    pending.clear();
    // 150 ids stay below the 8,000 bytes of a notification.
    for (let i = 0; i < organizations.length; i += 150) channel.notify(organizations.slice(i, i + 150).join(','));
    timer = organizations.length > 0 ? setTimeout(send, PAUSE_MS) : undefined;
  };
  return {
    ring(organizationId) {
      pending.add(organizationId);
      timer ??= setTimeout(send, 0);
    },
    onRing(organizationId, callback) {
      const set = callbacks.get(organizationId) ?? new Set();
      callbacks.set(organizationId, set.add(callback));
      return () => {
        set.delete(callback);
        if (set.size === 0 && callbacks.get(organizationId) === set) callbacks.delete(organizationId);
      };
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await channel.stop();
    },
  };
}
