import { defineConfig } from 'vitest/config';

/** The package as npm packs and installs it: apart from the suite, since its dependencies come from the npm registry. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.package.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
