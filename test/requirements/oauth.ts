import { accessTokens, authorizationServer, believing, connecting, consent, credentials, exchange, graphHttp, inputs, refresh, safeFetch, settings, signIn, standards, upstreams } from './proofs.ts';
import { requirements, waitsFor } from './requirement.ts';

const LIMITS = waitsFor('rate limits');
const DELEGATION = waitsFor('delegation between applications');

const ONE_ANSWER = exchange('unknown, wrong and disabled are one answer');
const ONE_WINS = authorizationServer('lets exactly one of 20 redeem a code, and ends all that came of it');
const PKCE = authorizationServer('demands PKCE with S256 of public and confidential clients');
const BOUND_CODE = standards('binds a code to its client, its redirect URI and its verifier');
const NARROWED = authorizationServer('narrows a token to the resource asked for, at either endpoint');
const BAD_PARAMETER = exchange('%s: %o');
const CREDENTIAL = exchange('is the user\'s own, with connection and audit row');
const CHALLENGE = graphHttp('%s is refused with a challenge');
const HONEST = believing('what an honest one says, asked with PKCE, state and nonce');

/** OAuth 2.0: what it demands of an authorization server, and of us as a client of others. */
const RFC_6749 = requirements('rfc6749', [
  ['2.3.1a', 'A client with a secret can send it by HTTP Basic.', [authorizationServer('gives a service account the scopes it holds, for the graph'), CREDENTIAL]],
  ['2.3.1b', 'Where a secret comes in the body it is taken there, and never from the address.', [exchange('client_secret in the body authenticates as well'), exchange('another content type, another method, a body too large'), credentials('a secret in the address is no secret'), standards('takes tokens by POST alone, no parameter twice, no secret in the address')]],
  ['2.3.1c', 'Guessing secrets is made slow.', LIMITS],
  ['2.3', 'A client uses one way of authenticating in a request.', [exchange('two methods at once are refused'), standards('takes one way of client authentication at a time, and challenges who failed by header')]],
  ['3.1a', 'The authorization endpoint demands that its user is authenticated.', [signIn('sends the browser to the organization\'s provider, creates the user just in time and signs in once a browser')]],
  ['3.1b', 'An unknown response type is refused at the redirect URI.', [standards('names an unknown grant type and a response type that it does not serve')]],
  ['3.1.2a', 'A redirect URI is absolute and has no fragment.', [inputs('%j is refused: %s')]],
  ['3.1.2b', 'A redirect URI is registered and compared exactly.', [authorizationServer('never redirects to a URI that is not registered')]],
  ['3.1.2.4', 'With a wrong redirect URI the person is told and not redirected.', [authorizationServer('never redirects to a URI that is not registered')]],
  ['3.2a', 'The token endpoint is used by POST.', [standards('takes tokens by POST alone, no parameter twice, no secret in the address'), exchange('another content type, another method, a body too large')]],
  ['3.2b', 'No parameter comes twice.', [standards('takes tokens by POST alone, no parameter twice, no secret in the address'), exchange('a parameter given twice')]],
  ['3.2c', 'An empty parameter counts as left out, an unknown one is passed over by the grants of OAuth itself.', [standards('passes over what it does not know and what is empty')]],
  ['3.2d', 'An unknown parameter is passed over by token exchange.', waitsFor('a decision: the exchange refuses what it does not know, so that a misspelt parameter is noticed')],
  ['3.2.1', 'Confidential clients authenticate at the token endpoint.', [authorizationServer('answers one thing to an unknown client and to a wrong secret'), ONE_ANSWER]],
  ['3.3', 'An answer names the scope where it is not the one asked for.', [authorizationServer('gives a service account the scopes it holds, for the graph')]],
  ['4.1.2a', 'A code lives for a minute and is redeemed once; used again, all that came of it ends.', [ONE_WINS, standards('lets a code live for a minute')]],
  ['4.1.2b', 'A code is bound to its client and redirect URI.', [BOUND_CODE]],
  ['4.1.2c', 'The state comes back as it was sent.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar')]],
  ['4.1.2.1', 'A refusal reaches the application at its redirect URI, with a registered code.', [consent('tells the application that the user declined, and keeps nothing'), authorizationServer('refuses a resource it does not know')]],
  ['4.4', 'Client credentials are for confidential clients alone.', [standards('gives client credentials to service accounts alone, and codes to none of them')]],
  ['5.1a', 'A token answer is JSON that no cache keeps.', [standards('lets no cache keep a token or a refusal'), CREDENTIAL]],
  ['5.1b', 'As a client we pass over members we do not know.', [upstreams('may answer null members, scopes as a list, no token type, and an expiry as text')]],
  ['5.2a', 'A client that fails to authenticate by header gets 401 with a matching challenge.', [ONE_ANSWER, standards('takes one way of client authentication at a time, and challenges who failed by header')]],
  ['5.2b', 'Other errors are 400 with a registered code and a description in plain ASCII.', [BAD_PARAMETER, authorizationServer('refuses a resource it does not know')]],
  ['5.2c', 'An unknown grant type is named so.', [standards('names an unknown grant type and a response type that it does not serve')]],
  ['5.2d', 'A known grant type that the client may not use is named unauthorized_client.', waitsFor('a closer error than the library\'s invalid_request')],
  ['6a', 'A refresh token works for the client that it was issued to.', [standards('binds a refresh token to its client and never widens its scope')]],
  ['6b', 'A refresh never widens the scope.', [standards('binds a refresh token to its client and never widens its scope')]],
  ['6c', 'As a client we keep the refresh token where none comes back, and the new one where one does.', [refresh('keeps the refresh token where none comes back'), refresh('uses the rotated refresh token next time')]],
  ['10.3', 'Tokens cross the network by TLS alone.', [settings('%s: %o', 'PUBLIC_URL must be https'), settings('an empty variable counts as unset, and http is for loopback or development')]],
  ['10.4', 'A refresh token that is used twice ends the grant.', [authorizationServer('rotates refresh tokens, and ends the whole grant where one is used twice')]],
  ['10.5', 'Codes and tokens are kept so that who reads the table has none.', [authorizationServer('keeps no bearer value in any column')]],
  ['10.12a', 'As a client we bind the way back to the browser that began it.', [connecting('refuses another browser, and the browser that began still gets through'), signIn('refuses a callback in another browser, and leaves the attempt to its own')]],
  ['10.12b', 'A consent cannot be sent from another page.', [consent('takes no answer that did not come from its own page')]],
  ['10.13', 'No page can be framed.', [standards('shows no page in a frame')]],
  ['10.15', 'Nobody is sent where a parameter leads.', [signIn('never leads elsewhere'), connecting('sends browsers back to nowhere but here and the application\'s own origins')]],
  ['10.16', 'A token issued to one application is no use to another.', [exchange('one answer for every subject token that does not count')]],
]);

