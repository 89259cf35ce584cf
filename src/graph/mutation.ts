import type { InputFieldMap, InputShapeFromFields, ShapeFromTypeParam, TypeParam } from '@pothos/core';
import { clearAllDataLoaders } from '@pothos/plugin-dataloader';
import type { Actor } from '../kernel/index.ts';
import { Secret } from '../platform/index.ts';
import { builder } from './builder.ts';
import { actorOf, type GraphDeps } from './context.ts';
import { toUserError, type UserErrorShape } from './errors.ts';
import { clearRelations } from './relation.ts';

type Types = typeof builder.$inferSchemaTypes;
type InputBuilder = PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>;
type Output = Readonly<Record<string, TypeParam<Types>>>;
/** What `run` answers: each member of the payload, a secret still closed. */
type Payload<O extends Output> = { readonly [K in keyof O]: ShapeFromTypeParam<Types, O[K], true> | Secret | null };

const UserError = builder.objectRef<UserErrorShape>('UserError').implement({
  description: 'An expected failure: nothing was changed, and somebody can do something about it.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Of a closed set: NOT_FOUND, CONFLICT, INVALID_INPUT and the like.' }),
    message: t.exposeString('message', { description: 'What is wrong, in one sentence.' }),
    field: t.exposeString('field', { nullable: true, description: 'The input field at fault: input.redirectUris.0.' }),
    hint: t.exposeString('hint', { description: 'Who can fix it and how.' }),
  }),
});

/**
 * A mutation: one `input`, one payload of nullable members and `userErrors`, `clientMutationId` handed back. Expected faults
 * of the verb become user errors; the others stay errors of the request.
 */
export function mutation<Fields extends InputFieldMap, O extends Output>(
  name: string,
  options: {
    readonly description: string;
    readonly input: (t: InputBuilder) => Fields;
    readonly output: O;
    /** How many rows a list of the payload will hold, so that what is asked of each is priced before anything happens. */
    readonly rows?: (input: InputShapeFromFields<Fields>) => number;
    readonly run: (deps: GraphDeps, actor: Actor, input: InputShapeFromFields<Fields>) => Promise<Payload<O>>;
  },
): void {
  type Answer = { readonly payload: Payload<O> | null; readonly userErrors: readonly UserErrorShape[] };
  // Pothos cannot see through the generic: the one argument is the input made of these fields.
  const inputOf = (args: unknown): InputShapeFromFields<Fields> => (args as { input: InputShapeFromFields<Fields> }).input;
  builder.relayMutationField(
    name,
    { inputFields: options.input },
    {
      description: options.description,
      // A list is taken for ten rows where nothing else is said.
      complexity: (args) => ({ field: 1, multiplier: Math.max(1, Math.ceil((options.rows?.(inputOf(args)) ?? 1) / 10)) }),
      resolve: async (_root, args, context): Promise<Answer> => {
        // Each mutation, also the second of a request, shows the database as it leaves it.
        clearAllDataLoaders(context);
        clearRelations(context);
        try {
          return { payload: await options.run(context.deps, actorOf(context), inputOf(args)), userErrors: [] };
        } catch (thrown) {
          return { payload: null, userErrors: [toUserError(thrown)] };
        }
      },
    },
    {
      outputFields: (t) => ({
        ...Object.fromEntries(Object.entries(options.output).map(([member, type]) => [member, t.field({ type, nullable: true, resolve: ({ payload }: Answer) => reveal(payload?.[member]) as never })])),
        userErrors: t.field({ type: [UserError], resolve: ({ userErrors }: Answer) => userErrors }),
      }),
    },
  );
}

/** The one place where the graph shows a secret: in the payload of the mutation that made it, this once. */
const reveal = (member: unknown): unknown => (member instanceof Secret ? member.reveal() : (member ?? null));
