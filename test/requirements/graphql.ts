import { graphFeed, graphHttp, graphSocket } from './proofs.ts';
import { requirements, waitsFor } from './requirement.ts';

const JSON_ANSWER = graphHttp('is answered with JSON');
const NAMED = graphHttp('runs the operation that is named, with its variables');
const BROKEN = (name: string) => graphHttp('%s', name);
const MEMBER = graphHttp('and names the member at fault');

const OVER_HTTP = requirements('graphql-over-http', [
  ['3', 'There is one address for every operation.', [JSON_ANSWER]],
  ['4.1', 'Requests are JSON in UTF-8, with any other type refused.', [JSON_ANSWER, BROKEN('plain text'), BROKEN('a form')]],
  ['4.2', 'Answers are JSON, or the newer type where it is asked for.', [JSON_ANSWER, graphHttp('is answered in the newer media type where that is asked for')]],
  ['5', 'POST is served.', [JSON_ANSWER]],
  ['5.1', 'The document is a string, variables and extensions are objects or null.', [MEMBER, BROKEN('a document that is no text'), BROKEN('variables that are no object')]],
  ['5.2', 'GET changes nothing: it is not served.', [BROKEN('a GET')]],
  ['5.3', 'An operation is chosen by name, and must be where there are several.', [NAMED]],
  ['6.1', 'What cannot be read is 400 and nothing is run.', [BROKEN('no JSON'), BROKEN('no document'), graphHttp('none of it left a trace')]],
  ['6.2', 'A document that does not parse or validate is refused as a whole.', [BROKEN('a document with an error'), NAMED]],
  ['6.4.1', 'An answer with data is 200.', [JSON_ANSWER]],
  ['6.4.2', 'In the newer type a request without data is 4xx or 5xx.', [NAMED, graphHttp('is 503 with Retry-After, and then works again')]],
]);

const TRANSPORT_WS = requirements('graphql-transport-ws', [
  ['1', 'The subprotocol is graphql-transport-ws and no other.', [graphSocket('that breaks the protocol or sends too much is closed')]],
  ['2', 'A connection is acknowledged once it is authenticated.', [graphSocket('takes the token from the handshake too')]],
  ['3', 'A second initialisation closes with 4429.', [graphSocket('that breaks the protocol or sends too much is closed')]],
  ['4', 'A refused initialisation closes with 4403.', [graphSocket('without a token, with a wrong one or for another door is closed with 4403, never 4401')]],
  ['5a', 'No operation runs before the acknowledgement.', [graphSocket('takes no operation before the token')]],
  ['5b', 'Such an operation closes with 4401.', waitsFor('a decision: 4403 is sent, because clients take 4401 as the end and would not come back with a new token')],
  ['6', 'An initialisation that does not come in time closes with 4408.', [graphSocket('that never says who it is is closed with 4408')]],
  ['7', 'A ping is answered with a pong.', [graphSocket('answers a ping, knows an id once, and forgets it when it is complete')]],
  ['8', 'An id in use closes with 4409.', [graphSocket('answers a ping, knows an id once, and forgets it when it is complete')]],
  ['9', 'Results come as next and end with complete.', [graphSocket('draws errors as HTTP does, and stays open'), graphSocket('answers a ping, knows an id once, and forgets it when it is complete')]],
  ['10', 'An operation that fails before it runs is answered with error, and the socket stays open.', [graphSocket('draws errors as HTTP does, and stays open')]],
  ['11', 'A client\'s complete ends its subscription and lets go of what it holds.', [graphFeed('lets go of the log when its reader leaves')]],
  ['12', 'A message that is none closes with 4400.', [graphSocket('that breaks the protocol or sends too much is closed')]],
]);

export const GRAPHQL = [...OVER_HTTP, ...TRANSPORT_WS];
