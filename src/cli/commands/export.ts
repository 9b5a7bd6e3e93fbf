/** `heartbeatd export`: the state as a file that a server can begin with. */
import { writeFileSync } from 'node:fs';
import { type Command, serverFlags, textFlag, UsageError } from '../command.ts';

export const exportState: Command = {
  name: 'export',
  usage: '[<file>]',
  summary: 'write the state of tenants as JSON, for import and --seed',
  flags: {
    ...serverFlags,
    tenant: { value: '<name>', help: 'this tenant alone' },
  },
  async run({ words: [file, ...more], flags, server, print }) {
    if (more.length > 0) throw new UsageError('export: one file at most');
    const text = `${JSON.stringify(await server().state(textFlag(flags, 'tenant')), null, 2)}\n`;
    if (file === undefined) print(text);
    else writeFileSync(file, text);
    return 0;
  },
};