/** Bearer tokens. */
const RFC_6750 = requirements('rfc6750', [
  ['2.1', 'A token comes in the Authorization header.', [graphHttp('is answered with JSON')]],
  ['2', 'A token comes one way; not in an address, a form or a cookie.', [graphHttp('in a cookie, a query or the body is none')]],
  ['3a', 'Without a token the answer is 401 with a bare Bearer challenge.', [CHALLENGE]],
  ['3.1', 'With a wrong one the challenge says invalid_token.', [CHALLENGE]],
  ['5.2', 'Tokens are signed, name their audience and end soon.', [accessTokens('refuse %s', 'another audience'), authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar')]],
  ['5.3', 'Tokens are not written to cookies or logs, and cross the network by TLS alone.', [authorizationServer('keeps no bearer value in any column'), exchange('no secret reaches the log lines'), settings('%s: %o', 'PUBLIC_URL must be https'), settings('an empty variable counts as unset, and http is for loopback or development')]],
]);

/** Proof key for code exchange. */
const RFC_7636 = requirements('rfc7636', [
  ['4.1', 'As a client we make a new verifier for each request.', [connecting('sends S256, state and scopes to the provider, and a fresh state when the page is loaded again'), HONEST]],
  ['4.2', 'As a client we send S256.', [connecting('sends S256, state and scopes to the provider, and a fresh state when the page is loaded again'), HONEST]],
  ['4.4.1', 'A request without a challenge, or with one in the clear, is refused at the redirect URI.', [PKCE]],
  ['4.6', 'A verifier that does not match, or none, is invalid_grant.', [BOUND_CODE]],
  ['5', 'Servers that know nothing of it are still served.', [upstreams('keeps the user\'s token beside the bot\'s')]],
]);

/** Token revocation. */
const RFC_7009 = requirements('rfc7009', [
  ['2.1a', 'Who revokes authenticates.', [standards('tells nothing of a token, and ends none, for who does not authenticate')]],
  ['2.1b', 'Another client\'s token is not revoked, and the client is told.', [standards('revokes nothing of another client, and answers 200 to a token that is none')]],
  ['2.1c', 'With the refresh token everything of its grant ends, at once.', [authorizationServer('ends the grant with the refresh token that is revoked, before it answers')]],
  ['2.2', 'A token that is none is answered with 200.', [standards('revokes nothing of another client, and answers 200 to a token that is none')]],
  ['2', 'As a client we send the one token, in the body, with our authentication.', [upstreams('%s is asked with its own words'), upstreams('ends the one token at GitHub, never the grant')]],
]);

/** Token introspection. */
const RFC_7662 = requirements('rfc7662', [
  ['2.1', 'Who introspects authenticates.', [standards('tells nothing of a token, and ends none, for who does not authenticate')]],
  ['2.2a', 'A live token is active, with what it is for.', [authorizationServer('introspects a refresh token to its own client')]],
  ['2.2b', 'Of any other token nothing is said but that it is not active.', [authorizationServer('introspects a refresh token to its own client'), standards('revokes nothing of another client, and answers 200 to a token that is none')]],
  ['2.2c', 'Access tokens are introspected too.', waitsFor('introspection of access tokens, which are read by their signature today')],
]);

/** OAuth for native apps. */
const RFC_8252 = requirements('rfc8252', [
  ['6', 'Public native clients use PKCE.', [PKCE]],
  ['7.1', 'Private-use schemes are reversed domain names.', [inputs('%j is refused: %s', 'a scheme without a dot'), inputs('%s is kept as it is', 'com.example.app:/callback')]],
  ['7.3', 'A loopback redirect URI matches on any port.', [authorizationServer('matches a loopback URI on any port')]],
  ['8.4', 'Redirect URIs are registered whole and compared exactly but for that port.', [authorizationServer('never redirects to a URI that is not registered')]],
  ['8.5', 'A native client is public: no secret is expected of it.', [exchange('a public application sends its id alone')]],
  ['8.6', 'A public client on a user\'s machine does not get around consent.', [consent('shows who asks for what, and turns what is ticked into the user\'s rules')]],
]);

/** Authorization server metadata. */
const RFC_8414 = requirements('rfc8414', [
  ['2', 'The metadata names issuer, endpoints, response types, and how clients authenticate.', [authorizationServer('describes itself at both discovery addresses'), standards('names in its metadata what clients depend on')]],
  ['3', 'It stands at its well-known address, as JSON.', [authorizationServer('describes itself at both discovery addresses')]],
  ['3.3a', 'Its issuer is the one it was asked for under, whatever the client says of the host.', [authorizationServer('keeps its addresses whatever the client says of the host')]],
  ['3.3b', 'As a client we use no metadata of another issuer.', [upstreams('is refused where it %s', 'names another issuer'), believing('never %s', 'metadata of another issuer')]],
  ['6.2', 'Fetching metadata reaches no internal address and follows no redirect.', [safeFetch('says the same for an address that listens and one that does not'), safeFetch('does not follow a %d with what it carries')]],
]);

/** Token exchange. */
const RFC_8693 = requirements('rfc8693', [
  ['2.1a', 'Grant type, subject token and its type are required.', [BAD_PARAMETER]],
  ['2.1b', 'An actor token without its type is refused.', [exchange('%s: %o', 'actor_token')]],
  ['2.1c', 'resource and audience name the target, by URI or by name.', [exchange('can be named by the URI of its API, and by audience')]],
  ['2.1d', 'Several targets in one request.', waitsFor('exchanges for several integrations at once, which are refused today')],
  ['2.1e', 'The subject token is verified whole before anything is issued.', [exchange('one answer for every subject token that does not count')]],
  ['2.2.1a', 'The answer names the token, its issued type and its token type.', [CREDENTIAL]],
  ['2.2.1b', 'It says how long the token lives, and nothing where it does not expire.', [credentials('is the access token alone, with its scope and the seconds it has left'), CREDENTIAL]],
  ['2.2.1c', 'It says the scope where it is not the one asked for.', [credentials('is the access token alone, with its scope and the seconds it has left')]],
  ['2.2.1d', 'Keys of several fields are answered with the token type N_A.', waitsFor('keys of several fields')],
  ['2.2.2a', 'An unacceptable subject token or a malformed request is invalid_request.', [BAD_PARAMETER, exchange('one answer for every subject token that does not count')]],
  ['2.2.2b', 'A target that is not served is invalid_target.', [exchange('unknown and unattached targets'), exchange('a mode without a credential has nothing to exchange')]],
  ['2.2.2c', 'Each answer is as described in the published contract.', [BAD_PARAMETER, CREDENTIAL]],
  ['4.1', 'Who acts for whom stands in nested act claims.', DELEGATION],
  ['4.4', 'may_act bounds who may act.', DELEGATION],
  ['5', 'It is served at the authorization server\'s token endpoint too.', [authorizationServer('serves token exchange by the handler it was given')]],
]);

/** Resource indicators. */
const RFC_8707 = requirements('rfc8707', [
  ['2a', 'A resource that is not known is invalid_target.', [authorizationServer('refuses a resource it does not know')]],
  ['2b', 'The audience is what was asked for, at either endpoint.', [NARROWED]],
  ['2.2', 'The token endpoint goes not beyond what was granted.', [standards('refuses at the token endpoint a resource that was not granted')]],
  ['3', 'A token for one resource is none for another.', [NARROWED, accessTokens('are remembered, for their own audience and until they expire')]],
]);

/** Access tokens as JWTs. */
const RFC_9068 = requirements('rfc9068', [
  ['2.1', 'Tokens are signed by an asymmetric key, and typed at+jwt.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar')]],
  ['2.2', 'They carry iss, exp, aud, sub, client_id, iat and jti.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar'), accessTokens('say what they say')]],
  ['2.2.3', 'The scope that was granted stands in them.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar')]],
  ['3', 'Without a resource asked for, a default audience is named.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar')]],
  ['4a', 'A resource server refuses another type.', [accessTokens('refuse %s', 'an ID token')]],
  ['4b', 'It refuses another issuer.', [accessTokens('refuse %s', 'another issuer')]],
  ['4c', 'It refuses another audience, and none.', [accessTokens('refuse %s', 'another audience'), accessTokens('refuse %s', 'no audience')]],
  ['4d', 'It refuses another key, another algorithm and none.', [accessTokens('refuse %s', 'another key'), accessTokens('refuse %s', 'the public key as a secret'), accessTokens('refuse %s', 'no signature')]],
  ['4e', 'It refuses what has expired or never does.', [accessTokens('refuse %s', 'an expired one'), accessTokens('refuse %s', 'one that never expires')]],
  ['5', 'A subject of one kind cannot be taken for one of another.', [accessTokens('refuse %s', 'a service account that is somebody else\'s'), accessTokens('refuse %s', 'a user without a grant')]],
]);

/** The issuer in authorization answers. */
const RFC_9207 = requirements('rfc9207', [
  ['2a', 'Each authorization answer carries iss, also one that refuses.', [consent('shows who asks for what, and turns what is ticked into the user\'s rules'), authorizationServer('refuses a resource it does not know')]],
  ['2.3', 'The metadata says so.', [authorizationServer('describes itself at both discovery addresses')]],
  ['2.4a', 'As a client we refuse the answer of another issuer before anything is sent.', [connecting('refuses the answer of another authorization server'), believing('never %s', 'an answer of another issuer')]],
  ['2.4b', 'As a client we demand iss of a server that says it sends it.', [connecting('demands `iss` of a server that advertises it')]],
]);

export const OAUTH = [...RFC_6749, ...RFC_6750, ...RFC_7636, ...RFC_7009, ...RFC_7662, ...RFC_8252, ...RFC_8414, ...RFC_8693, ...RFC_8707, ...RFC_9068, ...RFC_9207];
