import { append, canonical, ids, restDoors } from './proofs.ts';
import { requirements, waitsFor } from './requirement.ts';

const PROBLEM = restDoors('there is nothing at %s');
const NUMBERS = canonical('writes the number of bits %s as %s');

/** Problem details of REST doors. */
const RFC_9457 = requirements('rfc9457', [
  ['3', 'A problem is application/problem+json.', [PROBLEM]],
  ['3.1.1', 'Without a type of its own its type is about:blank.', [PROBLEM]],
  ['3.1.2', 'Its status is the answer\'s.', [PROBLEM]],
  ['3.1.3', 'Its detail says what happened this time.', [PROBLEM, restDoors('another method is told which there are')]],
  ['3.2', 'Further members carry code, hint and request id.', [PROBLEM]],
  ['5', 'It shows nothing of the inside.', [restDoors('are drawn as the route says, without what caused them')]],
]);

/** Canonical JSON. */
const RFC_8785 = requirements('rfc8785', [
  ['3.2.1', 'No white space between tokens.', [canonical('writes the example of section 3.2.2')]],
  ['3.2.2.1', 'Literals as they are.', [canonical('writes the example of section 3.2.2')]],
  ['3.2.2.2', 'Strings with the shortest escapes and nothing else changed.', [canonical('writes the example of section 3.2.2'), canonical('is JSON that means the same')]],
  ['3.2.2.3a', 'Numbers as ECMAScript writes them.', [NUMBERS]],
  ['3.2.2.3b', 'NaN and infinities are errors.', [canonical('refuses %d')]],
  ['3.2.3', 'Keys sorted by UTF-16 code units, at every depth.', [canonical('sorts keys by UTF-16 code units, as section 3.2.3'), canonical('gives equal values equal texts, whatever the order of their keys')]],
  ['3.2.4', 'The text is UTF-8, the same in the database as here.', [append('is in SQL what it is here, whatever callers write')]],
  ['1', 'Equal values have equal texts, different values different ones.', [canonical('gives equal values equal texts, whatever the order of their keys'), canonical('gives different values different texts')]],
]);

/** UUIDs of version 7. */
const RFC_9562 = requirements('rfc9562', [
  ['5.7a', 'Version and variant are set, the first 48 bits are milliseconds.', [ids('is a UUID of version 7 in base 32')]],
  ['5.7b', 'Later ones sort after earlier ones.', [ids('sorts by time as text')]],
  ['6.9', 'The rest cannot be guessed and is never used twice.', waitsFor('a proof: ids made by the million do not repeat')],
  ['6.12', 'They are opaque: what is no id of the kind is refused, nothing is read out of one.', [ids('refuses %j (%s) at the named field')]],
]);

export const FORMATS = [...RFC_9457, ...RFC_8785, ...RFC_9562];
