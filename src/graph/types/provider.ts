import { listProviders, type Provider as ProviderRow } from '../../integrations/index.ts';
import { builder } from '../builder.ts';
import { AuthMode } from './enums.ts';

type Scope = ProviderRow['scopes'][number];

const ProviderScope = builder.objectRef<Scope>('ProviderScope').implement({
  description: 'A scope of the provider\'s catalogue; others are accepted too.',
  fields: (t) => ({
    name: t.exposeString('name'),
    text: t.exposeString('text'),
    risk: t.field({ type: builder.enumType('ScopeRisk', { description: 'How dangerous it is in the hands of an application.', values: ['LOW', 'MEDIUM', 'HIGH'] as const }), resolve: ({ risk }) => risk }),
  }),
});

export const Provider = builder.objectRef<ProviderRow>('Provider').implement({
  description: 'A service that needs no configuration: where it is and how it speaks is known.',
  fields: (t) => ({
    handle: t.exposeString('handle'),
    name: t.exposeString('name'),
    authModes: t.field({ type: [AuthMode], resolve: ({ authModes }) => [...authModes] }),
    issuer: t.exposeString('issuer', { nullable: true }),
    defaultScopes: t.stringList({ resolve: ({ defaultScopes }) => [...defaultScopes] }),
    scopes: t.field({ type: [ProviderScope], resolve: ({ scopes }) => [...scopes] }),
    apiBaseUrl: t.exposeString('apiBaseUrl', { nullable: true }),
    mcpUrl: t.exposeString('mcpUrl', { nullable: true }),
    documentationUrl: t.exposeString('documentationUrl'),
  }),
});

builder.queryField('providers', (t) =>
  t.field({ type: [Provider], description: 'The presets, by name.', args: { search: t.arg.string({ description: 'Part of handle or name.' }) }, resolve: (_root, { search }) => listProviders(search) }),
);
