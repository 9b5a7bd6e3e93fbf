/** `heartbeatd leases`: who is alive. */
import type { EventsOptions, Heartbeatd, LeaseFilter, LiveLease, Selector } from '../../client/index.ts';
import { spoken } from '../../spoken.ts';
import {
  type Command,
  type Invocation,
  jsonWord,
  selectorFlags,
  selectorOf,
  serverFlags,
  textFlag,
} from '../command.ts';
import { readText } from '../read-text.ts';
import { table } from '../table.ts';

/** More than this is no help on a screen; --json prints all. */
const maxRows = 1_000;

export const leases: Command = {
  name: 'leases',
  usage: '[--watch]',
  summary: 'list live leases and how long they last',
  flags: {
    ...serverFlags,
    ...selectorFlags,
    body: { value: '<json>', help: 'conditions by path into what leases carry, such as {"mood":"fine"}' },
    watch: { letter: 'w', help: 'list again whenever a lease begins or ends' },
  },
  async run(invocation) {
    const { flags, server, input } = invocation;
    const hb = server();
    const body = textFlag(flags, 'body');
    const filter: LeaseFilter = {
      ...selectorOf(flags),
      ...(body === undefined
        ? {}
        : { body: jsonWord(body, 'leases', (path) => readText(path, input)) as Selector['body'] }),
    };
    if (flags.watch === true) await watch(invocation, hb, filter);
    else await show(invocation, hb, filter);
    return 0;
  },
};

/** Lists when the stream is open, and again after every change; changes that come while a list is read are one. */
async function watch(invocation: Invocation, hb: Heartbeatd, filter: LeaseFilter): Promise<void> {
  // Events do not carry what leases do: any change of the named ones is a reason to list again.
  const { body: _body, ...names } = filter;
  const { signal, print, isTerminal } = invocation;
  let changed = Promise.withResolvers<'changed' | 'over'>();
  const note = (): void => changed.resolve('changed');
  const watching = follow(hb, { ...names, type: 'lease.*' }, { signal, onOpen: note, onEvent: note });
  const over = watching.then(() => 'over' as const);
  while ((await Promise.race([over, changed.promise])) === 'changed') {
    changed = Promise.withResolvers();
    if (isTerminal) print('\u001b[2J\u001b[H');
    await show(invocation, hb, filter);
  }
}

async function follow(
  hb: Heartbeatd,
  selector: Selector,
  { onEvent, ...options }: EventsOptions & { onEvent(): void },
): Promise<void> {
  for await (const _event of hb.events(selector, options)) onEvent();
}

async function show({ flags, print }: Invocation, hb: Heartbeatd, filter: LeaseFilter): Promise<void> {
  const rows: string[][] = [];
  let more = 0;
  for await (const lease of hb.leases.list(filter)) {
    if (flags.json === true) print(`${JSON.stringify(lease)}\n`);
    else if (rows.length < maxRows) rows.push(row(lease));
    else more += 1;
  }
  if (flags.json === true) return;
  if (rows.length === 0) return print(`no live leases${await hintAt(hb, filter)}\n`);
  print(table(['protocol', 'tenant', 'group', 'holder', 'ends in'], rows));
  if (more > 0)
    print(`and ${more} more; choose with --tenant, --group or --holder, or print all with --json\n`);
}

/** What may be misspelt, in the server's words; empty if nothing is. */
async function hintAt(hb: Heartbeatd, filter: LeaseFilter): Promise<string> {
  const reply = await hb.operator.json<{ readonly error?: string }>('GET', '/leases', {
    query: { ...filter },
    accepts: [404],
  });
  return reply.error === undefined ? '' : `: ${reply.error}`;
}

const row = ({ protocol, tenant, group, holder, remainingMs }: LiveLease): string[] => [
  protocol,
  tenant,
  group,
  holder,
  spoken(remainingMs),
];
