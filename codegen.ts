import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generate } from '@graphql-codegen/cli';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './src/graph/index.ts';

/**
 * `node codegen.ts` prints the graph to schema/schema.graphql and makes typed documents of schema/operations/ in
 * schema/generated/: beside the contract they come from, where console, SDK, demo and tests find them and no room of the
 * server does. `--check` writes nothing and exits 1 where what is committed is not what would be made.
 */
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function make(): Promise<Map<string, string>> {
  const sdl = `${printSchema(lexicographicSortSchema(schema))}\n`;
  const generated = await generate(
    {
      schema: sdl,
      documents: folder('schema/operations/*.graphql'),
      silent: true,
      emitLegacyCommonJSImports: false,
      importExtension: '.ts',
      generates: {
        'schema/generated/': {
          preset: 'client',
          presetConfig: { fragmentMasking: false },
          config: {
            documentMode: 'string',
            enumType: 'string-literal',
            useTypeImports: true,
            scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown' },
          },
        },
      },
    },
    false,
  );
  // The preset's other files serve documents written inside of code; ours are files, and imported by name.
  const documents = (generated as { filename: string; content: string }[]).find(({ filename }) => filename.endsWith('/graphql.ts'));
  if (!documents) throw new Error('the code generator made no documents');
  return new Map([['schema/schema.graphql', sdl], ['schema/generated/graphql.ts', `${documents.content.trimEnd()}\n`]]);
}

const files = await make();
if (process.argv.includes('--check')) {
  const stale: string[] = [];
  for (const [path, content] of files) if ((await readFile(folder(path), 'utf8').catch(() => null)) !== content) stale.push(path);
  if (stale.length > 0) {
    console.error(`Not what the code says any more: ${stale.join(', ')}. Run npm run codegen and commit what it writes.`);
    process.exitCode = 1;
  }
} else {
  await mkdir(folder('schema/generated'), { recursive: true });
  for (const [path, content] of files) await writeFile(folder(path), content);
}
