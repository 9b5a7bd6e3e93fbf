/** Copies the Redis scripts beside the compiled driver: the TypeScript compiler emits only what it compiles. */
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

for (const file of globSync('**/*.lua', { cwd: 'src' })) {
  const target = join('dist', file);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join('src', file), target);
}
