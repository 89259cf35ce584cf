import { change, type ChangeDeps } from '../audit/index.ts';
import { lockApplication, named, visibleApplications } from '../directory/index.ts';
import { Fault, type Actor, type ApplicationId, type IntegrationId } from '../kernel/index.ts';
import type { Tx, Wells } from '../platform/index.ts';
import { insertPolicy } from './create-policy.ts';
import { policyEvent, type Policy } from './policy.ts';

export interface Attachment {
  readonly applicationId: ApplicationId;
  readonly integrationId: IntegrationId;
}

/**
 * Lets an application ask for an integration, and writes the application-layer ALLOW that makes it worth asking; by the
 * application's owner or whoever manages applications. Idempotent: what is attached stays as it is, also where somebody
 * has changed or deleted that rule since.
 */
export async function attachIntegration(deps: ChangeDeps, actor: Actor, input: Attachment): Promise<Attachment> {
  const { applicationId, integrationId } = input;
  const { organizationId } = actor;
  const result = { applicationId, integrationId };
  return change(deps, actor, async (tx) => {
    const application = named(await lockApplication(tx, actor, applicationId, 'applicationId'));
    const integration = await requireIntegration(tx, integrationId);
    const attached = await tx
      .insertInto('application_integration')
      .values({ organization_id: organizationId, application_id: applicationId, integration_id: integrationId })
      .onConflict((conflict) => conflict.doNothing())
      .returning('integration_id')
      .executeTakeFirst();
    if (!attached) return { result, unchanged: true };
    const policy = await insertPolicy(tx, actor, {
      layer: 'APPLICATION',
      effect: 'ALLOW',
      subject_kind: 'APPLICATION',
      subject_id: applicationId,
      integration_id: integrationId,
      operation: null,
      application_id: null,
      condition: null,
      expires_at: null,
      state: 'LIVE',
      origin: 'ATTACHMENT',
    });
    return {
      result,
      events: [
        { kind: 'application.integration_attached', application, integration, details: { policy: policy.id } },
        policyEvent('policy.created', policy, { subject: application, integration, application: undefined }),
      ],
    };
  });
}

/**
 * Takes an integration from an application, and the rule that attaching wrote; rules written by hand stay. By the
 * application's owner or whoever manages applications. Idempotent.
 */
export async function detachIntegration(deps: ChangeDeps, actor: Actor, input: Attachment): Promise<Attachment> {
  const { applicationId, integrationId } = input;
  const result = { applicationId, integrationId };
  return change(deps, actor, async (tx) => {
    const application = named(await lockApplication(tx, actor, applicationId, 'applicationId'));
    const integration = await requireIntegration(tx, integrationId);
    const detached = await tx
      .deleteFrom('application_integration')
      .where('application_id', '=', applicationId)
      .where('integration_id', '=', integrationId)
      .returning('integration_id')
      .executeTakeFirst();
    if (!detached) return { result, unchanged: true };
    const policies = await deleteAttachmentRules(tx, input);
    return {
      result,
      events: [
        { kind: 'application.integration_detached', application, integration, details: { policies: policies.map(({ id }) => id) } },
        ...policies.map((policy) => policyEvent('policy.deleted', policy, { subject: application, integration, application: undefined })),
      ],
    };
  });
}

function deleteAttachmentRules(tx: Tx, { applicationId, integrationId }: Attachment): Promise<Policy[]> {
  return tx
    .deleteFrom('policy')
    .where('integration_id', '=', integrationId)
    .where('subject_id', '=', applicationId)
    .where('layer', '=', 'APPLICATION')
    .where('origin', '=', 'ATTACHMENT')
    .returningAll()
    .execute();
}

async function requireIntegration(tx: Tx, id: IntegrationId): Promise<{ id: IntegrationId; handle: string }> {
  const integration = await tx.selectFrom('integration').select(['id', 'handle']).where('id', '=', id).executeTakeFirst();
  if (!integration) throw new Fault('not_found', { field: 'integrationId' });
  return integration;
}

/** The integrations attached to each application the actor may see, oldest first; for any other an empty list. */
export async function attachmentsOf(deps: Pick<Wells, 'db'>, actor: Actor, applicationIds: readonly ApplicationId[]): Promise<Map<ApplicationId, IntegrationId[]>> {
  const attachments = new Map<ApplicationId, IntegrationId[]>(applicationIds.map((id) => [id, []]));
  if (applicationIds.length === 0) return attachments;
  const rows = await deps.db.read(actor.organizationId, (tx) =>
    visibleApplications(tx, actor)
      .innerJoin('application_integration as attached', 'attached.application_id', 'application.id')
      .select(['attached.application_id', 'attached.integration_id'])
      .where('application.id', 'in', applicationIds)
      .orderBy('attached.created_at')
      .orderBy('attached.integration_id')
      .execute(),
  );
  for (const row of rows) attachments.get(row.application_id)?.push(row.integration_id);
  return attachments;
}
