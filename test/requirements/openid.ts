import { admission, authorizationServer, believing, consent, signIn, standards } from './proofs.ts';
import { requirements, waitsFor } from './requirement.ts';

const ID_TOKEN = standards('says in the ID token for whom, by whom, how long and in answer to what');
const HONEST = believing('what an honest one says, asked with PKCE, state and nonce');

/** Toward applications we are an OpenID provider. */
const AS_PROVIDER = requirements('openid-provider', [
  ['discovery.3a', 'The configuration has every member that is required.', [standards('names in its metadata what clients depend on'), authorizationServer('describes itself at both discovery addresses')]],
  ['discovery.3b', 'RS256 is among the algorithms for ID tokens.', waitsFor('a decision: ID tokens are signed with ES256 alone')],
  ['discovery.4.3', 'The issuer in it is the one in the address and in ID tokens.', [authorizationServer('describes itself at both discovery addresses'), ID_TOKEN]],
  ['core.2', 'An ID token carries iss, sub, aud, exp and iat, and is signed by a published key.', [ID_TOKEN, standards('names in its metadata what clients depend on')]],
  ['core.3.1.2.1a', 'With openid in the scope there is an ID token, and without none.', [ID_TOKEN, standards('gives no ID token where openid was not asked for')]],
  ['core.3.1.2.1b', 'prompt=none shows no page and says what is missing.', [signIn('answers prompt=none without a page')]],
  ['core.3.1.2.1c', 'prompt=login asks the person again.', [signIn('asks the provider again where the application demands it')]],
  ['core.3.1.2.1d', 'With max_age the ID token says when the person signed in.', [ID_TOKEN]],
  ['core.3.1.2.1e', 'The nonce comes back unchanged.', [ID_TOKEN]],
  ['core.3.1.2.4', 'Consent is asked before anything is released.', [consent('is not asked again for what a grant covers, but for what is new'), consent('tells the application that the user declined, and keeps nothing')]],
  ['core.5.4', 'Claims follow the scopes: address and name.', [authorizationServer('gives a user\'s application a token of RFC 9068 for gateway and sidecar')]],
  ['core.11', 'Applications go on while their user is away, and until the grant ends.', [authorizationServer('rotates refresh tokens, and ends the whole grant where one is used twice'), authorizationServer('ends the grant with the refresh token that is revoked, before it answers')]],
]);

/** Toward an organization's identity provider we are a relying party. */
const AS_RELYING_PARTY = requirements('openid-relying-party', [
  ['discovery.4.3', 'Metadata that names another issuer is not used.', [believing('never %s', 'metadata of another issuer')]],
  ['core.3.1.2.1', 'We ask for openid by code, with state, nonce and PKCE.', [HONEST]],
  ['core.3.1.2.7', 'An answer to another state is refused, and one state counts once.', [believing('never %s', 'an answer to another state'), signIn('consumes a state once')]],
  ['core.3.1.3.7-2', 'The ID token\'s issuer is the provider.', [believing('never %s', 'an ID token of another issuer')]],
  ['core.3.1.3.7-3', 'We are its audience.', [believing('never %s', 'an ID token for another client')]],
  ['core.3.1.3.7-5', 'Of several audiences it was issued to us.', [believing('never %s', 'an ID token for several clients that another one asked for')]],
  ['core.3.1.3.7-6', 'Its signature is the provider\'s.', [believing('never %s', 'an ID token signed by another key')]],
  ['core.3.1.3.7-9', 'It has not expired, and says when it will.', [believing('never %s', 'an ID token that has expired'), believing('never %s', 'an ID token that never expires')]],
  ['core.3.1.3.7-11', 'Its nonce is the one we sent.', [believing('never %s', 'an ID token with another nonce'), believing('never %s', 'an ID token without the nonce')]],
  ['core.3.1.3.3', 'Without an ID token nobody signs in.', [believing('never %s', 'no ID token')]],
  ['core.5.3.2', 'User information about another subject is not used.', [believing('never %s', 'user information about somebody else')]],
  ['core.5.7', 'A person is told by issuer and subject, never by address alone.', [admission('the same subject of another issuer is another person'), admission('an invited person is found by verified address alone, whatever its case, and once'), believing('an address to be verified only where it says so')]],
]);

export const OPENID = [...AS_PROVIDER, ...AS_RELYING_PARTY];
