/** `heartbeatd tail`: what happens, as it happens. */
import {
  type Command,
  callFlags,
  selectorFlags,
  selectorOf,
  serverFlags,
  textFlag,
  UsageError,
} from '../command.ts';

const shown = ['protocol', 'operation', 'tenant', 'group', 'holder', 'status', 'state', 'fault'] as const;

export const tail: Command = {
  name: 'tail',
  usage: '[--type <type>]',
  summary: 'print events as they happen: leases, requests, faults, the clock',
  flags: {
    ...serverFlags,
    ...selectorFlags,
    operation: callFlags.operation,
    body: callFlags.body,
    type: { value: '<type>', help: 'type of event, such as lease.* or request' },
    since: { value: '<number>', help: 'begin after the event of this number; 0: with the oldest kept' },
  },
  async run({ flags, server, print, signal }) {
    const since = textFlag(flags, 'since');
    if (since !== undefined && !/^\d{1,15}$/.test(since))
      throw new UsageError(`tail: --since ${since} is no number of an event`);
    const options = { signal, ...(since === undefined ? {} : { since: Number(since) }) };
    for await (const event of server().events(selectorOf(flags), options)) {
      if (flags.json === true) print(`${JSON.stringify(event)}\n`);
      else print(`${textOf(event)}\n`);
    }
    return 0;
  },
};

function textOf(event: Readonly<Record<string, unknown>>): string {
  const { at, type } = event;
  const told = shown.flatMap((name) =>
    event[name] === undefined || event[name] === null ? [] : [`${name}=${quoted(String(event[name]))}`],
  );
  return [String(at), String(type).padEnd(14), ...told].join(' ');
}

/** Names come from clients: what a terminal would obey is escaped. */
const quoted = (text: string): string => (/^[\w./:@*-]*$/.test(text) ? text : JSON.stringify(text));
