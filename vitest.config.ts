import { defineConfig } from 'vitest/config';

// `unit` shares one module graph over threads (modules keep no state); `lab` boots virtual machines and
// makes network namespaces, builds and installs packages, one file at a time, so that two tests never fight for the two cores.
/** A busy machine takes its time: a limit is for what hangs, and nothing is judged by it. */
const PATIENT = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
  setupFiles: ['test/support/patience.ts'],
};

/** Minutes, or what no other test needs: only in `npm run lab:all`. */
const LONG_LAB = ['test/lab/debian-installer.test.ts', 'test/lab/vlan.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/built.ts'],
          exclude: ['test/lab/**', 'test/packages/**', 'test/reference/**'],
          isolate: false,
          pool: 'threads',
          ...PATIENT,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts', 'test/packages/**/*.test.ts'],
          // Minutes for one boot: in the long lab alone (`npm run lab:all`).
          exclude: process.env['PILOTLIGHT_LAB_ALL'] === '1' ? [] : LONG_LAB,
          globalSetup: ['test/support/built.ts'],
          fileParallelism: false,
          // Two machines at a time, where a file says that its tests may run together.
          maxConcurrency: 2,
          pool: 'forks',
          ...PATIENT,
          // Four power-ons of one machine are the longest; each has its own, shorter limit.
          testTimeout: 480_000,
          hookTimeout: 240_000,
        },
      },
      { test: { name: 'reference', include: ['test/reference/**/*.test.ts'], pool: 'threads' } },
    ],
  },
});
