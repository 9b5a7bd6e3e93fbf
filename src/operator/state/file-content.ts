/** Files that hold JSON, or are modules that export it. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const moduleFile = /\.[cm]?[jt]s$/;

/** Resolves to the JSON of a file, or to the default export of a module. Rejects with what is wrong. */
export async function readContent(path: string): Promise<unknown> {
  if (!moduleFile.test(path)) return JSON.parse(await readFile(path, 'utf8'));
  const exported: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href);
  if (exported.default === undefined) throw new Error('the module has no default export');
  return exported.default;
}
