import { expect, it } from 'vitest';
import { silentLog } from '../../../src/settings/log.ts';
import type { Driver } from '../../../src/store/driver.ts';
import { makeTopicWaits } from '../../../src/store/runtime/topic-waits.ts';

/** A driver that confirms a request for append notifications when it is told to. */
function slowDriver(): { driver: Driver; confirm: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const driver = {
    partitionOf: () => 0,
    watchAppends: () => promise,
    onAppend() {},
    onGap() {},
  } as unknown as Driver;
  return { driver, confirm: resolve };
}

const input = { tenant: 'test/t', topics: [{ topic: 't', after: 0n }], timeoutMs: 60_000 };
const nothing = async (): Promise<[]> => [];

it('a wait whose signal aborts while notifications are requested ends at once', async () => {
  const { driver, confirm } = slowDriver();
  const waits = makeTopicWaits(driver, nothing, silentLog);
  const abort = new AbortController();
  const waiting = waits.wait({ ...input, signal: abort.signal });
  abort.abort();
  confirm();
  expect(await waiting).toBe(false);
});

it('a wait whose store closes while notifications are requested ends at once', async () => {
  const { driver, confirm } = slowDriver();
  const waits = makeTopicWaits(driver, nothing, silentLog);
  const waiting = waits.wait(input);
  waits.close();
  confirm();
  expect(await waiting).toBe(false);
});
