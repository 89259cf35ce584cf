import { getOrganization } from '../../directory/index.ts';
import type { Actor } from '../../kernel/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { Application, Organization, ServiceAccount, User } from '../nodes.ts';

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Whoever asks.',
  fields: (t) => ({
    name: t.exposeString('name'),
    organization: t.field({ type: Organization, resolve: (_actor, _args, context) => getOrganization(context.deps, actorOf(context)) }),
    user: t.field({ type: User, nullable: true, resolve: (actor) => (actor.kind === 'user' ? actor.userId : null) }),
    serviceAccount: t.field({ type: ServiceAccount, nullable: true, resolve: (actor) => (actor.kind === 'service_account' ? actor.serviceAccountId : null) }),
    application: t.field({ type: Application, nullable: true, description: 'The application that holds the token.', resolve: (actor) => ('applicationId' in actor ? actor.applicationId : null) }),
  }),
});

builder.queryField('viewer', (t) => t.field({ type: Viewer, resolve: (_root, _args, context) => actorOf(context) }));
