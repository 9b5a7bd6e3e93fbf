/** `heartbeatd import`: replaces the state of a running server. */
import type { StateDocument } from '../../client/index.ts';
import { type Command, jsonWord, serverFlags, textFlag, UsageError } from '../command.ts';
import { readText } from '../read-text.ts';

export const importState: Command = {
  name: 'import',
  usage: '<file>',
  summary: 'replace the state of all tenants, or of one, by that of a file of export; - for standard input',
  flags: {
    ...serverFlags,
    tenant: { value: '<name>', help: 'this tenant alone; others stay' },
  },
  async run({ words: [file, ...more], flags, server, print, input }) {
    if (file === undefined || more.length > 0) throw new UsageError('import: name one file, or -');
    const word = file === '-' ? '-' : `@${file}`;
    const state = jsonWord(word, `import: ${file}`, (path) => readText(path, input)) as StateDocument;
    const replaced = await server().replaceState(state, textFlag(flags, 'tenant'));
    print(flags.json === true ? `${JSON.stringify(replaced)}\n` : `${replaced.tenants.join('\n')}\n`);
    return 0;
  },
};
