import { PAGE_MAX, systemActor, type Actor, type ApplicationId, type UserActor } from '../kernel/index.ts';
import { idCursor, type Wells } from '../platform/index.ts';
import { findUsers, getApplication } from '../directory/index.ts';
import { capabilitiesOf, findIntegrations, type Capability, type Integration } from '../integrations/index.ts';
import { attachmentsOf, listPolicies, type Consent, type Policy } from '../policy/index.ts';

/** What a consent page offers: the application as its organization knows it, and everything it could be allowed. */
export interface ConsentOffer {
  readonly application: { readonly id: ApplicationId; readonly name: string };
  readonly ownerName: string | null;
  readonly integrations: readonly { readonly integration: Integration; readonly capabilities: readonly Capability[] }[];
  /** The names of what the user ticked the last time and what still holds. */
  readonly ticked: ReadonlySet<string>;
}

export type Granted = Consent['granted'][number];

/** The name of a checkbox, which is also what identifies it when the form comes back. */
export const tickName = ({ integrationId, operation }: Granted): string => `allow:${integrationId}${operation === null ? '' : `:${operation}`}`;

/** The application's attached integrations with their capabilities, whatever the user may manage: it is the user's own consent. */
export async function loadOffer(deps: Pick<Wells, 'db' | 'clock'>, user: UserActor, applicationId: ApplicationId): Promise<ConsentOffer> {
  const server = systemActor(user.organizationId, 'consent page', user.requestId);
  const application = await getApplication(deps, server, applicationId);
  const [owner] = application.owner_id ? await findUsers(deps, server, [application.owner_id]) : [];
  const ids = (await attachmentsOf(deps, server, [applicationId])).get(applicationId) ?? [];
  const integrations = await findIntegrations(deps, server, ids);
  const capabilities = await capabilitiesOf(deps, server, ids);
  const rules = await consentRules(deps, server, user, applicationId);
  return {
    application,
    ownerName: owner?.name ?? null,
    integrations: ids.flatMap((id) => {
      const integration = integrations.find((candidate) => candidate.id === id);
      return integration ? [{ integration, capabilities: capabilities.get(id) ?? [] }] : [];
    }),
    ticked: new Set(rules.flatMap(({ integration_id: integrationId, operation }) => (integrationId ? [tickName({ integrationId, operation })] : []))),
  };
}

async function consentRules(deps: Pick<Wells, 'db' | 'clock'>, actor: Actor, user: UserActor, applicationId: ApplicationId): Promise<Policy[]> {
  const rules: Policy[] = [];
  const now = deps.clock.now();
  for (let after: string | undefined; ; ) {
    const page = await listPolicies(deps, actor, { limit: PAGE_MAX, backward: false, after }, { layer: 'USER', origin: 'CONSENT', subjectId: user.userId, applicationId });
    rules.push(...page.items.filter(({ expires_at: expiresAt }) => expiresAt === null || expiresAt > now));
    const last = page.items.at(-1);
    if (!page.hasNext || !last) return rules;
    after = idCursor(last);
  }
}

/** What the form ticks, of what is on offer now; a name that is not offered counts for nothing. */
export function readTicks(offer: ConsentOffer, form: ReadonlyMap<string, string>): { granted: Granted[]; labels: string[] } {
  const granted: Granted[] = [];
  const labels: string[] = [];
  for (const { integration, capabilities } of offer.integrations) {
    for (const operation of [null, ...capabilities.map((capability) => capability.operation)]) {
      const choice = { integrationId: integration.id, operation };
      if (!form.has(tickName(choice))) continue;
      granted.push(choice);
      labels.push(operation === null ? integration.handle : `${integration.handle}:${operation}`);
    }
  }
  return { granted, labels };
}
