import { describe, expect, it } from 'vitest';
import {
  type Entry,
  maxDeliveries,
  selectDeliveries,
} from '../../../../src/protocols/presence/subscribe/deliveries.ts';
import { parseFilter } from '../../../../src/protocols/presence/subscribe/filter/filter.ts';

const kib = 1_024;
const { signal } = new AbortController();
const noPause = async (): Promise<void> => {};

interface Options {
  readonly channel?: string;
  readonly rank?: number;
  readonly text?: string;
}
/** Entries that count how often they are decoded and parsed. */
function makeEntries() {
  const counts = { read: 0, parsed: 0 };
  const entry = (position: number, { channel = 'ch', rank = 0, text = '' }: Options = {}): Entry => ({
    position: BigInt(position),
    rank,
    bytes: text.length,
    read() {
      counts.read += 1;
      return {
        position: BigInt(position),
        via: `rank ${rank}`,
        channel,
        json: '',
        envelope: () => '',
        meta: { n: position },
        unparsed: text.length,
        data() {
          counts.parsed += 1;
          return { text };
        },
      };
    },
  });
  return { counts, entry };
}
const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
const positions = ({
  deliveries,
}: {
  readonly deliveries: readonly { readonly position: bigint }[];
}): number[] => deliveries.map(({ position }) => Number(position));

describe('the deliveries of a subscriber', () => {
  it('are in order, each once, through the name of lowest rank', async () => {
    const { entry } = makeEntries();
    const entries = [entry(2, { rank: 2 }), entry(2, { rank: 1 }), entry(2, { channel: 'other' }), entry(1)];
    const { deliveries, readTo } = await selectDeliveries(entries, { filter: undefined, signal });
    expect(deliveries.map(({ position, channel, via }) => `${position} ${channel} ${via}`)).toEqual([
      '1 ch rank 0',
      '2 other rank 0',
      '2 ch rank 1',
    ]);
    expect(readTo).toBeUndefined();
  });

  it('end with the timetoken of the hundredth, of which none is left out', async () => {
    const { entry, counts } = makeEntries();
    const entries = range(10_000).map((at) => entry(at));
    const shared = range(5).map((at) => entry(maxDeliveries, { channel: `ch ${at}` }));
    const { deliveries } = await selectDeliveries([...entries, ...shared], { filter: undefined, signal });
    expect(deliveries).toHaveLength(maxDeliveries + 5);
    expect(deliveries.at(-1)?.position).toBe(BigInt(maxDeliveries));
    // Later entries are not even decoded.
    expect(counts.read).toBe(maxDeliveries + 5);
  });
});

describe('filter work', () => {
  const text = 'x'.repeat(32 * kib);
  const searches = (count: number) =>
    parseFilter(Array.from({ length: count }, () => "data.text contains 'y'").join('||'));

  it('parses each payload once, and none for an expression on metadata', async () => {
    const { entry, counts } = makeEntries();
    const entries = range(50).map((at) => entry(at, { text: 'x' }));
    await selectDeliveries(entries, { filter: searches(100), signal });
    expect(counts.parsed).toBe(50);
    expect(positions(await selectDeliveries(entries, { filter: parseFilter('n > 48'), signal }))).toEqual([
      49, 50,
    ]);
    expect(counts.parsed).toBe(50);
  });

  it('is interrupted at least once for every megabyte and the message that exceeds it', async () => {
    const { entry } = makeEntries();
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const filter = searches(30);
    // 30 searches through 32 KiB are nearly a million units.
    const entries = range(10).map((at) => entry(at, { text }));
    expect(await selectDeliveries(entries, { filter, signal, pause })).toEqual({
      deliveries: [],
      isCut: false,
    });
    expect(pauses).toBeGreaterThanOrEqual(8);
  });

  it('ends when the client is gone', async () => {
    const { entry, counts } = makeEntries();
    const client = new AbortController();
    const entries = range(100).map((at) => entry(at, { text }));
    const pause = async () => client.abort();
    const { readTo } = await selectDeliveries(entries, {
      filter: searches(60),
      signal: client.signal,
      pause,
    });
    expect(readTo).toBe(1n);
    expect(counts.read).toBe(1);
  });

  it('of one request is bounded; the next continues where it ended, and none is lost', async () => {
    const { entry, counts } = makeEntries();
    const filter = parseFilter(
      `n % 10 == 0 || ${Array.from({ length: 100 }, () => "data.text like '*y'").join('||')}`,
    );
    const entries = range(100).map((at) => entry(at, { text }));
    const found: number[] = [];
    let requests = 0;
    for (let after: bigint | undefined = 0n; after !== undefined; requests += 1) {
      const readBefore = counts.read;
      const rest = entries.filter(({ position }) => position > (after ?? 0n));
      const selection = await selectDeliveries(rest, { filter, signal, pause: noPause });
      // A search costs as many units as it passes characters: 16 million of them are 5 such messages.
      expect(counts.read - readBefore).toBeLessThanOrEqual(6);
      found.push(...positions(selection));
      after = selection.readTo;
    }
    expect(found).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(requests).toBeGreaterThan(10);
  });

  it('suffices for a few terms on all kept messages of a channel, of the largest size', async () => {
    const { entry } = makeEntries();
    const entries = range(100).map((at) => entry(at, { text }));
    const selection = await selectDeliveries(entries, {
      filter: parseFilter("data.text like 'x*' && n > 0"),
      signal,
    });
    expect(selection.deliveries).toHaveLength(100);
    expect(selection.readTo).toBeUndefined();
  });
});
