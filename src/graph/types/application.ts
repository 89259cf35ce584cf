import { createApplication, listApplications, rotateApplicationSecret, setApplicationStatus, updateApplication } from '../../directory/index.ts';
import type { Integration as IntegrationRow } from '../../integrations/index.ts';
import { parseId, type ApplicationId, type Page, type PageRequest } from '../../kernel/index.ts';
import { attachIntegration, attachmentsOf, detachIntegration } from '../../policy/index.ts';
import { builder } from '../builder.ts';
import { actorOf, type GraphContext } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Application, Integration, User } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { pagesOf, relation, RELATION_MAX } from '../relation.ts';
import { ApplicationKind, ApplicationStatus } from './enums.ts';
import { IntegrationConnection } from './integration.ts';

export const ApplicationConnection = connectionOf('Application', Application);

const attachments = relation(
  pagesOf(async (deps, actor, ids: readonly ApplicationId[]) => new Map([...(await attachmentsOf(deps, actor, ids))].map(([application, attached]) => [application, attached.map((id) => ({ id }))]))),
);

/** The attached integrations themselves, without those that have gone since the page was read. */
async function listAttached(context: GraphContext, id: ApplicationId, page: PageRequest): Promise<Page<IntegrationRow>> {
  const { items, ...rest } = await attachments(context, id, page);
  const integrations = await Integration.getDataloader(context).loadMany(items.map((item) => item.id));
  const failure = integrations.find((integration) => integration instanceof Error);
  if (failure) throw failure;
  return { ...rest, items: integrations.filter((integration): integration is IntegrationRow => integration !== null && !(integration instanceof Error)) };
}

Application.implement({
  description: 'A non-human actor. Its id is its OAuth client id.',
  fields: (t) => ({
    name: t.exposeString('name'),
    kind: t.expose('kind', { type: ApplicationKind }),
    status: t.expose('status', { type: ApplicationStatus }),
    owner: t.field({ type: User, nullable: true, resolve: ({ owner_id }) => owner_id }),
    redirectUris: t.exposeStringList('redirect_uris'),
    integrations: t.connection(
      { type: Integration, description: `What is attached to it; the oldest ${RELATION_MAX}.`, resolve: ({ id }, args, context) => toConnection(args, (page) => listAttached(context, id, page)) },
      IntegrationConnection,
    ),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
  }),
});

builder.queryField('applications', (t) =>
  t.connection({ type: Application, resolve: (_root, args, context) => toConnection(args, (page) => listApplications(context.deps, actorOf(context), page)) }, ApplicationConnection),
);

mutation('createApplication', {
  description: 'Creates an application. A confidential one is given its secret here, once.',
  input: (t) => ({
    name: t.string({ required: true }),
    kind: t.field({ type: ApplicationKind, required: true }),
    redirectUris: t.stringList({ required: true }),
    ownerId: t.id({ description: 'Left out: whoever creates it. Null: nobody.' }),
  }),
  output: { application: Application, clientSecret: 'String' },
  run: (deps, actor, { name, kind, redirectUris, ownerId }) => createApplication(deps, actor, { name, kind, redirectUris, ownerId: ownerId == null ? ownerId : parseId('user', ownerId, 'ownerId') }),
});

mutation('updateApplication', {
  description: 'Changes what is given of an application.',
  input: (t) => ({ id: t.id({ required: true }), name: t.string(), redirectUris: t.stringList(), ownerId: t.id({ description: 'Null: nobody.' }) }),
  output: { application: Application },
  run: async (deps, actor, { id, name, redirectUris, ownerId }) => ({
    application: await updateApplication(deps, actor, {
      id: parseId('application', id),
      name: name ?? undefined,
      redirectUris: redirectUris ?? undefined,
      ownerId: ownerId == null ? ownerId : parseId('user', ownerId, 'ownerId'),
    }),
  }),
});

mutation('setApplicationStatus', {
  description: 'The kill switch: a disabled application gets nothing, and its grants end.',
  input: (t) => ({ id: t.id({ required: true }), status: t.field({ type: ApplicationStatus, required: true }) }),
  output: { application: Application },
  run: async (deps, actor, { id, status }) => ({ application: await setApplicationStatus(deps, actor, { id: parseId('application', id), status }) }),
});

mutation('rotateApplicationSecret', {
  description: 'Gives a confidential application a new secret, shown here, once.',
  input: (t) => ({ id: t.id({ required: true }), keepOldForSeconds: t.int({ description: 'How long the old secrets still work; 0 unless given.' }) }),
  output: { application: Application, clientSecret: 'String' },
  run: (deps, actor, { id, keepOldForSeconds }) => rotateApplicationSecret(deps, actor, { id: parseId('application', id), keepOldForSeconds: keepOldForSeconds ?? undefined }),
});

mutation('attachIntegration', {
  description: 'Lets an application ask for an integration: attaches it and writes the rule that allows it in the application layer.',
  input: (t) => ({ applicationId: t.id({ required: true }), integrationId: t.id({ required: true }) }),
  output: { application: Application, integration: Integration },
  run: async (deps, actor, input) => {
    const pair = parsePair(input);
    await attachIntegration(deps, actor, pair);
    return { application: pair.applicationId, integration: pair.integrationId };
  },
});

mutation('detachIntegration', {
  description: 'Takes an integration away from an application, and the rule that came with it.',
  input: (t) => ({ applicationId: t.id({ required: true }), integrationId: t.id({ required: true }) }),
  output: { application: Application, integration: Integration },
  run: async (deps, actor, input) => {
    const pair = parsePair(input);
    await detachIntegration(deps, actor, pair);
    return { application: pair.applicationId, integration: pair.integrationId };
  },
});

const parsePair = ({ applicationId, integrationId }: { applicationId: string; integrationId: string }) => ({
  applicationId: parseId('application', applicationId, 'applicationId'),
  integrationId: parseId('integration', integrationId, 'integrationId'),
});
