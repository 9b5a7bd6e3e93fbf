import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFiles } from '../scripts/included-files.ts';
import { pbxSupport } from '../scripts/pbx-support.ts';
import { presenceSupport } from '../scripts/presence-support.ts';
import { settingSections } from '../src/config.ts';
import { composeWithSettings, settingsPage } from '../src/settings/settings-page.ts';
import { anchorsOf, linksOf, type Page, readPages, root } from './docs/pages.ts';

const pages = readPages();
const pageAt = (path: string): Page => {
  const page = pages.find((candidate) => candidate.path === path);
  if (page === undefined) throw new Error(`there is no page ${path}`);
  return page;
};

it('the settings page lists every setting as it is declared', () => {
  expect(pageAt('docs/settings.md').text).toBe(settingsPage(settingSections));
});

it('the support page of the PBX lists what the tables of operations and of unsupported calls hold', async () => {
  expect(pageAt('docs/pbx-support.md').text).toBe(await pbxSupport());
});

it('the support page of Presence lists what the tables of operations and of other services hold', async () => {
  expect(pageAt('docs/presence-support.md').text).toBe(await presenceSupport());
});

it('the page of the library shows the tests and recipes in examples as they are', () => {
  const { text } = pageAt('docs/library.md');
  expect(text).toBe(withFiles(text));
  const shown = [...text.matchAll(/^<!-- file: (\S+) -->$/gm)].map(([, path = '']) => path);
  expect(shown.toSorted()).toEqual(
    globSync(['examples/tests/*.{ts,cjs,js}', 'examples/containers/*'], { cwd: root }).toSorted(),
  );
});

describe('the README', () => {
  const { text } = pageAt('README.md');

  it('has at most 120 lines', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });

  it.each(['npm ci && npm start', 'npm ci && npm test'])('shows the command %s', (command) => {
    expect(text.split('\n')).toContain(command);
  });

  it('links every page of the documentation', () => {
    const linked = new Set(linksOf(pageAt('README.md')).map(({ file }) => file));
    const documentation = pages
      .map(({ path }) => path)
      .filter((path) => /^docs\/[\w-]+\.md$/.test(path) || path === 'CONTRIBUTING.md');
    expect(documentation.filter((path) => !linked.has(path))).toEqual([]);
  });
});

describe('every link', () => {
  it.each(pages.map((page) => [page.path, page] as const))(
    'of %s leads to a file and an anchor',
    (_path, page) => {
      const broken = linksOf(page).filter(({ file, anchor }) => {
        if (!existsSync(join(root, file))) return true;
        return anchor !== '' && !anchorsOf(readFileSync(join(root, file), 'utf8')).has(anchor);
      });
      expect(broken.map(({ target }) => target)).toEqual([]);
    },
  );
});

it('the list of decisions links each record, in order', () => {
  const records = pages
    .map(({ path }) => path)
    .filter((path) => path.startsWith('docs/decisions/') && !path.endsWith('README.md'));
  expect(linksOf(pageAt('docs/decisions/README.md')).map(({ file }) => file)).toEqual(records);
});

it('the compose file passes every setting on', () => {
  const file = readFileSync(new URL('../docker-compose.yml', import.meta.url), 'utf8');
  expect(composeWithSettings(file, settingSections)).toBe(file);
  expect(file).toMatch(/^ {2}OPERATOR_TOKEN_FILE: /m);
});

it('the image has the Node that the tests run on', () => {
  const file = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8');
  const versions = [...file.matchAll(/^FROM node:(\S+)-bookworm-slim/gm)].map(([, version]) => version);
  expect(versions).toEqual([process.versions.node, process.versions.node]);
});
