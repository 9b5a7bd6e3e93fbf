/** Once, before any test: several test files at the same time would get into each other's way installing it. */
import { ensureRedis } from './redis-server.ts';

export function setup(): void {
  ensureRedis();
}
