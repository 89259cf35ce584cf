import { Buffer } from 'node:buffer';
import type { EventBody, EventFilter } from '../../audit/index.ts';
import { parseId } from '../../kernel/index.ts';
import type { Decision as DecisionValue } from '../../policy/index.ts';
import { listVisibleEvents } from '../audit-access.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { AuditEvent } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { Decision } from './decision.ts';
import { ActorKind, AuditEventKind, AuditOutcome } from './enums.ts';

const AuditActor = builder.objectRef<EventBody['actor']>('AuditActor').implement({
  description: 'Who acted, by the name of that moment.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ActorKind }),
    id: t.exposeID('id', { nullable: true, description: 'Null for the server itself.' }),
    name: t.exposeString('name'),
  }),
});

const AuditReference = builder.objectRef<{ readonly id: string; readonly name: string }>('AuditReference').implement({
  description: 'What an event is about, by the name of that moment: the log stays readable after it is gone.',
  fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
});

export const AuditEventConnection = connectionOf('AuditEvent', AuditEvent);

AuditEvent.implement({
  description: 'One immutable row per decision, invocation and administrative change.',
  fields: (t) => ({
    sequence: t.exposeFloat('sequence', { description: 'A whole number, gapless in the organization.' }),
    cursor: t.exposeString('cursor', { description: 'Resumes the feed right after this event.' }),
    at: t.expose('at', { type: 'DateTime' }),
    kind: t.expose('kind', { type: AuditEventKind }),
    outcome: t.expose('outcome', { type: AuditOutcome }),
    actor: t.field({ type: AuditActor, resolve: ({ body }) => body.actor }),
    user: t.field({ type: AuditReference, nullable: true, description: 'The user acted for.', resolve: ({ body }) => body.user }),
    application: t.field({ type: AuditReference, nullable: true, resolve: ({ body }) => body.application }),
    integration: t.field({ type: AuditReference, nullable: true, resolve: ({ body: { integration } }) => integration && { id: integration.id, name: integration.handle } }),
    connectionId: t.id({ nullable: true, resolve: ({ body }) => body.connection }),
    capability: t.string({ nullable: true, description: 'handle:operation, several separated by a space.', resolve: ({ body }) => body.capability }),
    // What the appender stored is a decision: `requestAccess` is the only one that writes it.
    decision: t.field({ type: Decision, nullable: true, resolve: ({ body }) => body.decision as DecisionValue | undefined }),
    durationMs: t.float({ nullable: true, resolve: ({ body }) => body.durationMs }),
    requestId: t.string({ resolve: ({ body }) => body.request }),
    address: t.string({ nullable: true, resolve: ({ body }) => body.address }),
    details: t.field({ type: 'JSON', nullable: true, resolve: ({ body }) => body.details }),
    hash: t.string({ description: 'SHA-256 over the predecessor\'s hash, the sequence number and the body; hexadecimal.', resolve: ({ hash }) => Buffer.from(hash).toString('hex') }),
  }),
});

export const AuditFilter = builder.inputType('AuditFilter', {
  description: 'Every member that is given must match; of a list, one.',
  fields: (t) => ({
    kinds: t.field({ type: [AuditEventKind] }),
    outcomes: t.field({ type: [AuditOutcome] }),
    userId: t.id({ description: 'As actor or as the user acted for.' }),
    applicationId: t.id(),
    integrationId: t.id(),
  }),
});

export function parseFilter(filter: typeof AuditFilter.$inferInput | null | undefined): EventFilter {
  return {
    kinds: filter?.kinds ?? undefined,
    outcomes: filter?.outcomes ?? undefined,
    userId: filter?.userId == null ? undefined : parseId('user', filter.userId, 'filter.userId'),
    applicationId: filter?.applicationId == null ? undefined : parseId('application', filter.applicationId, 'filter.applicationId'),
    integrationId: filter?.integrationId == null ? undefined : parseId('integration', filter.integrationId, 'filter.integrationId'),
  };
}

builder.queryField('auditEvents', (t) =>
  t.connection(
    {
      type: AuditEvent,
      description: 'The log, newest first. A member sees its own events.',
      args: { filter: t.arg({ type: AuditFilter }) },
      resolve: (_root, { filter, ...args }, context) =>
        toConnection(args, (page) => listVisibleEvents(context.deps, actorOf(context), parseFilter(filter), page), ({ cursor }) => cursor),
    },
    AuditEventConnection,
  ),
);
