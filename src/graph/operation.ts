import { execute, getOperationAST, GraphQLError, OperationTypeNode, parse, validate, type DocumentNode, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { Fault } from '../kernel/index.ts';
import type { GraphContext } from './context.ts';
import { checkShape, checkTokens, LIMITS, priceOperation } from './limits.ts';
import { schema } from './schema.ts';
import { runSubscription } from './subscription.ts';
import { checkLiterals, checkVariables } from './text.ts';

/** Everything that is wrong with a document. */
export class InvalidDocument extends AggregateError {
  override readonly name = 'InvalidDocument';
  declare errors: GraphQLError[];
}

const REMEMBERED = 500;
const REMEMBERED_LENGTH = 10_000;
const remembered = new Map<string, DocumentNode>();

/**
 * The document of an operation: parsed, within the limits, valid against the schema. The order is what makes it safe: tokens
 * before parsing, which recurses, and shape before validation, which takes long on documents that repeat themselves.
 * Throws a `Fault`, a syntax error or an `InvalidDocument`. Both doors read documents here and nowhere else.
 */
export function prepareDocument(source: string): DocumentNode {
  const known = remembered.get(source);
  if (known) return known;
  checkTokens(source);
  const document = parse(source);
  checkShape(document);
  checkLiterals(document);
  const errors = validate(schema, document);
  if (errors.length > 0) throw new InvalidDocument(errors);
  if (source.length <= REMEMBERED_LENGTH) {
    if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value!);
    remembered.set(source, document);
  }
  return document;
}

/**
 * Runs a prepared operation within its cost, its budget of objects and, unless it is a subscription, `timeoutMs`. Answers the
 * cost in `extensions.cost`. `contextValue` is a `GraphContext`. A request that is not answered in time is `unavailable`: what it had begun may still have happened.
 */
export async function runOperation(args: ExecutionArgs, timeoutMs: number): Promise<ExecutionResult | AsyncGenerator<ExecutionResult, void, void>> {
  const operation = getOperationAST(args.document, args.operationName);
  if (!operation) return failed(new Fault('invalid_input', { field: 'operationName', message: 'The document holds no operation of this name, or several and none is named.' }));
  let requested: number;
  try {
    checkVariables(args.variableValues ?? {});
    requested = priceOperation(args, operation);
  } catch (error) {
    return failed(error);
  }
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) return runSubscription(args);
  const timeout = AbortSignal.timeout(timeoutMs);
  const { exceeded } = (args.contextValue as GraphContext).budget;
  try {
    const result = await execute({ ...args, abortSignal: AbortSignal.any([timeout, exceeded]) });
    return { ...result, extensions: { ...result.extensions, cost: { requested, limit: LIMITS.cost } } };
  } catch (error) {
    if (exceeded.aborted) return failed(exceeded.reason);
    return failed(timeout.aborted ? new Fault('unavailable', { message: 'The request was not answered in time.', hint: 'Ask for less at once. If it was a mutation, look whether it happened before you repeat it.', cause: error }) : error);
  }
}

const failed = (error: unknown): ExecutionResult => ({ errors: [asGraphQLError(error)] });

/** The error itself where it is GraphQL's, or one that carries it. */
export function asGraphQLError(error: unknown): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError(error instanceof Error ? error.message : String(error), { cause: error });
}
