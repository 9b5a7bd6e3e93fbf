import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settingSections } from '../src/config.ts';
import { settingsPage } from '../src/settings/settings-page.ts';

it('the settings page lists every setting as it is declared', () => {
  const page = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8');
  expect(page).toBe(settingsPage(settingSections));
});
