import { defineConfig } from 'vitest/config';
import { base } from './vitest.base.ts';

/** Tests of whole processes, of networks and of several servers, which wait for these more than they compute. */
export const systemTests = [
  'test/system/**/*.test.ts',
  'test/chaos/poisons.test.ts',
  'test/cli/**/*.test.ts',
  'test/contract/redis-cluster.test.ts',
  'test/store/redis/connections/**/*.test.ts',
];

export default defineConfig({ ...base, test: { ...base.test, include: systemTests } });
