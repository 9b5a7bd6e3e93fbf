/** Tables of the docs, made from results. */
import type { Machine, Spread } from '../shared/results.ts';

/** Returns a table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Returns a number as the docs show it: of one below a thousand three digits that count, as no measurement here has more. */
export const grouped = (number: number): string =>
  (Math.abs(number) < 1_000 ? Number(number.toPrecision(3)) : number).toLocaleString('en');

/** Returns `median unit (min to max)`; without the range if all are alike, and nothing for an absent one. */
export function spreadText(spread: Spread | undefined, unit = ''): string {
  if (spread === undefined) return '';
  const { median, min, max } = spread;
  const range = min === max ? '' : ` (${grouped(min)} to ${grouped(max)})`;
  return `${grouped(median)}${unit === '' ? '' : ` ${unit}`}${range}`;
}

/** Returns where, when and with what a result was measured. */
export function machineLine({ date, cpu, memoryGb, node, loadBefore }: Machine): string {
  const load = loadBefore === undefined ? '' : `, load average ${loadBefore} before the run`;
  return `${date}, ${cpu}, ${memoryGb} GB, Node ${node}${load}`;
}

/** Returns `1 round` or `5 rounds`. */
export const roundsText = (rounds: number): string => `${rounds} round${rounds === 1 ? '' : 's'}`;
