import { defaultFieldResolver, getNamedType, getNullableType, isCompositeType, isListType, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { Fault } from '../kernel/index.ts';
import type { GraphContext } from './context.ts';
import { LIMITS } from './limits.ts';

/** How many objects one operation, or one event of a subscription, has put into lists. */
export interface Budget {
  /** Throws `too_large` once the operation holds more than it may. */
  spend(objects: number): void;
  /** Begins again, for the next event. */
  renew(): void;
  /** Aborted with the fault that ends the operation. */
  readonly exceeded: AbortSignal;
}

export function openBudget(): Budget {
  const exceeded = new AbortController();
  let spent = 0;
  return {
    spend(objects) {
      spent += objects;
      if (spent <= LIMITS.objects) return;
      const fault = new Fault('too_large', {
        message: `The answer holds more than ${LIMITS.objects} objects.`,
        hint: 'Ask for smaller pages or fewer nested fields. If it was a mutation, look whether it happened before you repeat it.',
      });
      exceeded.abort(fault);
      throw fault;
    },
    renew: () => void (spent = 0),
    exceeded: exceeded.signal,
  };
}

/**
 * The schema with every list of objects counted where it is resolved. The price is what refuses an operation; this is what
 * keeps a list that is larger than its price from holding the process up.
 */
export function withBudget(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (isListType(getNullableType(field.type)) && isCompositeType(getNamedType(field.type))) field.resolve = counted(field.resolve ?? defaultFieldResolver);
    }
  }
  return schema;
}

function counted(resolve: GraphQLFieldResolver<unknown, GraphContext>): GraphQLFieldResolver<unknown, GraphContext> {
  return (source, args, context, info) => {
    const count = (list: unknown): unknown => {
      if (Array.isArray(list)) context.budget.spend(list.length);
      return list;
    };
    const list = resolve(source, args, context, info);
    return list instanceof Promise ? list.then(count) : count(list);
  };
}
