import { createServiceAccount, revokeServiceAccount } from '../../directory/index.ts';
import { parseId } from '../../kernel/index.ts';
import { mutation } from '../mutation.ts';
import { ServiceAccount } from '../nodes.ts';
import { ServiceAccountStatus } from './enums.ts';

ServiceAccount.implement({
  description: 'A client-credentials identity that manages the control plane and never obtains a user\'s credential. Its id is its OAuth client id.',
  fields: (t) => ({
    name: t.exposeString('name'),
    scopes: t.exposeStringList('scopes'),
    status: t.expose('status', { type: ServiceAccountStatus }),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
  }),
});

mutation('createServiceAccount', {
  description: 'Creates a service account with its secret, shown here, once.',
  input: (t) => ({ name: t.string({ required: true }), scopes: t.stringList({ required: true, description: 'management:all, or management:<noun>:read|write.' }) }),
  output: { serviceAccount: ServiceAccount, clientSecret: 'String' },
  run: (deps, actor, { name, scopes }) => createServiceAccount(deps, actor, { name, scopes }),
});

mutation('revokeServiceAccount', {
  description: 'Ends a service account for good.',
  input: (t) => ({ id: t.id({ required: true }) }),
  output: { serviceAccount: ServiceAccount },
  run: async (deps, actor, { id }) => ({ serviceAccount: await revokeServiceAccount(deps, actor, { id: parseId('serviceAccount', id) }) }),
});
