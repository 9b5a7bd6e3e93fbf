import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settingSections } from '../src/config.ts';
import { composeWithSettings, settingsPage } from '../src/settings/settings-page.ts';

it('the settings page lists every setting as it is declared', () => {
  const page = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8');
  expect(page).toBe(settingsPage(settingSections));
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
