import { defineConfig } from 'vitest/config';

/** The vendors' own libraries, which are installed on the way: apart from the suite, since that takes minutes. */
export default defineConfig({
  test: {
    include: ['test/sdk/**/*.sdk.ts', 'test/console/**/*.sdk.ts', 'test/deploy/**/*.sdk.ts'],
    globalSetup: ['test/global-setup.ts'],
    // Groups of such clients take seconds to settle, and machines differ.
    testTimeout: 300_000,
    hookTimeout: 60_000,
    // They mostly wait: for heartbeats, for timeouts, for each other.
    maxWorkers: 4,
  },
});
