import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../src/protocols/presence/filter.ts';
import { type Entry, matching, maxHeard } from '../../../src/protocols/presence/matching.ts';

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
const positions = ({ heard }: { readonly heard: readonly { readonly position: bigint }[] }): number[] =>
  heard.map(({ position }) => Number(position));

describe('what a subscriber gets', () => {
  it('is in order, once, and through the lowest of its names', async () => {
    const { entry } = makeEntries();
    const entries = [entry(2, { rank: 2 }), entry(2, { rank: 1 }), entry(2, { channel: 'other' }), entry(1)];
    const { heard, lookedTo } = await matching(entries, { filter: undefined, signal });
    expect(heard.map(({ position, channel, via }) => `${position} ${channel} ${via}`)).toEqual([
      '1 ch rank 0',
      '2 other rank 0',
      '2 ch rank 1',
    ]);
    expect(lookedTo).toBeUndefined();
  });

  it('ends with the timetoken of the hundredth, of which nothing is left out', async () => {
    const { entry, counts } = makeEntries();
    const entries = range(10_000).map((at) => entry(at));
    const shared = range(5).map((at) => entry(maxHeard, { channel: `ch ${at}` }));
    const { heard } = await matching([...entries, ...shared], { filter: undefined, signal });
    expect(heard).toHaveLength(maxHeard + 5);
    expect(heard.at(-1)?.position).toBe(BigInt(maxHeard));
    // What comes later is not even decoded.
    expect(counts.read).toBe(maxHeard + 5);
  });
});

describe('filter work', () => {
  const text = 'x'.repeat(32 * kib);
  const searches = (count: number) =>
    parseFilter(Array.from({ length: count }, () => "data.text contains 'y'").join('||'));

  it('parses each payload once, and none for an expression on metadata', async () => {
    const { entry, counts } = makeEntries();
    const entries = range(50).map((at) => entry(at, { text: 'x' }));
    await matching(entries, { filter: searches(100), signal });
    expect(counts.parsed).toBe(50);
    expect(positions(await matching(entries, { filter: parseFilter('n > 48'), signal }))).toEqual([49, 50]);
    expect(counts.parsed).toBe(50);
  });

  it('is interrupted at least once for every megabyte and the message that goes over it', async () => {
    const { entry } = makeEntries();
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const filter = searches(30);
    // 30 searches through 32 KiB are nearly a million units.
    const entries = range(10).map((at) => entry(at, { text }));
    expect(await matching(entries, { filter, signal, pause })).toEqual({ heard: [] });
    expect(pauses).toBeGreaterThanOrEqual(8);
  });

  it('ends when the client is gone', async () => {
    const { entry, counts } = makeEntries();
    const client = new AbortController();
    const entries = range(100).map((at) => entry(at, { text }));
    const pause = async () => client.abort();
    const { lookedTo } = await matching(entries, { filter: searches(60), signal: client.signal, pause });
    expect(lookedTo).toBe(1n);
    expect(counts.read).toBe(1);
  });

  it('for one request is bounded; the next goes on where it ended, and nothing is lost', async () => {
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
      const answer = await matching(rest, { filter, signal, pause: noPause });
      // A search costs as many units as it passes characters: 16 million of them are 5 such messages.
      expect(counts.read - readBefore).toBeLessThanOrEqual(6);
      found.push(...positions(answer));
      after = answer.lookedTo;
    }
    expect(found).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(requests).toBeGreaterThan(10);
  });

  it('allows for a few terms on all that is kept of a channel of the largest messages', async () => {
    const { entry } = makeEntries();
    const entries = range(100).map((at) => entry(at, { text }));
    const answer = await matching(entries, { filter: parseFilter("data.text like 'x*' && n > 0"), signal });
    expect(answer.heard).toHaveLength(100);
    expect(answer.lookedTo).toBeUndefined();
  });
});
