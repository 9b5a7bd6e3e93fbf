/** After quiet, what the server says is what clients do. */
import { type Entry, entriesOf, type QuietOccupancy, type QuietShards } from '../history.ts';
import type { Finding } from './verdict.ts';

/** Returns the differences between clients and server after a time without faults and changes. */
export function checkQuiet(history: readonly Entry[]): Finding[] {
  return [
    ...entriesOf(history, 'quiet occupancy').flatMap(checkOccupancy),
    ...entriesOf(history, 'quiet shards').flatMap(checkShares),
  ];
}

function checkOccupancy({ channel, kept, listed, occupancy, sentMs, doneMs }: QuietOccupancy): Finding[] {
  const wanted = [...kept].sort().join(' ');
  const found = [...listed].sort().join(' ');
  if (wanted === found && occupancy === listed.length) return [];
  const what = `${channel}: occupancy ${occupancy}, listed [${found}], kept alive [${wanted}]`;
  return [{ rule: 'occupancy differs after quiet', what, fromMs: sentMs, toMs: doneMs }];
}

function checkShares({ group, holds, shards, atMs }: QuietShards): Finding[] {
  const loads = Object.values(holds).map(({ length }) => length);
  const held = Object.values(holds)
    .flat()
    .sort((a, b) => a - b);
  const isEven = Math.max(...loads) - Math.min(...loads) <= 1;
  if (loads.length === 0 || (held.join() === shards.join() && isEven)) return [];
  const what = `${group}: consumers hold ${JSON.stringify(holds)} of [${shards}]`;
  return [{ rule: 'shards differ after quiet', what, fromMs: atMs, toMs: atMs }];
}
