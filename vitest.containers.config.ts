import { defineConfig } from 'vitest/config';

/** Containers on a real engine: apart from the suite, since few machines have one. `scripts/containers/try-testcontainers` runs it. */
export default defineConfig({
  test: {
    include: ['test/**/*.container.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
