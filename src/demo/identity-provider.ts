import { serveOidc } from './oidc-server.ts';

/** Acme's own identity provider: where Acme's people sign in, to Kontext as to everything else. A process of its own. */
const PEOPLE: Readonly<Record<string, { readonly name: string; readonly groups: readonly string[] }>> = {
  'alice@acme.test': { name: 'Alice Ames', groups: ['Engineering'] },
  'bob@acme.test': { name: 'Bob Beck', groups: ['Sales'] },
};

await serveOidc({
  name: 'acme',
  title: 'Acme',
  text: 'Sign in with your Acme account.',
  yes: 'Sign in',
  accounts: Object.keys(PEOPLE),
  scopes: ['openid', 'email', 'profile', 'groups'],
  grantTypes: ['authorization_code'],
  configuration: {
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    findAccount(_ctx, email) {
      const person = PEOPLE[email];
      return person && { accountId: email, claims: () => ({ sub: email, email, email_verified: true, name: person.name, groups: [...person.groups] }) };
    },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 600, Session: 43_200, Grant: 43_200 },
  },
});
