/** `heartbeatd clock`: reads and moves time. */
import type { Clock, ClockMoved, ClockReading } from '../../client/index.ts';
import { spoken } from '../../spoken.ts';
import { type Command, selectorFlags, serverFlags, textFlag, UsageError } from '../command.ts';
import { printable, table } from '../table.ts';

const { tenant } = selectorFlags;

export const clock: Command = {
  name: 'clock',
  usage: '[advance <duration> | to <time> | next [count] | freeze | thaw]',
  summary: 'read, advance, freeze or thaw the clock of a tenant, or of all',
  words: ['advance', 'to', 'next', 'freeze', 'thaw'],
  flags: {
    ...serverFlags,
    tenant,
    beating: { value: '<holder>', help: 'holder that keeps beating during the advance' },
  },
  async run({ words: [action, value, ...more], flags, server, print }) {
    if (more.length > 0) throw new UsageError(`clock: ${more[0]} is one word too many`);
    const { operator } = server();
    const { makeClock } = await import('../../client/clock.ts');
    const one = makeClock(operator, textFlag(flags, 'tenant'));
    const beating = textFlag(flags, 'beating');
    const options = beating === undefined ? {} : { beating: [{ holder: beating }] };
    const result = await move(one, { action, value }, options);
    if (flags.json === true) print(`${JSON.stringify(result)}\n`);
    else print('fired' in result ? movedText(result as ClockMoved) : readingText(result as ClockReading));
    return 0;
  },
};

function move(
  one: Clock,
  { action, value }: { readonly action: string | undefined; readonly value: string | undefined },
  options: object,
): Promise<ClockMoved | ClockReading> {
  const needed = (what: string): string => {
    if (value === undefined) throw new UsageError(`clock ${action}: ${what} is missing`);
    return value;
  };
  switch (action) {
    case undefined:
      return one.read();
    case 'advance':
      return one.advance(needed('a duration such as 30m'), options);
    case 'to':
      return one.advanceTo(needed('a time such as 2030-01-01T00:00:00Z'), options);
    case 'next':
      return one.toNext(countOf(value), options);
    case 'freeze':
      return one.freeze();
    case 'thaw':
      return one.thaw();
    default:
      throw new UsageError(`clock: ${JSON.stringify(action)} is none of advance, to, next, freeze, thaw`);
  }
}

function countOf(value = '1'): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new UsageError(`clock next: ${JSON.stringify(value)} is no count`);
  return count;
}

function readingText({ dateMs, frozen, offsetMs, tenants = [] }: ClockReading): string {
  const offset = offsetMs > 0 ? `, ${spoken(offsetMs)} ahead` : '';
  const own = tenants.map((one) => `${printable(one.tenant ?? '')}: ${readingText(one)}`);
  return `${new Date(dateMs).toISOString()}, ${frozen ? 'frozen' : 'running'}${offset}\n${own.join('')}`;
}

function movedText({ clock: reading, fired }: ClockMoved): string {
  if (fired.length === 0) return `${readingText(reading)}nothing expired\n`;
  const rows = fired.map(({ date, type, tenant, group, holder }) => [date, type, tenant, group, holder]);
  return `${readingText(reading)}${table(['deadline', 'event', 'tenant', 'group', 'holder'], rows)}`;
}
