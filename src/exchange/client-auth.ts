import { Fault } from '../kernel/index.ts';
import type { Client } from '../directory/index.ts';
import { digest, sameDigest, type Wells } from '../platform/index.ts';

/** How a client proved who it is, in the words of the token endpoint's metadata (RFC 8414 section 2). */
export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none';

interface Presented {
  readonly clientId: string;
  readonly secret: string | null;
}

/** What a client may present, each read from its own place in the request; null where it did not use this method. */
const CLIENT_AUTH: Readonly<Record<ClientAuthMethod, (request: ClientRequest) => Presented | null>> = {
  client_secret_basic: ({ authorization }) => (authorization === undefined ? null : parseBasic(authorization)),
  client_secret_post: ({ parameters }) => {
    const secret = parameters.get('client_secret');
    return secret === undefined ? null : { clientId: parameters.get('client_id') ?? '', secret };
  },
  none: ({ parameters, authorization }) => (authorization !== undefined || parameters.has('client_secret') ? null : { clientId: parameters.get('client_id') ?? '', secret: null }),
};

const METHODS = Object.keys(CLIENT_AUTH) as ClientAuthMethod[];

export interface ClientRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly authorization: string | undefined;
}

/** The application behind a request, and the access revision at which it was known to be what it is. */
export interface AuthenticatedClient {
  readonly client: Client;
  readonly method: ClientAuthMethod;
}

/** Clients, remembered; fenced by the revision they were read at, which the log checks. */
export interface ClientAuthenticator {
  authenticate(request: ClientRequest): Promise<AuthenticatedClient>;
  forget(clientId: string): void;
}

const MAX_REMEMBERED = 10_000;
/** Compared with where there is no client, so that an unknown one takes as long as a wrong secret. */
const NO_DIGEST = digest('no secret has this digest');

/**
 * Authenticates confidential clients by secret and public ones by their id alone. Unknown, disabled and wrong are one
 * answer: `invalid_client`. Two methods at once are `invalid_request` (RFC 6749 section 2.3).
 */
export function openClientAuthenticator(deps: Pick<Wells, 'db' | 'clock' | 'metrics'>, findClient: (clientId: string) => Promise<Client | null>): ClientAuthenticator {
  const remembered = new Map<string, Client>();
  const load = async (clientId: string): Promise<Client | null> => {
    const client = await findClient(clientId);
    if (!client) return null;
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!);
    remembered.set(clientId, client);
    return client;
  };
  return {
    async authenticate(request) {
      const { clientId, secret, method } = readPresented(request);
      const known = remembered.get(clientId);
      if (known && proves(known, secret, deps.clock.now())) return { client: known, method };
      // What is remembered may be older than a new secret: a refusal is only given on what is read afresh.
      const client = await load(clientId);
      if (client && proves(client, secret, deps.clock.now())) return { client, method };
      if (!client) sameDigest(digest(secret ?? ''), NO_DIGEST);
      deps.metrics.clientFailures.inc({ door: 'exchange' });
      throw new Fault('invalid_client');
    },
    forget: (clientId) => void remembered.delete(clientId),
  };
}

function readPresented(request: ClientRequest): Presented & { method: ClientAuthMethod } {
  const used: (Presented & { method: ClientAuthMethod })[] = [];
  for (const method of METHODS) {
    const presented = CLIENT_AUTH[method](request);
    if (presented) used.push({ ...presented, method });
  }
  const [first, second] = used;
  if (!first || second) throw new Fault('invalid_input', { message: 'Authenticate the client in exactly one way.', field: 'client_id' });
  const named = request.parameters.get('client_id');
  if (named !== undefined && named !== first.clientId) throw new Fault('invalid_input', { message: 'The client id in the body is not the one that authenticates.', field: 'client_id' });
  return first;
}

function proves(client: Client, secret: string | null, now: Date): boolean {
  if (!client.enabled || (client.secretsUntil !== null && client.secretsUntil <= now)) return false;
  if (!client.confidential) return secret === null;
  if (secret === null) return false;
  const presented = digest(secret);
  // Every live secret is compared, so that the time does not say which one matched.
  return client.secretDigests.filter((stored) => sameDigest(presented, stored)).length > 0;
}

/** Id and secret of an `Authorization: Basic` header, each form-decoded. @see RFC 6749 section 2.3.1 */
function parseBasic(authorization: string): Presented {
  const [scheme, encoded = ''] = authorization.split(' ', 2);
  const text = scheme?.toLowerCase() === 'basic' ? Buffer.from(encoded, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 1) throw new Fault('invalid_client', { message: 'The Authorization header does not carry a client id and secret.' });
  try {
    return { clientId: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
  } catch {
    throw new Fault('invalid_client', { message: 'The Authorization header does not carry a client id and secret.' });
  }
}

const formDecode = (text: string): string => (/[%+]/.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text);
