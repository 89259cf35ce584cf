import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import { Fault, idKind, invalid, PAGE_MAX, type IdKind, type Json } from '../kernel/index.ts';
import type { GraphContext } from './context.ts';

/** The object type behind each kind of id that `node` serves. */
export const NODE_TYPES = {
  organization: 'Organization',
  user: 'User',
  group: 'Group',
  application: 'Application',
  serviceAccount: 'ServiceAccount',
  integration: 'Integration',
  capability: 'Capability',
  connection: 'Connection',
  policy: 'Policy',
  event: 'AuditEvent',
} as const satisfies Partial<Record<IdKind, string>>;

/** The type that an id's prefix names, or `invalid_input` at `field`. */
export function nodeType(id: string, field: string): (typeof NODE_TYPES)[keyof typeof NODE_TYPES] {
  const kind = idKind(id);
  if (kind && kind in NODE_TYPES) return NODE_TYPES[kind as keyof typeof NODE_TYPES];
  throw invalid(field, 'This is no id of an object that is served here.');
}

export const builder = new SchemaBuilder<{
  Context: GraphContext;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: Json; Output: unknown };
  };
  AuthScopes: { authenticated: boolean };
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
}>({
  plugins: [ScopeAuthPlugin, RelayPlugin, DataloaderPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    // Without it a subscription of nobody would stay open, and refuse event after event.
    authorizeOnSubscribe: true,
    authScopes: ({ session }) => ({ authenticated: session !== null }),
    unauthorizedError: () => new Fault('unauthenticated'),
  },
  relay: {
    clientMutationId: 'optional',
    cursorType: 'String',
    nodesOnConnection: { complexity: { field: 0, multiplier: 1 } },
    edgesFieldOptions: { nullable: false, complexity: { field: 0, multiplier: 1 } },
    nodeFieldOptions: { nullable: false, complexity: 0 },
    // The price of a page; a size beyond the bound is refused where the page is read, by name.
    defaultConnectionFieldOptions: { complexity: ({ first, last }: { first?: number | null | undefined; last?: number | null | undefined }) => ({ field: 1, multiplier: Math.min(Math.max(first ?? last ?? 1, 1), PAGE_MAX) }) },
    // An id is the same everywhere: in the database, in the log, at every door. Its prefix says what it is of.
    encodeGlobalID: (_typename, id) => String(id),
    decodeGlobalID: (id) => ({ typename: nodeType(id, 'id'), id }),
    nodeQueryOptions: false,
    nodesQueryOptions: false,
  },
});

const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

builder.scalarType('DateTime', {
  description: 'An instant in ISO 8601 with its offset: 2026-11-21T20:15:30.000Z.',
  serialize: (date) => date.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' && ISO_INSTANT.test(value) ? new Date(value) : null;
    if (!date || Number.isNaN(date.getTime())) throw new GraphQLError('A DateTime is spelled like 2026-11-21T20:15:30.000Z.');
    return date;
  },
});

const JSON_DEPTH = 32;

const isJson = (value: unknown, depth = JSON_DEPTH): value is Json =>
  value === null || typeof value !== 'object' || (depth > 0 && Object.values(value).every((member) => isJson(member, depth - 1)));

builder.scalarType('JSON', {
  description: 'Any JSON value, nested at most 32 deep.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (isJson(value)) return value;
    throw new GraphQLError(`A JSON value nests at most ${JSON_DEPTH} deep.`);
  },
});

builder.queryType({ authScopes: { authenticated: true } });
builder.mutationType({ authScopes: { authenticated: true } });
builder.subscriptionType({ authScopes: { authenticated: true } });
