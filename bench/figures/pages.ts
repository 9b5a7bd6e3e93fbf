/** Pages that are partly made from results. */

const start = '<!-- made from bench/results by npm run docs -->';
const end = '<!-- end -->';

/** Returns a page with its generated part replaced. Throws if it has none. */
export function withFigures(page: string, sections: readonly string[]): string {
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no part between ${start} and ${end}`);
  return `${page.slice(0, from)}${start}\n\n${sections.join('\n\n')}\n\n${page.slice(to)}`;
}
