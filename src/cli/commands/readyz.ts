/** `heartbeatd readyz`: whether a server is ready, and waiting until it is. */
import { type Command, serverFlags, textFlag, UsageError } from '../command.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

export const readyz: Command = {
  name: 'readyz',
  usage: '[--wait <duration>]',
  summary: 'exit with 0 if the server is ready, else with 1',
  flags: { ...serverFlags, wait: { value: '<duration>', help: 'how long to wait for it, such as 30s' } },
  async run({ flags, server, print }) {
    const hb = server();
    await hb.ready(waitMs(textFlag(flags, 'wait')));
    print(flags.json === true ? `${JSON.stringify({ url: hb.url, ready: true })}\n` : `${hb.url} is ready\n`);
    return 0;
  },
};

function waitMs(text = '0s'): number {
  const { number = '', unit = '' } = /^(?<number>\d{1,9})(?<unit>ms|s|m)$/.exec(text)?.groups ?? {};
  const factor = units[unit];
  if (factor === undefined) throw new UsageError(`readyz: --wait ${text} is no duration such as 30s`);
  return Number(number) * factor;
}
