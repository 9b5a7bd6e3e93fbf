/** What the documentation says about the repository is there: files, and tests that prove promises. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startApp } from '../start-app.ts';
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

it('every operation that a sample matches is one that requests have', async () => {
  const named = pages.flatMap(({ text }) =>
    [...text.matchAll(/operation"?: ?['"](\w+)['"]/g)].map(([, operation = '']) => operation),
  );
  expect(named).toContain('ConsumerGroupHeartBeat');
  const { url, close } = await startApp();
  onTestFinished(close);
  for (const operation of new Set(named)) {
    const rule = { match: { operation }, do: { status: 503 } };
    const reply = await fetch(`${url}/_heartbeatd/faults`, { method: 'POST', body: JSON.stringify(rule) });
    expect(reply.status, operation).toBeLessThan(300);
  }
});
