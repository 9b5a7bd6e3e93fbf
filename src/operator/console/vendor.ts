/** The few libraries of the page, as modules that import each other by URL: a page has no bare names without a map. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** File names on the page, and the packages that they are. */
export const vendorModules: Readonly<Record<string, string>> = {
  'preact.js': 'preact',
  'hooks.js': 'preact/hooks',
  'htm.js': 'htm',
  'signals.js': '@preact/signals',
  'signals-core.js': '@preact/signals-core',
};

const fileOf = new Map(Object.entries(vendorModules).map(([file, name]) => [name, file]));

/** Returns the text of a package's module with its imports rewritten. Throws if the package is not installed. */
export function vendorText(file: string): string {
  const text = readFileSync(fileURLToPath(import.meta.resolve(vendorModules[file] ?? file)), 'utf8');
  return text
    .replace(/(from|import)\s*"([^"]+)"/g, (whole, keyword, name) => {
      const target = fileOf.get(name);
      return target === undefined ? whole : `${keyword}"./${target}"`;
    })
    .replace(/\/\/# sourceMappingURL=.*/, '');
}
