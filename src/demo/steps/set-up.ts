import * as oauth from 'openid-client';
import {
  AttachIntegrationDocument,
  AuditEventsDocument,
  ConfigureSignInDocument,
  CreateApplicationDocument,
  CreateIntegrationDocument,
  CreatePolicyDocument,
  DeclareCapabilitiesDocument,
  SetOAuthAppDocument,
  ViewerDocument,
} from '../../../schema/generated/graphql.ts';
import { made, openGraph } from '../graph.ts';
import { check, short, type Step, type Story } from '../story.ts';

/** What Acme's administrator does before anybody can use anything; all of it through the graph, as Acme's service account. */
export const SET_UP: readonly Step[] = [
  { title: 'Bootstrap: the organization Acme', run: bootstrap },
  { title: 'Acme\'s people sign in with Acme\'s own identity provider', run: configureSignIn },
  { title: 'An application, PR-Bot, gets an identity', run: createApplication },
  { title: 'An integration, Tracker, gets an OAuth app and capabilities', run: createIntegration },
  { title: 'Policy: the organization allows Tracker', run: allowTracker },
];

async function bootstrap(story: Story): Promise<void> {
  const { tell, kontext, feed } = story;
  const { organizationId, serviceAccount } = kontext.bootstrap;
  tell.say(`On its empty database the server made Acme (${short(organizationId)}) and printed, once, a service account. With client credentials that becomes a token for the graph.`);
  story.administratorToken = await openServiceAccount(kontext.url, serviceAccount);
  story.administrator = openGraph(kontext.url, story.administratorToken);
  const { viewer } = await story.administrator(ViewerDocument, {});
  check(viewer.organization.id === organizationId && viewer.serviceAccount?.id === serviceAccount.clientId, 'the graph does not know the service account by its token');

  tell.say('Its log has begun already. From here on the live feed (GraphQL over WebSocket) stands beside the story:');
  const { auditEvents } = await story.administrator(AuditEventsDocument, { first: 100 });
  const last = auditEvents.nodes[0];
  check(last !== undefined && last.sequence === auditEvents.nodes.length, 'the log does not begin with its first event');
  for (const event of auditEvents.nodes.toReversed()) tell.event({ __typename: 'AuditEvent', ...event });
  feed.follow(story.administratorToken, last, tell.event);
}

/** A token that is always good: asked for anew when it is about to end. */
async function openServiceAccount(url: string, { clientId, clientSecret }: Story['kontext']['bootstrap']['serviceAccount']): Promise<() => Promise<string>> {
  const configuration = await oauth.discovery(new URL(url), clientId, undefined, oauth.ClientSecretBasic(clientSecret), { execute: [oauth.allowInsecureRequests] });
  let current = { token: '', endsAt: 0 };
  return async () => {
    if (current.endsAt - Date.now() < 60_000) {
      const { access_token: token, expires_in: seconds = 0 } = await oauth.clientCredentialsGrant(configuration);
      current = { token, endsAt: Date.now() + seconds * 1000 };
    }
    return current.token;
  };
}

async function configureSignIn({ tell, administrator, acme }: Story): Promise<void> {
  tell.say(`configureSignIn: ${acme.issuer}. Kontext keeps no passwords; users come into being when they first sign in there.`);
  const input = { issuer: acme.issuer, clientId: acme.clientId, clientSecret: acme.clientSecret };
  const { signIn } = (await administrator(ConfigureSignInDocument, { input })).configureSignIn;
  check(made(signIn).issuer === acme.issuer, 'another issuer was configured than was given');
}

async function createApplication(story: Story): Promise<void> {
  const { tell, administrator, kontext, prBot } = story;
  tell.say(`createApplication: PR-Bot, which can keep a secret and runs at ${prBot.url}.`);
  const input = { name: 'PR-Bot', kind: 'CONFIDENTIAL' as const, redirectUris: [prBot.redirectUri] };
  const { application, clientSecret } = (await administrator(CreateApplicationDocument, { input })).createApplication;
  story.applicationId = made(application).id;
  const resources = [`${kontext.url}/graphql`, kontext.sidecarUrl];
  await prBot.register({ issuer: kontext.url, sidecarUrl: kontext.sidecarUrl, clientId: story.applicationId, clientSecret: made(clientSecret), redirectUri: prBot.redirectUri, resources });
  tell.say(`Its client id is ${short(story.applicationId)}; its secret is shown this once.`);
}

const CAPABILITIES = [
  { operation: 'list_issues', description: 'Read issues' },
  { operation: 'create_issue', description: 'Open an issue' },
  { operation: 'delete_issue', description: 'Delete an issue for good' },
];

async function createIntegration(story: Story): Promise<void> {
  const { tell, administrator, tracker, kontext, applicationId } = story;
  tell.say(`createIntegration by the issuer of its tokens alone, ${tracker.issuer}; setOAuthApp; declareCapabilities: ${CAPABILITIES.map(({ operation }) => `tracker:${operation}`).join(', ')}.`);
  const input = { handle: 'tracker', name: 'Tracker', authMode: 'OAUTH' as const, issuer: tracker.issuer, apiBaseUrl: `${tracker.issuer}/api`, scopes: ['issues:read', 'issues:write'] };
  const integration = made((await administrator(CreateIntegrationDocument, { input })).createIntegration.integration);
  story.integrationId = integration.id;
  await fetch(`${tracker.issuer}/demo?redirect_uri=${encodeURIComponent(`${kontext.url}/connect/callback/${integration.id}`)}`, { method: 'POST' });
  tell.say('Tracker is told where that integration alone has browsers come back to.');
  const app = await administrator(SetOAuthAppDocument, { input: { id: integration.id, clientId: tracker.clientId, clientSecret: tracker.clientSecret } });
  check(made(app.setOAuthApp.integration).hasOAuthClientSecret, 'the OAuth app has no secret');
  const { declareCapabilities } = await administrator(DeclareCapabilitiesDocument, { input: { integrationId: integration.id, capabilities: CAPABILITIES } });
  check(made(declareCapabilities.capabilities).length === CAPABILITIES.length, 'not every capability was declared');
  tell.say('attachIntegration lets PR-Bot ask for Tracker: that writes the rule of the application layer.');
  await administrator(AttachIntegrationDocument, { input: { applicationId, integrationId: integration.id } });
}

async function allowTracker({ tell, administrator, integrationId }: Story): Promise<void> {
  tell.say('createPolicy: ALLOW, everyone, all of Tracker. Two of three layers allow now: organization and application. The third is the user\'s.');
  const input = { layer: 'ORGANIZATION' as const, effect: 'ALLOW' as const, subject: { kind: 'EVERYONE' as const }, integrationId };
  const policy = made((await administrator(CreatePolicyDocument, { input })).createPolicy.policy);
  check(policy.layer === 'ORGANIZATION' && policy.effect === 'ALLOW', 'another rule was created than was given');
}
