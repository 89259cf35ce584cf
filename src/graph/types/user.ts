import { connectionsOf } from '../../connections/index.ts';
import { groupsOfUsers, listUsers, setUserRole, setUserStatus } from '../../directory/index.ts';
import { parseId } from '../../kernel/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Connection, Group, User } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { pagesOf, relation } from '../relation.ts';
import { ConnectionConnection } from './connection.ts';
import { Role, UserStatus } from './enums.ts';
import { GroupConnection } from './organization.ts';

export const UserConnection = connectionOf('User', User);
const groups = relation(pagesOf(groupsOfUsers));
const connections = relation(pagesOf(connectionsOf));

User.implement({
  description: 'A human, from the organization\'s own identity provider.',
  fields: (t) => ({
    email: t.exposeString('email'),
    name: t.exposeString('name'),
    role: t.expose('role', { type: Role }),
    status: t.expose('status', { type: UserStatus }),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
    groups: t.connection({ type: Group, resolve: ({ id }, args, context) => toConnection(args, (page) => groups(context, id, page)) }, GroupConnection),
    connections: t.connection({ type: Connection, resolve: ({ id }, args, context) => toConnection(args, (page) => connections(context, id, page)) }, ConnectionConnection),
  }),
});

Group.implement({
  description: 'A group of users, as the identity provider\'s claims name it.',
  fields: (t) => ({ name: t.exposeString('name'), createdAt: t.expose('created_at', { type: 'DateTime' }) }),
});

builder.queryField('users', (t) => t.connection({ type: User, resolve: (_root, args, context) => toConnection(args, (page) => listUsers(context.deps, actorOf(context), page)) }, UserConnection));

mutation('setUserStatus', {
  description: 'Activates or deactivates a user; a deactivated user stops everything at once.',
  input: (t) => ({ id: t.id({ required: true }), status: t.field({ type: UserStatus, required: true }) }),
  output: { user: User },
  run: async (deps, actor, { id, status }) => ({ user: await setUserStatus(deps, actor, { id: parseId('user', id), status }) }),
});

mutation('setUserRole', {
  description: 'Gives a user another role. The last active owner stays one.',
  input: (t) => ({ id: t.id({ required: true }), role: t.field({ type: Role, required: true }) }),
  output: { user: User },
  run: async (deps, actor, { id, role }) => ({ user: await setUserRole(deps, actor, { id: parseId('user', id), role }) }),
});
