/** `heartbeatd why`: explains a situation in sentences. */
import { type Command, serverFlags, UsageError } from '../command.ts';
import { printable } from '../table.ts';

export const why: Command = {
  name: 'why',
  usage: '<tenant> [group] [holder]',
  summary: 'explain why a consumer, token or uuid is as it is, and why a shard or a report waits',
  flags: {
    ...serverFlags,
    holder: { value: '<name>', help: 'consumer, token, or uuid, in all its groups' },
  },
  async run({ words: [tenant, group, word, ...more], flags, server, print }) {
    if (tenant === undefined)
      throw new UsageError('why: a tenant is missing, such as sls/<project>; heartbeatd leases lists them');
    if (more.length > 0) throw new UsageError(`why: ${more[0]} is one word too many`);
    const holder = typeof flags.holder === 'string' ? flags.holder : word;
    const explanation = await server().why({
      tenant,
      ...(group === undefined ? {} : { group }),
      ...(holder === undefined ? {} : { holder }),
    });
    if (flags.json === true) print(`${JSON.stringify(explanation)}\n`);
    else for (const sentence of explanation.sentences) print(`${printable(sentence)}\n`);
    return 0;
  },
};
