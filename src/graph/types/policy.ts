import { parseId } from '../../kernel/index.ts';
import { createPolicy, deletePolicy, listPolicies, updatePolicy, type Policy as PolicyRow } from '../../policy/index.ts';
import { builder } from '../builder.ts';
import { actorOf } from '../context.ts';
import { mutation } from '../mutation.ts';
import { Application, Integration, Policy } from '../nodes.ts';
import { connectionOf, toConnection } from '../pages.ts';
import { PolicyEffect, PolicyLayer, PolicyOrigin, PolicyState, PolicySubjectKind } from './enums.ts';

export const PolicyConnection = connectionOf('Policy', Policy);

const PolicySubject = builder.objectRef<PolicyRow>('PolicySubject').implement({
  description: 'Whom a rule is about.',
  fields: (t) => ({
    kind: t.expose('subject_kind', { type: PolicySubjectKind }),
    id: t.exposeID('subject_id', { nullable: true, description: 'Of a user, group or application, or a role\'s name; null for everyone.' }),
  }),
});

Policy.implement({
  description: 'An allow or deny rule in one layer.',
  fields: (t) => ({
    layer: t.expose('layer', { type: PolicyLayer }),
    effect: t.expose('effect', { type: PolicyEffect }),
    subject: t.field({ type: PolicySubject, resolve: (policy) => policy }),
    integration: t.field({ type: Integration, nullable: true, description: 'Null: every integration.', resolve: ({ integration_id }) => integration_id }),
    operation: t.exposeString('operation', { nullable: true, description: 'Null: every capability.' }),
    application: t.field({ type: Application, nullable: true, description: 'User layer: the one application it is about; null: every application.', resolve: ({ application_id }) => application_id }),
    expiresAt: t.expose('expires_at', { type: 'DateTime', nullable: true }),
    state: t.expose('state', { type: PolicyState }),
    origin: t.expose('origin', { type: PolicyOrigin }),
    createdAt: t.expose('created_at', { type: 'DateTime' }),
  }),
});

builder.queryField('policies', (t) =>
  t.connection(
    {
      type: Policy,
      description: 'The rules, expired ones too. A member sees those about itself and its applications.',
      args: {
        layer: t.arg({ type: PolicyLayer }),
        state: t.arg({ type: PolicyState }),
        subjectId: t.arg.id(),
        integrationId: t.arg.id(),
        applicationId: t.arg.id(),
      },
      resolve: (_root, { layer, state, subjectId, integrationId, applicationId, ...args }, context) => {
        const filter = {
          layer: layer ?? undefined,
          state: state ?? undefined,
          subjectId: subjectId ?? undefined,
          integrationId: integrationId == null ? undefined : parseId('integration', integrationId, 'integrationId'),
          applicationId: applicationId == null ? undefined : parseId('application', applicationId, 'applicationId'),
        };
        return toConnection(args, (page) => listPolicies(context.deps, actorOf(context), page, filter));
      },
    },
    PolicyConnection,
  ),
);

const PolicySubjectInput = builder.inputType('PolicySubjectInput', {
  fields: (t) => ({
    kind: t.field({ type: PolicySubjectKind, required: true }),
    id: t.id({ description: 'Of a user, group or application, or a role\'s name; left out for everyone.' }),
  }),
});

mutation('createPolicy', {
  description: 'Writes a rule.',
  input: (t) => ({
    layer: t.field({ type: PolicyLayer, required: true }),
    effect: t.field({ type: PolicyEffect, required: true }),
    subject: t.field({ type: PolicySubjectInput, required: true }),
    integrationId: t.id({ description: 'Left out: every integration.' }),
    operation: t.string({ description: 'Left out: every capability.' }),
    applicationId: t.id({ description: 'User layer: the one application it is about.' }),
    expiresAt: t.field({ type: 'DateTime' }),
    draft: t.boolean({ description: 'Kept, and never enforced.' }),
  }),
  output: { policy: Policy },
  run: async (deps, actor, { layer, effect, subject, integrationId, operation, applicationId, expiresAt, draft }) => ({
    policy: await createPolicy(deps, actor, {
      layer,
      effect,
      subject: { kind: subject.kind, id: subject.id ?? null },
      integrationId: integrationId == null ? null : parseId('integration', integrationId, 'integrationId'),
      operation: operation ?? null,
      applicationId: applicationId == null ? null : parseId('application', applicationId, 'applicationId'),
      expiresAt: expiresAt ?? null,
      draft: draft ?? undefined,
    }),
  }),
});

mutation('updatePolicy', {
  description: 'Changes what is given of a rule. Whom and what it is about never changes: that is another rule.',
  input: (t) => ({ id: t.id({ required: true }), effect: t.field({ type: PolicyEffect }), expiresAt: t.field({ type: 'DateTime', description: 'Null: without end.' }), draft: t.boolean() }),
  output: { policy: Policy },
  run: async (deps, actor, { id, effect, expiresAt, draft }) => ({
    policy: await updatePolicy(deps, actor, { id: parseId('policy', id), effect: effect ?? undefined, expiresAt, draft: draft ?? undefined }),
  }),
});

mutation('deletePolicy', {
  description: 'Deletes a rule and answers it as it was.',
  input: (t) => ({ id: t.id({ required: true }) }),
  output: { policy: Policy },
  run: async (deps, actor, { id }) => ({ policy: await deletePolicy(deps, actor, { id: parseId('policy', id) }) }),
});
