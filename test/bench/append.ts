import { openAppender, change } from '../../src/audit/index.ts';
import { systemActor } from '../../src/kernel/index.ts';
import { openTestWells } from '../support/wells.ts';
import { atLeast, type Figure } from './report.ts';

const CONCURRENT = 64;
const SECONDS = 5;

/** Decisions committed in groups against one transaction an event, both on one organization, 64 callers at a time. */
export async function benchAppend(): Promise<Figure[]> {
  await using wells = await openTestWells({ organizations: 1 });
  const [organizationId] = wells.organizations;
  if (!organizationId) throw new Error('no organization');
  await using appender = openAppender(wells);
  const actor = systemActor(organizationId, 'bench', 'req_bench');
  const single = await perSecond(() => change(wells, actor, async () => ({ result: null, events: [{ kind: 'user.signed_in' }] })));
  const grouped = await perSecond(async () => {
    const appended = await appender.append(actor, { kind: 'access.exchanged', outcome: 'GRANTED' }, { revision: 1 });
    if (appended.stale) throw new Error('stale');
  });
  return [atLeast('audit append', `one organization, ${CONCURRENT} at a time`, grouped, 'events/s', { what: 'one-event transactions', value: single }, 5)];
}

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  const until = performance.now() + SECONDS * 1_000;
  const startedAt = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: CONCURRENT }, async () => {
      while (performance.now() < until) {
        await work();
        done++;
      }
    }),
  );
  return done / ((performance.now() - startedAt) / 1_000);
}
