/** `heartbeatd reset`: a clean state. */
import { type Command, serverFlags, UsageError } from '../command.ts';

export const reset: Command = {
  name: 'reset',
  usage: '<tenant>… | --all',
  summary: 'remove everything of tenants, or of all with the faults and the journal',
  flags: { ...serverFlags, all: { help: 'every tenant' } },
  async run({ words, flags, server, print }) {
    if (words.length === 0 && flags.all !== true)
      throw new UsageError('reset: tenants are missing; --all removes everything');
    const hb = server();
    const replies: unknown[] = [];
    for (const tenant of flags.all === true ? [undefined] : words) replies.push(await hb.reset(tenant));
    print(flags.json === true ? `${JSON.stringify(replies)}\n` : 'reset\n');
    return 0;
  },
};
