/** `heartbeatd journal`: what clients sent and what came back. */
import type { RenderedEntry } from '../../client/journal.ts';
import {
  type Command,
  callFlags,
  selectorFlags,
  selectorOf,
  serverFlags,
  textFlag,
  UsageError,
} from '../command.ts';
import { printFailure } from '../fail.ts';
import { table } from '../table.ts';

const formats = ['table', 'json', 'curl', 'har'];

export const journal: Command = {
  name: 'journal',
  usage: '[--format table|json|curl|har]',
  summary: 'list the requests of clients with their replies, the newest last',
  flags: {
    ...serverFlags,
    ...selectorFlags,
    ...callFlags,
    limit: { value: '<count>', help: 'how many of the newest [20]' },
    format: { value: '<format>', help: 'table, json, curl or har [table]' },
  },
  async run({ flags, server, print }) {
    const format = flags.json === true ? 'json' : (textFlag(flags, 'format') ?? 'table');
    if (!formats.includes(format)) throw new UsageError(`journal: --format is one of ${formats.join(', ')}`);
    const selector = selectorOf(flags);
    const { journal } = server();
    const limit = Number(textFlag(flags, 'limit') ?? 20);
    const { entries, cursor, unseenNodes } = await journal.read(selector, { limit, order: 'newest' });
    if (unseenNodes.length > 0)
      printFailure(`requests to these nodes are missing: ${unseenNodes.join(', ')}`);
    const ordered = entries.toReversed();
    // The server writes these two formats: it is asked for the same entries, from the oldest on.
    const page = { limit, after: typeof cursor === 'string' ? cursor : (ordered[0]?.seq ?? 1) - 1 };
    if (format === 'curl') print(await journal.curl(selector, page));
    else if (format === 'har') print(`${JSON.stringify(await journal.har(selector, page))}\n`);
    else if (format === 'json') for (const entry of ordered) print(`${JSON.stringify(entry)}\n`);
    else print(tableOf(ordered));
    return 0;
  },
};

function tableOf(entries: readonly RenderedEntry[]): string {
  const hasNodes = entries.some(({ node }) => node !== undefined);
  return table(
    ['seq', 'at', 'operation', 'holder', 'status', 'ms', ...(hasNodes ? ['node'] : [])],
    entries.map(({ seq, at, operation, holder, reply, ms, state, node }) => [
      String(seq),
      at,
      operation,
      holder ?? '',
      String(reply?.status ?? state),
      ms === null ? '' : ms.toFixed(1),
      ...(hasNodes ? [node ?? ''] : []),
    ]),
  );
}
