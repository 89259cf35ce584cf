import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './support/closing-line.ts';

// Vite would otherwise load graphql twice, and `instanceof GraphQLSchema` would fail between the two.
const resolve = { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] };
const BOUNDARIES = 'test/boundaries.test.ts';

/** The whole suite on one of the two databases. */
const suite = (database: 'pglite' | 'postgresql', globalSetup: string[]) => ({
  resolve,
  test: {
    name: database,
    include: ['test/**/*.test.ts'],
    exclude: [BOUNDARIES],
    env: { TEST_DATABASE: database },
    globalSetup,
    pool: 'forks' as const,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', new ClosingLine()],
    projects: [
      // Reads files and nothing else; part of `npm run check`.
      { test: { name: 'boundaries', include: [BOUNDARIES] } },
      suite('pglite', []),
      suite('postgresql', ['test/support/postgresql.ts']),
    ],
  },
});
