/** What the operations of SLS work with, put together from what the app provides. */
import { makeBoundedMap } from '../kit/bounded-map.ts';
import { dateOf } from '../kit/date.ts';
import type { ProtocolContext } from '../kit/protocol.ts';
import { makeSerialQueue } from '../kit/serial-queue.ts';
import type { GroupContext, GroupSettings } from './consumer-groups/context.ts';
import type { LogContext, LogSettings } from './logs/context.ts';

export type SlsContext = GroupContext & LogContext;

const maxCachedLogstores = 1_000;
const maxCachedGroups = 10_000;
const maxCachedTopics = 10_000;

/** Makes the context of one server process. */
export function makeSlsContext(
  { store, log, randomBytes, emit }: Omit<ProtocolContext, 'registry'>,
  config: GroupSettings & LogSettings,
): SlsContext {
  return {
    store,
    log,
    emit,
    config,
    randomBytes,
    logstores: makeBoundedMap(maxCachedLogstores),
    groups: makeBoundedMap(maxCachedGroups),
    received: makeBoundedMap(maxCachedTopics),
    changes: makeSerialQueue(),
    roundRobin: { next: randomBytes(4).readUInt32BE() },
    // A time is 32 bits on the wire; the clock of tests may be moved beyond them.
    nowSeconds: async (tenant) => Math.min(Math.floor((await dateOf(store, tenant)) / 1_000), 0xffff_ffff),
  };
}
