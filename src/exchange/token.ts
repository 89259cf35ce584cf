import { Fault, renderOAuthFault, toFault, type Actor, type ApplicationId, type OrganizationId, type UserId } from '../kernel/index.ts';
import { resourcesOf, type Wells } from '../platform/index.ts';
import { findClient } from '../directory/index.ts';
import { openFacts, requestAccess, type AccessDeps, type AccessRequest } from '../access/index.ts';
import type { VerifiedToken } from '../identity/index.ts';
import { openClientAuthenticator, type AuthenticatedClient, type ClientRequest } from './client-auth.ts';
import { badSubject, parseExchange, type ExchangeParameters } from './parse-request.ts';
import { toAnswer, type ExchangeAnswer } from './response.ts';

export interface ExchangeRequest extends ClientRequest {
  readonly requestId: string;
  readonly address: string | null;
}

/** RFC 8693 for every door that offers it. */
export interface Exchange {
  /** The answer to a token exchange. Throws a `Fault` for everything that is not a credential. */
  exchange(request: ExchangeRequest): Promise<ExchangeAnswer>;
  /** The same, with faults drawn as OAuth errors: never throws. */
  answer(request: ExchangeRequest): Promise<{ status: number; headers: Readonly<Record<string, string>>; body: Readonly<Record<string, unknown>> }>;
}

export type ExchangeDeps = Omit<AccessDeps, 'facts'> &
  Pick<Wells, 'db'> & {
    /** Checks signature, issuer, audience and time of an access token, without asking the database. */
    readonly verifyAccessToken: (token: string, audience: string) => Promise<VerifiedToken>;
  };

/** Each round needs the organization to have changed since the one before. */
const MAX_ROUNDS = 5;

export function openExchange(deps: ExchangeDeps): Exchange {
  const access: AccessDeps = { ...deps, facts: openFacts(deps) };
  const clients = openClientAuthenticator(deps, (clientId) => findClient(deps, clientId));
  const audience = resourcesOf(deps.urls).sidecar;

  const exchange = async (request: ExchangeRequest): Promise<ExchangeAnswer> => {
    const asked = parseExchange(request.parameters);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const authenticated = await clients.authenticate(request);
      const subject = await identify(asked, authenticated, (token) => deps.verifyAccessToken(token, audience)).catch(async (thrown: unknown) => {
        const recorded = await recordRefusal(deps, request, authenticated, asked, toFault(thrown));
        if (recorded) throw thrown;
        return null;
      });
      if (subject === null) {
        clients.forget(authenticated.client.id);
        continue;
      }
      const accessRequest: AccessRequest = {
        door: 'exchange',
        ...subject,
        target: asked.target,
        capabilities: asked.capabilities,
        callerRevision: authenticated.client.revision,
        requestId: request.requestId,
        address: request.address,
      };
      const outcome = await requestAccess(access, accessRequest);
      if (outcome.kind !== 'caller_stale') return toAnswer(outcome, accessRequest, { urls: deps.urls, now: deps.clock.now() });
      clients.forget(authenticated.client.id);
    }
    throw new Fault('unavailable', { message: 'The organization is changing faster than this request could be decided.' });
  };
  return {
    exchange,
    async answer(request) {
      try {
        return { status: 200, headers: {}, body: { ...(await exchange(request)) } };
      } catch (thrown) {
        const fault = toFault(thrown);
        if (fault.code === 'internal') deps.log.error({ err: thrown, requestId: request.requestId }, 'the exchange failed');
        return renderOAuthFault(fault, request.requestId);
      }
    },
  };
}

/**
 * The log's row of a refusal before access was asked; false where the client's standing moved meanwhile and the request is
 * to be judged again. A public client has proved nothing by naming its id, so what it sends cannot write into the log.
 */
async function recordRefusal(deps: ExchangeDeps, request: ExchangeRequest, { client }: AuthenticatedClient, asked: ExchangeParameters, fault: Fault): Promise<boolean> {
  if (!client.confidential || fault.code === 'internal') return true;
  const { organizationId, name } = client;
  const who = { organizationId, requestId: request.requestId, address: request.address, name };
  const actor: Actor = client.kind === 'application' ? { kind: 'application', applicationId: client.id, ...who } : { kind: 'service_account', serviceAccountId: client.id, scopes: client.scopes, ...who };
  const details = { door: 'exchange', target: asked.target, reason: fault.field ?? fault.code };
  const application = client.kind === 'application' ? { id: client.id, name } : undefined;
  const appended = await deps.appender.append(actor, { kind: 'access.exchanged', outcome: 'DENIED', application, details }, { revision: client.revision });
  return !appended.stale;
}

interface Subject {
  readonly organizationId: OrganizationId;
  readonly applicationId: ApplicationId;
  readonly userId: UserId | null;
  readonly grantId: string | null;
}

/** Whose credential is asked for, by whom: the client must be the one the subject token was issued to. */
async function identify({ subject }: ExchangeParameters, { client }: AuthenticatedClient, verify: (token: string) => Promise<VerifiedToken>): Promise<Subject> {
  const { organizationId } = client;
  if (client.kind !== 'application') {
    throw new Fault('access_denied', { message: 'A service account manages the control plane and never obtains a credential.', hint: 'Use an application.' });
  }
  const applicationId: ApplicationId = client.id;
  if (subject.kind === 'shared') {
    if (!client.confidential) throw new Fault('unauthorized_client', { message: 'Only a confidential application can ask for the organization\'s shared token.' });
    return { organizationId, applicationId, userId: null, grantId: null };
  }
  const token = await verify(subject.token).catch((thrown: unknown) => {
    const fault = toFault(thrown);
    throw fault.code === 'unauthenticated' ? badSubject() : fault;
  });
  if (token.subject.kind !== 'user' || token.clientId !== client.id || token.organizationId !== organizationId) throw badSubject();
  return { organizationId, applicationId, userId: token.subject.userId, grantId: token.grantId };
}
