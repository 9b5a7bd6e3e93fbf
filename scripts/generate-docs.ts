/** Writes the pages of the docs that are made from the code. `--check` fails if one is not up to date. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { benchmarkDocuments } from '../bench/figures/documents.ts';
import { commands } from '../src/cli/commands/index.ts';
import { commandsPage } from '../src/cli/commands-page.ts';
import { defaultConfig, settingSections } from '../src/config.ts';
import { makeSlsContext } from '../src/protocols/sls/context.ts';
import { slsOperations } from '../src/protocols/sls/operations.ts';
import { supportPage } from '../src/protocols/sls/unserved/support-page.ts';
import { silentLog } from '../src/settings/log.ts';
import { composeWithSettings, settingsPage } from '../src/settings/settings-page.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import { withFiles } from './included-files.ts';
import { operatorOperations } from './operator-operations.ts';
import { pbxSupport } from './pbx-support.ts';
import { presenceSupport } from './presence-support.ts';

const store = createStore(openEmbeddedDriver());
const context = makeSlsContext({ store, log: silentLog, wallMs: Date.now, randomBytes }, defaultConfig());

const operations = await operatorOperations();
const pages: Readonly<Record<string, string>> = {
  'docs/library.md': withFiles(readFileSync(new URL('../docs/library.md', import.meta.url), 'utf8')),
  'docs/settings.md': settingsPage(settingSections),
  'docs/command-line.md': commandsPage(commands),
  'docker-compose.yml': composeWithSettings(
    readFileSync(new URL('../docker-compose.yml', import.meta.url), 'utf8'),
    settingSections,
  ),
  ...benchmarkDocuments(readFileSync(new URL('../docs/benchmarks.md', import.meta.url), 'utf8')),
  'docs/sls-support.md': supportPage(slsOperations(context)),
  'docs/pbx-support.md': await pbxSupport(),
  'docs/presence-support.md': await presenceSupport(),
  'src/client/operations.ts': operations.table,
  'src/client/operation-types.ts': operations.types,
};

for (const [file, text] of Object.entries(pages)) {
  const url = new URL(`../${file}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(url, text);
  else if (!existsSync(url) || readFileSync(url, 'utf8') !== text) {
    process.stderr.write(`${file} is not up to date: run npm run docs\n`);
    process.exitCode = 1;
  }
}
await store.close();
