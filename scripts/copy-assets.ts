/** Copies what the TypeScript compiler does not emit: the Redis scripts, the console's page, and the libraries of the page. */
import { cpSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vendorModules, vendorText } from '../src/operator/console/vendor.ts';

for (const file of globSync(['**/*.lua', 'operator/console/page/**/*.*'], { cwd: 'src' })) {
  const target = join('dist', file);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join('src', file), target);
}

const vendor = join('dist', 'operator', 'console', 'vendor');
mkdirSync(vendor, { recursive: true });
for (const file of Object.keys(vendorModules)) writeFileSync(join(vendor, file), vendorText(file));
