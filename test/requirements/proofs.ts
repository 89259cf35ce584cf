import { testsOf } from './requirement.ts';

/** The files that prove things, each under the name by which the lists of requirements call it. */
export const canonical = testsOf('kernel/canonical-json.test.ts');
export const capabilityNames = testsOf('kernel/capability.test.ts');
export const cursors = testsOf('kernel/cursor.test.ts');
export const faultTable = testsOf('kernel/fault.test.ts');
export const ids = testsOf('kernel/id.test.ts');
export const pages = testsOf('kernel/page.test.ts');
export const rights = testsOf('kernel/rights.test.ts');

export const database = testsOf('platform/database.test.ts');
export const doorbell = testsOf('platform/doorbell.test.ts');
export const migrations = testsOf('platform/migrate.test.ts');
export const rowSecurity = testsOf('platform/row-level-security.test.ts');
export const safeFetch = testsOf('platform/safe-fetch.test.ts');
export const vault = testsOf('platform/vault.test.ts');
export const worldCheck = testsOf('platform/check-plane.test.ts');

export const append = testsOf('audit/append.test.ts');
export const change = testsOf('audit/change.test.ts');
export const feed = testsOf('audit/feed.test.ts');
export const logPages = testsOf('audit/read.test.ts');
export const verify = testsOf('audit/verify.test.ts');

export const admission = testsOf('directory/admit-user.test.ts');
export const applications = testsOf('directory/application.test.ts');
export const organizations = testsOf('directory/organization.test.ts');
export const inputs = testsOf('directory/parse.test.ts');
export const serviceAccounts = testsOf('directory/service-account.test.ts');
export const signInSettings = testsOf('directory/sign-in.test.ts');
export const users = testsOf('directory/user.test.ts');

export const integrations = testsOf('integrations/integration.test.ts');
export const oauthApps = testsOf('integrations/oauth-app.test.ts');
export const upstreams = testsOf('integrations/normalize-answer.test.ts');

export const attachments = testsOf('policy/attach.test.ts');
export const consentRules = testsOf('policy/rules-consent.test.ts');
export const evaluation = testsOf('policy/evaluate.test.ts');
export const rules = testsOf('policy/rules.test.ts');
/** One decision of `vectors/policy.ts`, by what it says. */
export const decision = (says: string) => evaluation('$says', says);

export const connecting = testsOf('connections/connect.test.ts');
export const refresh = testsOf('connections/refresh.test.ts');
export const ending = testsOf('connections/revoke.test.ts');

export const accessTokens = testsOf('identity/access-token.test.ts');
export const authorizationServer = testsOf('identity/authorization-server.test.ts');
export const connectPages = testsOf('identity/connect-pages.test.ts');
export const consent = testsOf('identity/consent.test.ts');
export const believing = testsOf('identity/lying-provider.test.ts');
export const signIn = testsOf('identity/sign-in.test.ts');
export const standards = testsOf('identity/standards.test.ts');
export const identityTrouble = testsOf('identity/trouble.test.ts');

export const credentials = testsOf('exchange/credentials.test.ts');
export const exchange = testsOf('exchange/token.test.ts');

export const graph = testsOf('graph/graph.test.ts');
export const graphLimits = testsOf('graph/limits.test.ts');
export const graphStatements = testsOf('graph/statements.test.ts');
export const graphTenancy = testsOf('graph/tenancy.test.ts');

export const graphHttp = testsOf('http/graphql.test.ts');
export const graphFeed = testsOf('http/graphql-feed.test.ts');
export const graphSocket = testsOf('http/graphql-socket.test.ts');
export const restDoors = testsOf('http/server.test.ts');
export const operations = testsOf('http/operations.test.ts');

export const settings = testsOf('config.test.ts');
export const boundaries = testsOf('boundaries.test.ts');
export const demo = testsOf('flows/demo.test.ts');
export const wholeFlow = testsOf('flows/exchange-flow.test.ts');
export const commands = testsOf('commands.test.ts');
export const databaseGone = testsOf('faults/database-gone.test.ts');
export const killed = testsOf('faults/kill.test.ts');
export const logUnwritable = testsOf('faults/log-unwritable.test.ts');
export const revocation = testsOf('faults/revocation.test.ts');
export const shutdown = testsOf('faults/shutdown.test.ts');
export const statementFaults = testsOf('faults/statements.test.ts');
