import type { ViteUserConfig } from 'vitest/config';

/** What the suites that run the sources have in common. */
export const base = {
  // The examples import the package as its users do. Here they get the sources; test/package runs them with the packed one.
  resolve: {
    alias: [{ find: /^heartbeatd$/, replacement: new URL('src/index.ts', import.meta.url).pathname }],
  },
  test: {
    globalSetup: ['test/global-setup.ts'],
    // The runs of test/chaos/poisons.test.ts take as long alone as together.
    maxConcurrency: 8,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests wait more than they compute: one worker on two cores, which is the default, takes twice as long.
    maxWorkers: 2,
    // What a test waits for comes sooner or later: on a busy machine the default of a second is too short.
    expect: { poll: { timeout: 20_000 } },
  },
} satisfies ViteUserConfig;
