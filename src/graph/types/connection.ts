import { listConnections, nextAction, revokeConnection, startConnection, storeToken } from '../../connections/index.ts';
import { Fault, parseId, type Actor, type UserActor } from '../../kernel/index.ts';
import { Secret } from '../../platform/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Connection, Integration, User } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { ConnectionReason, ConnectionStatus } from './enums.ts';

export const ConnectionConnection = connectionOf('Connection', Connection);

Connection.implement({
  description: 'A user\'s link to an integration. Its credential is never shown.',
  fields: (t) => ({
    user: t.field({ type: User, nullable: true, resolve: ({ user_id }) => user_id }),
    integration: t.field({ type: Integration, nullable: true, resolve: ({ integration_id }) => integration_id }),
    status: t.expose('status', { type: ConnectionStatus }),
    reason: t.expose('reason', { type: ConnectionReason, nullable: true, description: 'Why it is not connected; null while it is.' }),
    since: t.expose('since', { type: 'DateTime', description: 'When the status was reached.' }),
    nextAction: t.string({ nullable: true, description: 'What to do next, and who; null where there is nothing to do.', resolve: (connection) => nextAction(connection) }),
    scopes: t.exposeStringList('scopes', { description: 'What the provider granted.' }),
    expiresAt: t.expose('expires_at', { type: 'DateTime', nullable: true, description: 'When the credential has to be renewed; Kontext does that by itself.' }),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
  }),
});

builder.queryField('connections', (t) =>
  t.connection(
    {
      type: Connection,
      description: 'Connections of all users; a member sees its own.',
      args: { userId: t.arg.id(), integrationId: t.arg.id() },
      resolve: (_root, { userId, integrationId, ...args }, context) => {
        const filter = {
          userId: userId == null ? undefined : parseId('user', userId, 'userId'),
          integrationId: integrationId == null ? undefined : parseId('integration', integrationId, 'integrationId'),
        };
        return toConnection(args, (page) => listConnections(context.deps, actorOf(context), page, filter));
      },
    },
    ConnectionConnection,
  ),
);

function asUser(actor: Actor): UserActor {
  if (actor.kind === 'user') return actor;
  throw new Fault('forbidden', { message: 'Only a user connects, and only for itself.', hint: 'Ask with a token of the user.' });
}

mutation('startConnection', {
  description: 'Begins to connect the user who asks: the URL leads a browser, signed in as that user, to the provider. It serves once.',
  input: (t) => ({ integrationId: t.id({ required: true }), returnTo: t.string({ description: 'Where the browser ends up.' }) }),
  output: { authorizationUrl: 'String', expiresAt: 'DateTime' },
  run: async (deps, actor, { integrationId, returnTo }) => {
    const { authorizationUrl, expiresAt } = await startConnection(deps, asUser(actor), { integrationId: parseId('integration', integrationId, 'integrationId'), returnTo: returnTo ?? undefined });
    return { authorizationUrl, expiresAt };
  },
});

mutation('createConnection', {
  description: 'Connects the user who asks with a token or key of theirs. It is never shown again.',
  input: (t) => ({ integrationId: t.id({ required: true }), token: t.string({ required: true }) }),
  output: { connection: Connection },
  run: async (deps, actor, { integrationId, token }) => ({
    connection: await storeToken(deps, asUser(actor), { integrationId: parseId('integration', integrationId, 'integrationId'), token: new Secret(token) }),
  }),
});

mutation('revokeConnection', {
  description: 'Ends a connection; its own user or an administrator can. Nothing leaves of it afterwards.',
  input: (t) => ({ id: t.id({ required: true }) }),
  output: { connection: Connection },
  run: async (deps, actor, { id }) => ({ connection: await revokeConnection(deps, actor, { id: parseId('connection', id) }) }),
});
