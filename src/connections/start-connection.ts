import { change, type ChangeDeps } from '../audit/index.ts';
import { authMode, resolveOAuthApp } from '../integrations/index.ts';
import { Fault, invalid, type Id, type IntegrationId, type UserActor } from '../kernel/index.ts';
import { newId, type Tx, type Wells } from '../platform/index.ts';
import { ATTEMPT_MS, formatAttempt } from './attempt.ts';

export interface StartedConnection {
  readonly attemptId: Id<'attempt'>;
  /** A page of ours: it makes sure that the browser is the user's before it goes on to the provider. */
  readonly authorizationUrl: string;
  readonly expiresAt: Date;
}

/**
 * Begins to connect the user to an OAuth integration. What can be known now is refused now: an unknown integration, one
 * that is connected to otherwise, no OAuth app, a return address that is not allowed.
 */
export async function startConnection(
  deps: ChangeDeps & Pick<Wells, 'keyring' | 'environment' | 'urls'>,
  actor: UserActor,
  input: { readonly integrationId: IntegrationId; readonly returnTo?: string | null | undefined },
): Promise<StartedConnection> {
  return change(deps, actor, async (tx) => {
    const integration = await tx.selectFrom('integration').selectAll().where('id', '=', input.integrationId).executeTakeFirst();
    if (!integration) throw new Fault('not_found', { field: 'integrationId' });
    if (authMode(integration.auth_mode).connectsBy !== 'browser') throw invalid('integrationId', 'Users of this integration do not connect by OAuth.');
    await resolveOAuthApp(tx, deps.keyring, deps.environment, integration);
    const returnTo = input.returnTo == null ? null : await parseReturnTo(tx, deps.urls.public, actor, input.returnTo);

    const attemptId = newId('attempt');
    const expiresAt = new Date(deps.clock.now().getTime() + ATTEMPT_MS);
    await tx
      .insertInto('attempt')
      .values({
        id: attemptId,
        organization_id: actor.organizationId,
        kind: 'CONNECT',
        user_id: actor.userId,
        integration_id: integration.id,
        state_digest: null,
        browser_digest: null,
        secrets: null,
        return_to: returnTo,
        expires_at: expiresAt,
        consumed_at: null,
      })
      .execute();
    const authorizationUrl = `${deps.urls.public}/connect/${formatAttempt(actor.organizationId, attemptId)}`;
    return { result: { attemptId, authorizationUrl, expiresAt }, events: [{ kind: 'connection.started', integration: { id: integration.id, handle: integration.handle } }] };
  });
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Where the browser may go in the end: a page of ours, or the origin of a redirect URI of the application that holds the
 * user's token; of loopback origins any port counts (RFC 8252 section 7.3).
 */
async function parseReturnTo(tx: Tx, publicUrl: string, actor: UserActor, text: string): Promise<string> {
  const url = text.length <= 2048 ? URL.parse(text, publicUrl) : null;
  const application = actor.applicationId && (await tx.selectFrom('application').select('redirect_uris').where('id', '=', actor.applicationId).executeTakeFirst());
  const allowed = [publicUrl, ...(application ? application.redirect_uris : [])].map((uri) => URL.parse(uri)).filter((uri) => uri !== null);
  const matches = (uri: URL): boolean => uri.protocol === url?.protocol && (LOOPBACK.has(uri.hostname) ? uri.hostname === url.hostname : uri.host === url.host);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && allowed.some(matches)) return url.href;
  throw invalid('returnTo', 'Expected a page of this server, or a URL with the origin of one of the application\'s redirect URIs.');
}
