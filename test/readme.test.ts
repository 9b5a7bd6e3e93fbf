import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeSettings } from '../src/config.ts';

const readme = readFileSync('README.md', 'utf8');

it('the table of settings in the README is what the program has', () => {
  const rows = describeSettings().map(({ flag, env, fallback, help }) => {
    const standard = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${flag}\` | \`${env}\` | ${standard} | ${help.replaceAll('|', '\\|')} |`;
  });
  for (const row of rows) expect(readme).toContain(row);
  const start = readme.indexOf('## Settings');
  const section = readme.slice(start, readme.indexOf('\n## ', start + 1));
  expect(section.split('\n').filter((line) => line.startsWith('| `--'))).toHaveLength(rows.length);
});

it('the README shows the two commands', () => {
  expect(readme).toContain('npm ci && npm start');
  expect(readme).toContain('npm ci && npm test');
});
