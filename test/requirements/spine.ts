import { append, applications, attachments, authorizationServer, boundaries, change, commands, connectPages, connecting, consent, consentRules, credentials, cursors, database, databaseGone, decision, demo, doorbell, ending, evaluation, exchange, faultTable, feed, graph, graphFeed, graphHttp, graphLimits, graphSocket, graphStatements, graphTenancy, identityTrouble, ids, inputs, integrations, logPages, logUnwritable, migrations, oauthApps, operations, organizations, pages, refresh, restDoors, revocation, rights, rowSecurity, rules, serviceAccounts, settings, shutdown, signIn, signInSettings, upstreams, users, vault, verify, wholeFlow } from './proofs.ts';
import { requirements, waitsFor } from './requirement.ts';

const CHECK = waitsFor('a proof inside the tests: npm run check holds it');
const BENCH = waitsFor('a proof inside the tests: npm run bench measures it');

const SETUP = graph('sets up an integration and an application, and sees a secret once');
const BOOTSTRAP = organizations('an organization begins with an owner who is invited, a service account that may manage everything, and a log that tells of all three');
const BAD_PARAMETER = exchange('%s: %o');
const BY_OAUTH = connecting('goes the whole way with PKCE and answers a token that the service accepts');

const REPOSITORY = requirements('spine.repository', [
  ['1', 'npm ci is all that a machine with Node needs: Node 24 comes with it, and the tests bring their PostgreSQL.', waitsFor('a proof inside the tests: .ci/run starts from there')],
  ['2', 'Types, lint and generated files are fresh.', CHECK],
  ['3', 'Rooms stand in one line and are entered by their index.', [boundaries('import only to their left'), boundaries('are entered through their index.ts'), boundaries('stay apart from demo, console and SDK')]],
  ['4', 'Only platform touches the world.', [boundaries('is touched by platform alone'), boundaries('is fetched through safe-fetch alone')]],
  ['5', 'Secrets become text where it is said, and nowhere else.', [boundaries('become text only where it is said')]],
]);

const DATABASE = requirements('spine.database', [
  ['1', 'PGlite without a setting, PostgreSQL by URL.', [settings('an empty variable counts as unset, and http is for loopback or development'), migrations('brings an empty database to the newest schema, and does nothing the second time')]],
  ['2', 'Row-level security on every table of a tenant.', [rowSecurity('covers every table that has an organization')]],
  ['3', 'A role that cannot get around it does the work.', [rowSecurity('gives its roles no way around it'), database('says which role does the work')]],
  ['4', 'Every statement runs as the organization.', [rowSecurity('shows nothing where no organization is opened, also in a connection that was used before'), database('throws at once where a transaction is opened inside another')]],
  ['5', 'Without its filter a query sees no foreign row.', [rowSecurity('shows its own rows and no other without any filter')]],
  ['6', 'Migrations go forward, once, also where nodes start together.', [migrations('takes turns where several nodes start together'), migrations('refuses a database that a newer version migrated, in one sentence')]],
]);

const VAULT = requirements('spine.vault', [
  ['1', 'What is sealed is bound to organization, row and field.', [vault('does not open in another row, field or organization, nor with another key')]],
  ['2', 'Several master keys, newest first.', [vault('wrap with the newest and open with all, so that they rotate'), vault('refuses %j in one sentence')]],
  ['3', 'The embedded mode makes a key that its owner alone can read, once.', [vault('is made once, for its owner alone'), vault('is one, however many processes start together')]],
  ['4', 'With a database server a missing key refuses to start.', [settings('%s: %o', 'KONTEXT_MASTER_KEY is missing')]],
]);

