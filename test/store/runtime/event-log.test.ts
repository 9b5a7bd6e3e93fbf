import { afterEach, describe, expect, it } from 'vitest';
import { type Log, silentLog } from '../../../src/settings/log.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import { leaseEventsTopic, type Store } from '../../../src/store/store.ts';

const tenant = 'presence/demo';
const topic = leaseEventsTopic('room');
let store: Store;
afterEach(() => store.close());

type Line = Readonly<Record<string, unknown>> & { readonly message: string };

function open(isDebugging: boolean): Line[] {
  const lines: Line[] = [];
  const log: Log = {
    ...silentLog,
    debug: (fields, message) => lines.push({ message, ...fields }),
    isLevelEnabled: () => isDebugging,
  };
  store = createStore(openEmbeddedDriver(), { log });
  return lines;
}

async function expireOne(): Promise<void> {
  await store.freezeClock();
  const { timetoken } = await store.watchEvents({ tenant, groups: ['room'], prefixes: [], forMs: 60_000 });
  const waiting = store.wait({ tenant, topics: [{ topic, after: timetoken + 10n }], timeoutMs: 20_000 });
  await store.beat({ tenant, holder: 'ann', groups: [{ group: 'room' }], ttlMs: 1_000, grant: true });
  await waiting;
  const next = store.wait({ tenant, topics: [{ topic, after: timetoken * 2n }], timeoutMs: 20_000 });
  // Its first read is over: from here on it is a waiter.
  await store.now({ tenant });
  await store.advanceClock(1_500);
  await next;
}

describe('debug lines', () => {
  it('follow an event from its append to the waiters, with tenant, group and holder', async () => {
    const lines = open(true);
    await expireOne();
    const event = { tenant, group: 'room', holder: 'ann' };
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...event,
        message: 'lease event appended',
        type: 'granted',
        source: 'command',
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...event,
        message: 'lease event appended',
        type: 'expired',
        source: 'advance',
        lateMs: 500,
      }),
    );
    expect(lines).toContainEqual({ message: 'topic waiters woken', tenant, topic, waiters: 1 });
    expect(lines).toContainEqual({ message: 'topic wait ended', tenant, topics: [topic], found: true });
  });

  it('name the sweep that found an expiry', async () => {
    const lines = open(true);
    const expired = new Promise((resolve) =>
      store.observe(({ type }) => type === 'expired' && resolve(type)),
    );
    await store.beat({ tenant, holder: 'ann', groups: [{ group: 'room' }], ttlMs: 20, grant: true });
    await expired;
    expect(lines).toContainEqual({
      message: 'lease sweep found expired leases',
      partition: 0,
      expired: 1,
      more: false,
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'lease event appended', type: 'expired', source: 'sweep' }),
    );
  });

  it('are not written while the level is off', async () => {
    const lines = open(false);
    await expireOne();
    expect(lines).toEqual([]);
  });
});
