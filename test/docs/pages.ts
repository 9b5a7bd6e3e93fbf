/** The Markdown pages of the project, and what they refer to. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Root of the repository. */
export const root = new URL('../../', import.meta.url).pathname;

/** A page that people read, by its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Returns every page. */
export function readPages(): readonly Page[] {
  return globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Returns the page without its fenced code blocks. */
function withoutCode(text: string): string {
  return text.replaceAll(/^(`{3,})[\s\S]*?^\1\s*$/gm, '');
}

/** A relative link: the file that it leads to, from the root, and the anchor in it, or an empty string. */
export interface Link {
  readonly target: string;
  readonly file: string;
  readonly anchor: string;
}

/** Returns the links of a page that lead to files of the repository. */
export function linksOf({ path, text }: Page): readonly Link[] {
  const inCodeSpans = /`[^`\n]*`/g;
  return [
    ...withoutCode(text)
      .replaceAll(inCodeSpans, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = target.split('#', 2);
      return { target, anchor, file: file === '' ? path : normalize(join(dirname(path), file)) };
    });
}

/** Returns the anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

const folders = 'src|test|docs|bench|examples|scripts|deploy';

/** Returns the paths of the repository that a page names in code spans; those with placeholders are left out. */
export function pathsOf({ text }: Page): readonly string[] {
  const spans = withoutCode(text).matchAll(new RegExp(`\`((?:${folders})/[\\w./-]+)\``, 'g'));
  return [...new Set([...spans].map(([, path = '']) => path))];
}

/** A test that a page names as proof: its file, and a part of its title. */
export interface Citation {
  readonly file: string;
  readonly title: string;
}

/** Returns the tests that a page cites: `path`: "title", "title". */
export function citationsOf({ text }: Page): readonly Citation[] {
  return [...text.matchAll(/`(test\/[\w./-]+)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}