const IDENTITY = requirements('spine.identity', [
  ['1', 'The bootstrap makes an organization, an owner and a service account, whose secret is printed once.', [BOOTSTRAP, commands('makes the first organization by a setting, prints its service account once, and stops with 0'), demo('tells the whole story, holds every step, and leaves nothing behind')]],
  ['2', 'By setting, the start does the same on an empty database, and else says what to do.', [commands('makes the first organization by a setting, prints its service account once, and stops with 0'), settings('where there is no organization yet')]],
  ['3', 'Service accounts get tokens by client credentials, with the scopes they hold.', [authorizationServer('gives a service account the scopes it holds, for the graph'), serviceAccounts('nobody hands out more than they have')]],
  ['4', 'Applications get tokens by code and PKCE, and renew them.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar'), authorizationServer('rotates refresh tokens, and ends the whole grant where one is used twice')]],
  ['5', 'Discovery and keys are published.', [authorizationServer('describes itself at both discovery addresses')]],
  ['6', 'People sign in at their organization\'s provider and become users just in time.', [signIn('sends the browser to the organization\'s provider, creates the user just in time and signs in once a browser')]],
  ['7', 'A plain page asks for consent.', [consent('shows who asks for what, and turns what is ticked into the user\'s rules'), consent('warns in plain words where the application asks for the Kontext API, and nowhere else'), consent('never gives an application the Kontext API that it was not given on this page')]],
  ['8', 'Owner, admin and member may what their role says, and a service account what its scopes say.', [rights('decides who may manage %s'), users('only an owner makes, unmakes or deactivates an owner'), users('the last active owner stays: neither demoted nor deactivated')]],
  ['9', 'A deactivated user stops everywhere at once.', [signIn('stops a deactivated user at once, everywhere'), wholeFlow('a deactivated user gets nothing, nor a new token')]],
  ['10', 'The kill switch of an application stops it at once.', [signIn('knows a disabled application no more'), applications('the kill switch ends what the application holds, and is idempotent'), wholeFlow('a disabled application is an unknown client, and its tokens end with it')]],
  ['11', 'A secret rotates at once, or with the old one kept for a while.', [exchange('a rotated secret ends at once, the new one works at once'), applications('a rotated secret ends the old ones at once, or keeps them for a while')]],
  ['12', 'The provider for sign-in is set by an owner, and its secret leaves never.', [signInSettings('it takes an owner, or a service account with the scope, and good input'), signInSettings('the secret is sealed, opens for the sign-in, and shows nowhere else'), signInSettings('a secret that is left out stays, but goes to no other issuer or client; null removes it')]],
  ['13', 'A service account never obtains a credential.', [credentials('a service account never obtains a credential, and the log says that it tried')]],
]);

const INTEGRATIONS = requirements('spine.integrations', [
  ['1', 'Presets for GitHub, Google, Slack, Linear and Notion.', [integrations('are found by handle and name'), integrations('%s is complete')]],
  ['2', 'Any OAuth service by issuer or by endpoints.', [connecting('finds the endpoints of an integration that is known by issuer alone'), BY_OAUTH]],
  ['3', 'Resolution of the OAuth app from the top down, with a block that says how to go on.', [oauthApps('takes the integration\'s own first, and the platform\'s again once that is removed'), oauthApps('names both ways to fix it where %s')]],
  ['4', 'Connecting by mutation, browser and callback.', [connectPages('lead the user through sign-in and consent at the service to a connection'), graph('says what to do where no OAuth app is configured')]],
  ['5', 'Connecting by token.', [ending('is stored sealed, handed out as it is, and replaced by the next')]],
  ['6', 'Revoking, here first and then at the provider.', [ending('takes the credential away here and the one token at the provider'), ending('stands although the provider cannot be reached, and says so in the log without the token')]],
  ['7', 'Refresh under a lease with fencing, once.', [refresh('asks the provider once however many ask, in however many processes, and all get the new token'), refresh('writes nothing for a holder that was overtaken')]],
  ['8', 'A change of mode or server ends connections, an event each.', [ending('of its auth mode ends every connection, an event each, and clears what was stored'), ending('that leaves the credential\'s origin alone keeps the connections')]],
  ['9', 'Servers that answer in their own way are understood.', [upstreams('%s'), upstreams('answers form-encoded where it likes, with scopes between commas and no expiry')]],
  ['10', 'Capabilities are declared by hand, each with the hash of its definition.', [integrations('are brought up to date by operation, hashed over their definition, and never removed unless asked')]],
]);

