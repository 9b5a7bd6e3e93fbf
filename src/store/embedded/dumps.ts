/** All of a tenant as one value, in the embedded store. */
import type { Input } from '../commands.ts';
import type { DumpedLease, DumpedTopic, TenantDump } from '../dumps.ts';
import { makeDumpMeter, newestTimetoken } from '../dumps.ts';
import type { Tenant } from '../leases.ts';
import { checkDate } from '../runtime/lease-clock.ts';
import { detach } from './detach.ts';
import { loadDocument } from './documents.ts';
import { loadLease } from './leases/leases.ts';
import { placeOwnClock, readClock, setClock } from './own-clocks.ts';
import { payloadOf, type TenantRecord } from './records.ts';
import {
  deleteIfEmpty,
  dropTenant,
  leaseNow,
  nextTimetoken,
  readTimetoken,
  type State,
  tenantOf,
} from './state.ts';
import { loadTopic } from './topics.ts';

/** Returns all that is live of a tenant. Throws DumpTooLarge. */
export function dumpTenant(state: State, name: Tenant): TenantDump {
  const { offsetMs } = readClock(state, name);
  const clock = { offsetMs: Math.round(offsetMs), frozen: (state.clocks.get(name)?.frozen ?? null) !== null };
  const tenant = state.tenants.get(name);
  if (tenant === undefined)
    return { clock, timetoken: 0n, leases: [], revisions: [], documents: [], topics: [] };
  const count = makeDumpMeter();
  const now = leaseNow(state, name);
  const leases = dumpLeases(tenant, now);
  for (const { data } of leases) count(data?.length ?? 0);
  const groups = new Set(leases.map(({ group }) => group));
  const documents = [...tenant.collections.values()].flatMap((collection) =>
    [...collection.values()].filter(({ deadlineMs }) => deadlineMs > now),
  );
  for (const { value } of documents) count(value.length);
  const topics = dumpTopics(tenant, now, count);
  return {
    clock,
    timetoken: newestTimetoken(topics, readTimetoken(state, name)),
    leases,
    revisions: [...groups].map((group) => ({ group, revision: tenant.groups.get(group)?.revision ?? 0 })),
    documents: documents.map(({ collection, key, version, value, deadlineMs }) => ({
      ...{ collection, key, version, value },
      remainingMs: remaining(deadlineMs, now),
    })),
    topics,
  };
}

function dumpLeases(tenant: TenantRecord, now: number): DumpedLease[] {
  const leases: DumpedLease[] = [];
  for (const { name, members } of tenant.groups.values()) {
    for (const { holder, ttlMs, epoch, data, deadlineMs } of members.values()) {
      if (deadlineMs > now)
        leases.push({ group: name, holder, ttlMs, remainingMs: wholeMs(deadlineMs - now), epoch, data });
    }
  }
  return leases.sort((a, b) => a.epoch - b.epoch);
}

function dumpTopics(tenant: TenantRecord, now: number, count: (bytes: number) => void): DumpedTopic[] {
  const topics: DumpedTopic[] = [];
  for (const { name, entries, start, deadlineMs } of tenant.topics.values()) {
    if (deadlineMs <= now) continue;
    const kept = entries
      .slice(start)
      .map((entry) => ({ position: entry.position, payload: payloadOf(entry) }));
    for (const { payload } of kept) count(payload.length);
    topics.push({ topic: name, remainingMs: remaining(deadlineMs, now), entries: kept });
  }
  return topics;
}

const remaining = (deadlineMs: number, now: number): number | null =>
  Number.isFinite(deadlineMs) ? wholeMs(deadlineMs - now) : null;

/** What is live has at least 1 ms left. */
const wholeMs = (ms: number): number => Math.max(1, Math.round(ms));

/** Replaces all of a tenant but its watches, without events. Throws RangeError, before anything is changed, for a clock that is refused. */
export function loadTenant(state: State, { tenant: name, dump }: Input<'load'>): void {
  const { clock, timetoken, leases, documents, topics } = dump;
  const lastMicros = Number(timetoken / 10n);
  checkPlace(state, clock.offsetMs);
  dropTenant(state, name);
  setClock(state, { tenant: name, follow: true });
  if (clock.frozen || clock.offsetMs !== 0 || timetoken > readTimetoken(state, name))
    placeOwnClock(state, name, { ...clock, lastMicros });
  const numbers = [...leases.map(({ epoch }) => epoch), ...documents.map(({ version }) => version)];
  for (const { revision } of dump.revisions) numbers.push(revision);
  for (const number of numbers) state.sequence = Math.max(state.sequence, number);
  const tenant = tenantOf(state, name);
  for (const document of documents) loadDocument(state, tenant, document);
  const revisions = new Map(dump.revisions.map(({ group, revision }) => [group, revision]));
  for (const lease of leases) loadLease(state, tenant, { lease, revision: revisions.get(lease.group) });
  for (const { topic, remainingMs, entries } of topics) {
    const placed = entries.map(({ position, payload }) => ({
      position: position === 0n ? nextTimetoken(state, name) : position,
      payload,
      bytes: payload.length,
    }));
    loadTopic(state, tenant, { topic: detach(topic), remainingMs, entries: placed });
  }
  deleteIfEmpty(state, tenant);
}

function checkPlace(state: State, offsetMs: number): void {
  const { dateMs } = readClock(state);
  checkDate(dateMs + offsetMs);
}
