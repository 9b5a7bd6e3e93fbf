/** What the documentation says about the repository is there: files, and tests that prove promises. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { citationsOf, pathsOf, readPages, root } from './pages.ts';

const pages = readPages();

describe('every path', () => {
  it.each(pages.map((page) => [page.path, page] as const))('named in %s exists', (_path, page) => {
    expect(pathsOf(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('every guarantee', () => {
  const guarantees = pages.find(({ path }) => path === 'docs/guarantees.md');
  const citations = guarantees === undefined ? [] : citationsOf(guarantees);

  it('cites tests', () => {
    expect(citations.length).toBeGreaterThan(20);
  });

  it.each(citations)('$file has a test "$title"', ({ file, title }) => {
    const path = join(root, file);
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toContain(title);
  });
});
