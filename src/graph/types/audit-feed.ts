import { parseAuditCursor, Fault } from '../../kernel/index.ts';
import type { EventFilter, FeedItem } from '../../audit/index.ts';
import { visibleFilter } from '../audit-access.ts';
import { builder } from '../builder.ts';
import { actorOf, forgetLoaded, type GraphContext } from '../context.ts';
import { AuditEvent } from '../nodes.ts';
import { AuditFilter, parseFilter } from './audit-event.ts';

type Item<K extends FeedItem['kind']> = Extract<FeedItem, { kind: K }>;

const AuditHeartbeat = builder.objectRef<Item<'heartbeat'>>('AuditHeartbeat').implement({
  description: 'Nothing new: how far the feed has looked.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Resumes here.' }),
    lagMs: t.exposeInt('lagMs', { description: 'How long ago the feed last looked, in milliseconds.' }),
  }),
});

const AuditFeedReset = builder.objectRef<Item<'reset'>>('AuditFeedReset').implement({
  description: 'The cursor that was given lies beyond the log; the feed goes on from its end.',
  fields: (t) => ({
    cursor: t.exposeString('cursor'),
    reason: t.field({ type: builder.enumType('AuditFeedResetReason', { values: ['CURSOR_IN_FUTURE'] as const }), resolve: ({ reason }) => reason }),
  }),
});

const AuditFeedItem = builder.unionType('AuditFeedItem', {
  types: [AuditEvent, AuditHeartbeat, AuditFeedReset],
  resolveType: (item) => (typeof item === 'object' && item.kind === 'heartbeat' ? AuditHeartbeat : typeof item === 'object' && item.kind === 'reset' ? AuditFeedReset : AuditEvent),
});

builder.subscriptionField('auditFeed', (t) =>
  t.field({
    type: AuditFeedItem,
    description: 'Every event after the cursor, exactly once and in order, then what comes; a heartbeat where nothing does. A member sees its own events. Ends when the token or the right to see it does.',
    args: { after: t.arg.string({ description: 'Exclusive; left out: from now on.' }), filter: t.arg({ type: AuditFilter }) },
    subscribe: (_root, { after, filter }, context) => openFeed(context, after == null ? null : parseAuditCursor(after), parseFilter(filter)),
    resolve: (item) => (item.kind === 'event' ? item.event : item),
  }),
);

function openFeed(context: GraphContext, after: number | null, filter: EventFilter): AsyncIterableIterator<FeedItem> {
  const actor = actorOf(context);
  const { session } = context;
  if (!session) throw new Fault('unauthenticated');
  const visible = visibleFilter(actor, filter);
  const recheck = async (): Promise<void> => {
    const now = visibleFilter(await session.recheck(), filter);
    if (JSON.stringify(now) !== JSON.stringify(visible)) throw new Fault('forbidden', { message: 'What you may see of the log has changed.', hint: 'Subscribe again.' });
  };
  const feed = context.deps.feeds.subscribe({ organizationId: actor.organizationId, after, filter: visible, until: session.until, recheck });
  // Written out: an async generator would hold `return()` back until the next event.
  return {
    next: async () => {
      const result = await feed.next();
      forgetLoaded(context);
      context.budget.renew();
      return result;
    },
    return: async () => (await feed.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
