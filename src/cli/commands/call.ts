/** `heartbeatd call`: a call on the model PBX, whose reports reach the applications that are logged in. */
import { type Command, serverFlags, textFlag, UsageError } from '../command.ts';

export const call: Command = {
  name: 'call',
  usage: '<from> <to> [step…]',
  summary: 'play a PBX call: it rings, is answered and ends, or takes the steps given',
  flags: { ...serverFlags, tenant: { value: '<name>', help: 'pbx/<name>: which PBX [pbx/default]' } },
  async run({ words: [from, to, ...steps], flags, server, print }) {
    if (from === undefined || to === undefined)
      throw new UsageError('call: two numbers are needed, such as: heartbeatd call 1000 1001');
    const body = { from, to, ...(steps.length === 0 ? {} : { steps }) };
    const played = await server().operator.json<{ callid: string; reports: number; open: boolean }>(
      'POST',
      '/pbx/calls',
      { query: { tenant: textFlag(flags, 'tenant') }, body },
    );
    const state = played.open ? 'open' : 'over';
    print(
      flags.json === true
        ? `${JSON.stringify(played)}\n`
        : `${played.callid}: ${played.reports} reports, ${state}\n`,
    );
    return 0;
  },
};
