/** All of a tenant as one value, as the scripts `dump` and `load` take and reply to it. */
import { type DumpedEntry, DumpTooLarge, newestTimetoken, type TenantDump } from '../../dumps.ts';
import { checkDate } from '../../runtime/lease-clock.ts';
import type { Reply, ScriptArgument } from '../scripts.ts';
import { type Codec, list, number, text } from './codec.ts';
import { eventEntries } from './events.ts';

export const dumps: { readonly [N in 'dump' | 'load']: Codec<N> } = {
  dump: {
    raw: true,
    encode({ tenant }, to) {
      to.push(tenant);
    },
    decode(reply) {
      if (reply !== null) return dumpOf(list(reply));
      throw new DumpTooLarge();
    },
  },
  load: {
    encode({ tenant, dump }, to) {
      to.push(tenant);
      encodeDump(dump, to);
    },
    decode(reply) {
      if (number(reply) !== 0) checkDate(Number.NaN);
      return null;
    },
  },
};

const textOrNull = (reply: Reply | undefined): string | null =>
  reply === null || reply === undefined ? null : text(reply);
const msOrNull = (reply: Reply | undefined): number | null =>
  text(reply) === '' ? null : number(text(reply));

/** Splits a flat list into rows. */
function rows(reply: Reply | undefined, width: number): (readonly Reply[])[] {
  const all = list(reply);
  return Array.from({ length: all.length / width }, (_, at) => all.slice(at * width, (at + 1) * width));
}

function dumpOf([clock, leases, revisions, documents, topics]: readonly Reply[]): TenantDump {
  const [offsetMs, frozen, reached] = list(clock).map(text);
  const dumpedTopics = rows(topics, 3).map(([topic, remainingMs, entries]) => ({
    topic: text(topic),
    remainingMs: msOrNull(remainingMs),
    entries: rows(entries, 3).flatMap(([position, field, content]) =>
      entriesOf(BigInt(text(position)), text(field), content as Buffer),
    ),
  }));
  return {
    clock: { offsetMs: Number(offsetMs), frozen: frozen === '1' },
    timetoken: newestTimetoken(dumpedTopics, BigInt(reached ?? '0')),
    leases: rows(leases, 6)
      .map(([group, holder, ttlMs, remainingMs, epoch, data]) => ({
        ...{ group: text(group), holder: text(holder), ttlMs: number(text(ttlMs)) },
        ...{ remainingMs: number(text(remainingMs)), epoch: number(text(epoch)), data: textOrNull(data) },
      }))
      .sort((a, b) => a.epoch - b.epoch),
    revisions: rows(revisions, 2).map(([group, revision]) => ({
      group: text(group),
      revision: number(text(revision)),
    })),
    documents: rows(documents, 5).map(([collection, key, version, value, remainingMs]) => ({
      ...{ collection: text(collection), key: text(key), version: number(text(version)) },
      ...{ value: text(value), remainingMs: msOrNull(remainingMs) },
    })),
    topics: dumpedTopics,
  };
}

function entriesOf(position: bigint, field: string, content: Buffer): DumpedEntry[] {
  if (field === 'p') return [{ position, payload: content }];
  return eventEntries('', position, content).map((entry) => ({
    position: entry.position,
    payload: entry.payload,
  }));
}

function encodeDump(dump: TenantDump, to: ScriptArgument[]): void {
  const { clock, timetoken, leases, revisions, documents, topics } = dump;
  const greatest = [
    ...leases.map(({ epoch }) => epoch),
    ...revisions.map(({ revision }) => revision),
    ...documents.map(({ version }) => version),
  ].reduce((a, b) => Math.max(a, b), 0);
  to.push(clock.offsetMs, clock.frozen ? '1' : '0', String(timetoken / 10n), greatest);
  to.push(leases.length);
  for (const { group, holder, ttlMs, remainingMs, epoch, data } of leases)
    to.push(group, holder, ttlMs, remainingMs, epoch, data === null ? '0' : '1', data ?? '');
  to.push(revisions.length);
  for (const { group, revision } of revisions) to.push(group, revision);
  to.push(documents.length);
  for (const { collection, key, version, value, remainingMs } of documents)
    to.push(collection, key, version, value, remainingMs ?? '');
  to.push(topics.length);
  for (const { topic, remainingMs, entries } of topics) {
    to.push(topic, remainingMs ?? '', entries.length);
    for (const { position, payload } of entries) to.push(String(position), Buffer.from(payload));
  }
}
