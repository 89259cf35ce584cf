import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const shared = {
  // Vite would otherwise load graphql twice, and `instanceof GraphQLSchema` would fail between the two.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
};
const test = { testTimeout: 60_000, hookTimeout: 60_000, pool: 'forks' as const, include: ['test/**/*.test.ts'] };

export default defineConfig({
  ...shared,
  test: {
    maxWorkers: 2,
    projects: [
      { ...shared, test: { ...test, name: 'boundaries', include: ['test/boundaries.test.ts'] } },
      // The same suite on both databases.
      { ...shared, test: { ...test, name: 'pglite', exclude: ['test/boundaries.test.ts'], env: { TEST_DATABASE: 'pglite' } } },
      { ...shared, test: { ...test, name: 'postgresql', exclude: ['test/boundaries.test.ts'], env: { TEST_DATABASE: 'postgresql' }, globalSetup: ['test/support/postgresql.ts'] } },
    ],
  },
});
