/** Writes the pages of the docs that are made from the code. `--check` fails if one is not up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingSections } from '../src/config.ts';
import { settingsPage } from '../src/settings/settings-page.ts';
import { presenceSupport } from './presence-support.ts';

const pages: Readonly<Record<string, string>> = {
  'docs/settings.md': settingsPage(settingSections),
  'docs/presence-support.md': await presenceSupport(),
};

for (const [file, text] of Object.entries(pages)) {
  const url = new URL(`../${file}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(url, text);
  else if (readFileSync(url, 'utf8') !== text) {
    process.stderr.write(`${file} is not up to date: run npm run docs\n`);
    process.exitCode = 1;
  }
}