const POLICY = requirements('spine.policy', [
  ['1', 'The most specific target decides; at one target a denial wins; no rule is a no.', [decision('a capability allow is more specific than an integration deny'), decision('an integration allow is more specific than a deny of everything'), decision('explicit deny beats allow at the same target'), decision('no rule at all denies')]],
  ['2', 'The evaluator is pure and agrees with a model.', [evaluation('agrees with the reference model over 100,000 generated cases, with a fair share of both outcomes')]],
  ['3', 'A decision says which rules decided and who can change it.', [evaluation('names each layer, the deciding rules and the capability that fails'), evaluation('says for each refusing layer who can fix it and how')]],
  ['4', 'Attaching writes the application\'s rule, an ordinary one.', [attachments('attaching writes the application-layer ALLOW, detaching takes it away and leaves what was written by hand'), attachments('the rule is an ordinary one: deleted by hand it stays deleted until the integration is attached anew')]],
  ['5', 'Consent writes the user\'s rules, and the next consent replaces them.', [consentRules('consent writes user-layer ALLOWs about one application, each target once'), consentRules('a later consent replaces the earlier one of the same application, and nothing else')]],
  ['6', 'What cannot be evaluated allows nothing and denies all the same; what has expired counts for nothing.', [decision('a condition that cannot be evaluated spoils an allow'), decision('and not a deny'), decision('an expired allow is no rule')]],
  ['7', 'STRICT hands a raw credential for all or nothing and points at the gateway.', [decision('STRICT refuses the raw credential where a capability is denied, and points at the gateway'), decision('STRICT hands the raw credential when all of it is allowed')]],
  ['8', 'Drafts are kept and not enforced.', [rules('every subject of each layer, and drafts')]],
  ['9', 'Drafts are judged beside what is live, and replayed.', waitsFor('observe mode')],
  ['10', 'Conditions are evaluated.', waitsFor('conditions')],
]);

const EXCHANGE = requirements('spine.exchange', [
  ['1', 'The sidecar answers a user\'s token with the user\'s credential.', [exchange('is the user\'s own, with connection and audit row')]],
  ['2', 'It answers a confidential application with the organization\'s shared token.', [exchange('is the organization\'s shared one for a confidential client without a user, and the decision says so')]],
  ['3', 'The authorization server\'s token endpoint answers the same.', [wholeFlow('she connects by OAuth, and both doors hand out a token that the service takes'), wholeFlow('the shared token is handed out without a user')]],
  ['4a', 'invalid_client.', [exchange('unknown, wrong and disabled are one answer')]],
  ['4b', 'invalid_request, with the parameter.', [BAD_PARAMETER, exchange('a parameter given twice')]],
  ['4c', 'invalid_target, with what is wrong with it.', [exchange('unknown and unattached targets')]],
  ['4d', 'integration_required, with where to connect.', [exchange('unknown and unattached targets'), wholeFlow('before she connects both doors say where to')]],
  ['4e', 'reauthorization_required, with where to connect.', [credentials('that the provider no longer renews asks for consent again')]],
  ['4f', 'access_denied, with the decision.', [exchange('policy denies with the decision of each layer, and the same decision stands in the log')]],
  ['4g', 'invalid_scope.', [BAD_PARAMETER]],
  ['4h', 'temporarily_unavailable, with when to come back.', [credentials('that cannot be renewed just now is not answered, and may be asked for again'), logUnwritable('an exchange %s is unavailable, and works by itself once it can')]],
  ['5', 'Each answer is held against the published contract.', [BAD_PARAMETER, credentials('is the access token alone, with its scope and the seconds it has left')]],
  ['6', 'The audit statement refuses what went stale, and it is decided again.', [append('refuse what was decided on an older revision, and only that'), append('refuse a connection that was refreshed, ended or is not there'), revocation('%s: once it is acknowledged, no node answers a credential')]],
  ['7', 'Every refusal of who proved itself has its row.', [exchange('a refused token of an authenticated client has its row')]],
  ['8a', 'Users of an application\'s own identity provider.', waitsFor('applications with their own identity provider')],
  ['8b', 'External user ids.', waitsFor('applications with their own identity provider')],
  ['8c', 'Gateway tokens.', waitsFor('the MCP gateway')],
  ['8d', 'Delegation to another application.', waitsFor('delegation between applications')],
  ['9', 'Connect sessions over REST, for applications that bring their users.', waitsFor('connect sessions')],
]);

