/** Files of the repository that pages of the docs show in full. */
import { readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);

/** Returns a page with the current text of each file that it shows: in the code block after a comment `<!-- file: path -->`. */
export function withFiles(page: string): string {
  return page.replaceAll(
    /(<!-- file: (\S+) -->\n```\w+\n)[\s\S]*?(```\n)/g,
    (_block, begin: string, path: string, end: string) =>
      `${begin}${readFileSync(new URL(path, root), 'utf8')}${end}`,
  );
}
