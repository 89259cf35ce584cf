import { configureSignIn, findSignIn, getOrganization, listGroups, listServiceAccounts, type SignIn as SignInRow } from '../../directory/index.ts';
import { Secret } from '../../platform/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Group, Organization, ServiceAccount } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';

export const GroupConnection = connectionOf('Group', Group);
export const ServiceAccountConnection = connectionOf('ServiceAccount', ServiceAccount);

const SignIn = builder.objectRef<SignInRow>('SignIn').implement({
  description: 'The organization\'s own identity provider, which signs its users in.',
  fields: (t) => ({
    issuer: t.exposeString('issuer'),
    clientId: t.exposeString('client_id'),
    groupsClaim: t.exposeString('groups_claim', { description: 'The claim that names a user\'s groups.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime' }),
  }),
});

Organization.implement({
  description: 'The tenant. Nothing crosses it.',
  fields: (t) => ({
    name: t.exposeString('name'),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
    signIn: t.field({ type: SignIn, nullable: true, description: 'Null before it is configured, and to whoever may not see it.', resolve: (_organization, _args, context) => findSignIn(context.deps, actorOf(context)) }),
    groups: t.connection({ type: Group, resolve: (_organization, args, context) => toConnection(args, (page) => listGroups(context.deps, actorOf(context), page)) }, GroupConnection),
    serviceAccounts: t.connection(
      { type: ServiceAccount, resolve: (_organization, args, context) => toConnection(args, (page) => listServiceAccounts(context.deps, actorOf(context), page)) },
      ServiceAccountConnection,
    ),
  }),
});

builder.queryField('organization', (t) => t.field({ type: Organization, resolve: (_root, _args, context) => getOrganization(context.deps, actorOf(context)) }));

mutation('configureSignIn', {
  description: 'Sets the OpenID provider that signs the organization\'s users in.',
  input: (t) => ({
    issuer: t.string({ required: true }),
    clientId: t.string({ required: true }),
    clientSecret: t.string({ description: 'Left out: unchanged. Null: removed, for a public client.' }),
    groupsClaim: t.string(),
  }),
  output: { signIn: SignIn },
  run: async (deps, actor, { issuer, clientId, clientSecret, groupsClaim }) => ({
    signIn: await configureSignIn(deps, actor, { issuer, clientId, clientSecret: clientSecret == null ? clientSecret : new Secret(clientSecret), groupsClaim: groupsClaim ?? undefined }),
  }),
});