const AUDIT = requirements('spine.audit', [
  ['1', 'Requests that wait together commit together, in the order they asked.', [append('carries what waits together in few transactions, in the order it was asked')]],
  ['2', 'Numbers without a gap in each organization.', [append('leave no gap in the log under 16 writers, half of whom roll back'), append('keeps organizations apart')]],
  ['3', 'Each event carries the hash of the one before, the same in SQL and here.', [append('is in SQL what it is here, whatever callers write')]],
  ['4', 'No change without its event, no event without its change.', [change('writes and tells of it in one transaction'), change('writes nothing without its event: what is unchanged is rolled back'), change('has done everything where the commit was applied and its answer lost')]],
  ['5', 'The role may insert and read.', [rowSecurity('keeps the log from being changed')]],
  ['6a', 'A verifier recomputes all and names the first event that does not hold.', [verify('holds for an honest log, also while it grows'), verify('where the body of event %d was edited')]],
  ['6b', 'It is a command with an exit code.', [commands('verifies the log, by exit code and against what was written down')]],
  ['7', 'The feed is pulled from any cursor, once and in order.', [feed('after any cursor, and then what comes'), feed('to who resumes at whatever cursor was handed out last'), feed('misses nothing while its connections are killed again and again')]],
  ['8', 'The bell rings on other nodes after the commit; a poll hears what it missed.', [doorbell('is heard on another node, also for more organizations than one notification holds'), doorbell('says that something may have been missed, once it hears again'), feed('hears what another appended, by the bell and not by the poll')]],
  ['9', 'Whatever may alter access raises the revision, by one table.', [append('stand in the table: the revision rises with every kind that alters access, and with no other')]],
]);

const GRAPHQL = requirements('spine.graphql', [
  ['1', 'The nouns are served, and every object is found by id.', [graph('asks for the organization and for itself, and finds every object again by id')]],
  ['2', 'The mutations are served, expected failures as userErrors.', [SETUP, graph('stores tokens that no answer ever shows'), graphTenancy('covers every field and mutation that takes an id')]],
  ['3', 'explainAccess says what an exchange would decide.', [SETUP]],
  ['4', 'auditFeed is served over WebSocket and server-sent events.', [graphFeed('delivers what happens once and in order, and heartbeats between'), graphFeed('resumes after a cursor without a gap or a repetition'), graphFeed('says so where the cursor lies beyond the log, and refuses what is none')]],
  ['5', 'A page takes the same few statements whatever its size.', [graphStatements('a page of %s takes the same few statements whatever its size'), graphStatements('loads many ids of one type at once')]],
  ['6', 'The schema is printed, and typed documents are made of it.', CHECK],
  ['7a', 'Forged requests are refused.', [graphHttp('%s', 'a form')]],
  ['7b', 'JSON only, and no more than is allowed.', [graphHttp('%s', 'a body of 257 KiB'), graphHttp('%s', 'plain text')]],
  ['7c', 'Depth, aliases, tokens and cost are bounded.', [graphLimits('%s is refused before anything runs'), graphLimits('is told its cost')]],
  ['7d', 'Pages are bounded.', [graph('refuses a page of (%s)'), pages('refuses %j at %s')]],
  ['7e', 'An operation has its time.', [graphLimits('is cut off when its time is up')]],
  ['7f', 'Nobody subscribes without a token.', [graphLimits('needs somebody who asks'), graphSocket('takes no operation before the token')]],
  ['8', 'GraphiQL and the schema are for development.', [graphHttp('are not shown in production'), graphHttp('are in development; whatever shows data still takes a token')]],
  ['9', 'Cursors are opaque, versioned and refused where nobody handed them out.', [cursors('that nobody handed out is refused (%#)'), graph('refuses a cursor that it did not hand out')]],
  ['10', 'The log is read by page in both directions and by filter.', [logPages('walks the log newest first in pages of %d, both ways'), logPages('filters in memory as in SQL'), graph('shows the log newest first, by pages in both directions')]],
]);

