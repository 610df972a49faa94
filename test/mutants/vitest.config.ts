import { defineConfig } from 'vitest/config';

// The tests that judge mutants: those in memory. What runs a built program or the whole repository sees no mutant.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/{lab,reference,frozen,docs,scripts,bench,cli,admin,ci}/**'],
    pool: 'threads',
    testTimeout: 20_000,
  },
});
