/** `heartbeatd reset`: a clean state. */
import { type Command, serverFlags, textFlag, UsageError } from '../command.ts';

export const reset: Command = {
  name: 'reset',
  usage: '<tenant>… | --all',
  summary: 'bring tenants, or all with the faults and the journal, back to the seed or to nothing',
  flags: {
    ...serverFlags,
    all: { help: 'every tenant' },
    to: { value: '<word>', help: 'seed or empty [seed, if the server was given one]' },
  },
  async run({ words, flags, server, print }) {
    if (words.length === 0 && flags.all !== true)
      throw new UsageError('reset: tenants are missing; --all removes everything');
    const to = textFlag(flags, 'to');
    if (to !== undefined && to !== 'seed' && to !== 'empty')
      throw new UsageError('reset: --to is seed or empty');
    const hb = server();
    const replies: unknown[] = [];
    for (const tenant of flags.all === true ? [undefined] : words) replies.push(await hb.reset(tenant, to));
    print(flags.json === true ? `${JSON.stringify(replies)}\n` : 'reset\n');
    return 0;
  },
};