const DEMO = requirements('spine.demo', [
  ['1', 'One command tells the whole story and exits 0 when every step held.', [demo('tells the whole story, holds every step, and leaves nothing behind')]],
  ['2', 'It exits 1 at the first that did not.', [demo('ends with 1 at the first step that does not hold')]],
  ['3', 'It leaves nothing behind.', [demo('takes its processes and its folder with it when it is killed')]],
]);

const OPERATIONS = requirements('spine.operations', [
  ['1', 'Log lines are JSON with request ids and without secrets.', [restDoors('that nobody expected are logged whole, under the id that was answered'), exchange('no secret reaches the log lines')]],
  ['2', 'Health, readiness and metrics are served.', [operations('ready while the database answers'), operations('red while the server stops'), operations('metrics are Prometheus text and name no one')]],
  ['3', 'SIGTERM drains.', [shutdown('finishes what is in flight, tells subscribers why, and ends with 0')]],
  ['4', 'Server and sidecar run together, or each alone over PostgreSQL.', [commands('makes the first organization by a setting, prints its service account once, and stops with 0'), commands('opens one door alone'), settings('where the role is unknown, or alone on the embedded database')]],
]);

const SPEED = requirements('spine.speed', [
  ['1', 'A warm exchange against its floor and its peer.', BENCH],
  ['2a', 'Group commit against one event a transaction.', BENCH],
  ['2b', 'What waits together shares a transaction.', [append('carries what waits together in few transactions, in the order it was asked')]],
  ['3a', 'A thousand subscribers, their memory, and one that stalls.', BENCH],
  ['3b', 'Many subscribers share one look at the table.', [feed('to many subscribers with one look at the table')]],
  ['4', 'Start to ready against PGlite alone.', BENCH],
]);

const BAD_INPUT = requirements('spine.bad-input', [
  ['1', 'Malformed ids name their field.', [graph('names the field of a malformed id'), ids('refuses %j (%s) at the named field')]],
  ['2', 'Malformed cursors.', [graph('refuses a cursor that it did not hand out'), cursors('is refused with any character changed, added or removed, or it carries another position')]],
  ['3', 'Malformed JSON and documents.', [graphHttp('%s', 'no JSON'), graph('names what is wrong with a document or its variables')]],
  ['4', 'Malformed forms.', [BAD_PARAMETER, exchange('another content type, another method, a body too large')]],
  ['5', 'Malformed tokens.', [graphHttp('%s is refused with a challenge'), exchange('one answer for every subject token that does not count')]],
  ['6', 'Unknown fields and duplicates.', [graphHttp('%s', 'an unknown member'), exchange('a parameter given twice'), inputs('none twice, and not without end')]],
  ['7', 'Too much.', [graphHttp('20 MB are not even read'), graphLimits('is refused where it names too many ids, by name'), graphLimits('is refused where it declares too much')]],
  ['8', 'Status by the table, no stack.', [faultTable('%s has a registered OAuth code, a matching status and sentences'), graphHttp('%s'), identityTrouble('shows of what it did not expect only the request\'s id')]],
  ['9', 'Wrong settings refuse to start, in one sentence.', [settings('%s: %o'), settings('where a port is in use'), settings('where the data directory cannot be one')]],
  ['10', 'With the database gone: 503, when to come back, readiness red, recovery by itself.', [graphHttp('is 503 with Retry-After, and then works again'), identityTrouble('answers 503 with Retry-After while the database is gone, and recovers by itself'), operations('red while the database is gone, and alive all the same'), databaseGone('%s: red and refused meanwhile, green and complete afterwards, by itself')]],
  ['11', 'A foreign id answers byte for byte as a missing one.', [graphTenancy('$kind in $source')]],
]);

/** What the first whole product must do, from an empty folder to an exchange in the log. */
export const SPINE = [...REPOSITORY, ...DATABASE, ...VAULT, ...IDENTITY, ...INTEGRATIONS, ...POLICY, ...EXCHANGE, ...AUDIT, ...GRAPHQL, ...DEMO, ...OPERATIONS, ...SPEED, ...BAD_INPUT];
