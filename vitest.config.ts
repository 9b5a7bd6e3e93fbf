import { configDefaults, defineConfig } from 'vitest/config';
import { base } from './vitest.base.ts';
import { systemTests } from './vitest.system.config.ts';

/** What `npm test` runs: all but what takes long, which have suites of their own. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    // Loading the sources anew for each file took almost half of the CPU time. So a file restores what it changes of the process.
    isolate: false,
    include: ['test/**/*.test.ts', 'examples/tests/vitest.test.ts'],
    exclude: [...configDefaults.exclude, ...systemTests],
  },
});
