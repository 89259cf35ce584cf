import type { TypedDocumentString } from '../../schema/generated/graphql.ts';

/** Asks Kontext's graph. Throws with its own words where it refuses: an error, or what a mutation says in `userErrors`. */
export type Graph = <Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables) => Promise<Result>;

interface Problem {
  readonly message: string;
  readonly hint?: string;
}

/** The graph as whoever holds this token sees it. */
export function openGraph(url: string, token: () => Promise<string>): Graph {
  return async <Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables): Promise<Result> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await token()}` };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: document.toString(), variables }) });
    const { data, errors = [] } = (await response.json()) as { data?: Result; errors?: Problem[] };
    const payloads: ({ userErrors?: Problem[] } | null)[] = Object.values(data ?? {});
    const problems = [...errors, ...payloads.flatMap((payload) => payload?.userErrors ?? [])];
    if (!data || problems.length > 0) throw new Error(problems.map(({ message, hint }) => `${message} ${hint ?? ''}`.trim()).join(' ') || `GraphQL answered ${response.status}`);
    return data;
  };
}

/** What a mutation made; every payload leaves it out only beside `userErrors`, which `Graph` throws. */
export function made<T>(value: T | null | undefined): T {
  if (value == null) throw new Error('the mutation answered neither with what it made nor with why not');
  return value;
}
