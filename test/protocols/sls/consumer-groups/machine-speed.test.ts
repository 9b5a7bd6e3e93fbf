/** Consumer groups at the speed of requests: no reply depends on real time passing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedApp, startApp, startAppOverStore } from '../../../start-app.ts';
import { suiteRedis } from '../../../suite-redis.ts';
import { groups, host } from '../service.ts';

const timeoutSeconds = 4;
const shardCount = 4;
/** Dates of heartbeats. `skewed`: each consumer has a clock of its own, which advances by a second per heartbeat. */
const kindsOfDates = ['none', 'equal', 'skewed'] as const;
type Dates = (typeof kindsOfDates)[number];

const redis = suiteRedis();
const nodes: Record<string, readonly StartedApp[]> = {};
beforeAll(async () => {
  const overRedis = () => startAppOverStore({ redisUrl: redis.url });
  nodes.embedded = [await startApp({})];
  nodes['two nodes over Redis'] = [await overRedis(), await overRedis()];
  for (const [first] of Object.values(nodes)) await first?.store.freezeClock();
});
afterAll(async () => {
  for (const node of Object.values(nodes).flat()) await node.close();
});

/** A consumer group in a project of its own, whose consumers send heartbeats to the nodes in turn. */
class Exchange {
  readonly #nodes: readonly StartedApp[];
  readonly #dates: Dates;
  readonly #host: string;
  #turn = 0;

  constructor(store: string, dates: Dates, project: string) {
    this.#nodes = nodes[store] ?? [];
    this.#dates = dates;
    this.#host = host.replace('my-project', project);
  }

  async #call(method: 'GET' | 'POST', url: string, body?: unknown, headers: Record<string, string> = {}) {
    this.#turn += 1;
    const node = this.#nodes[this.#turn % this.#nodes.length];
    if (node === undefined) throw new Error('there is no node');
    return node.app.inject({
      method,
      url,
      headers: { host: this.#host, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
  }

  async setUp(shards: number): Promise<this> {
    await this.#call('POST', '/', { projectName: this.#host.split('.', 1)[0] });
    await this.#call('POST', '/logstores', { logstoreName: 'my-logstore', ttl: 30, shardCount: shards });
    const made = await this.#call('POST', groups, { consumerGroup: 'cg', timeout: timeoutSeconds });
    expect(made.statusCode).toBe(200);
    return this;
  }

  async beat(consumer: string, held: readonly number[], date?: string): Promise<string> {
    const url = `${groups}/cg?type=heartbeat&consumer=${consumer}`;
    const said = date ?? this.#dateOf(consumer);
    const answer = await this.#call('POST', url, held, said === undefined ? {} : { date: said });
    if (answer.statusCode === 200) return answer.body;
    return `${answer.statusCode} ${(answer.json() as { errorCode: string }).errorCode}`;
  }

  #dateOf(consumer: string): string | undefined {
    if (this.#dates === 'none') return undefined;
    const skew = this.#dates === 'equal' ? 0 : consumer.charCodeAt(0) * 86_400 + this.#turn;
    return new Date(Date.UTC(2026, 10, 21, 1, 43) + skew * 1_000).toUTCString();
  }

  async pass(seconds: number): Promise<void> {
    await this.#nodes[0]?.store.advanceClock(Math.round(seconds * 1_000));
  }

  /** Replays lines `<seconds> <consumer> <held> => <reply>`; a line without seconds follows at once. Returns them with the actual replies. */
  async replay(lines: readonly string[]): Promise<string[]> {
    let now = 0;
    const happened: string[] = [];
    for (const line of lines) {
      const [, at, consumer = '', held = ''] = /^([\d.]+ )?(\w+) (\[.*?\]) => /.exec(line) ?? [];
      if (at !== undefined) {
        await this.pass(Number(at) - now);
        now = Number(at);
      }
      const answer = await this.beat(consumer, JSON.parse(held) as number[]);
      happened.push(`${at ?? ''}${consumer} ${held} => ${answer}`);
    }
    return happened;
  }
}

let projects = 0;
const exchange = (store: string, dates: Dates, shards = shardCount): Promise<Exchange> => {
  projects += 1;
  return new Exchange(store, dates, `project-${projects}`).setUp(shards);
};

const releaseAtOnce = [
  'A [] => [0,1]',
  'B [] => []',
  'A [0,1] => [0]',
  'A [0] => [0]',
  'B [] => [1]',
  'B [1] => [1]',
];

/** A joins, hands over to B, crashes and joins again. */
const life = [
  'A [] => [0,1,2,3]',
  'A [0,1,2,3] => [0,1,2,3]',
  'B [] => []',
  'A [0,1,2,3] => [0,1]',
  'B [] => []',
  'A [0,1,2,3] => [0,1]',
  'A [0,1] => [0,1]',
  'B [] => [2,3]',
  'B [2,3] => [2,3]',
  '3 B [2,3] => [2,3]',
  // A sent nothing for its timeout.
  '4 B [2,3] => [0,1,2,3]',
  'A [0,1] => 400 NotExistConsumerWithBody',
  'B [0,1,2,3] => [0,1,2,3]',
  'A [] => []',
  'B [0,1,2,3] => [0,1]',
  'B [0,1] => [0,1]',
  'A [] => [2,3]',
  'A [2,3] => [2,3]',
  // A's process is restarted before its lease ended.
  'A [] => [2,3]',
  'C [] => []',
  'A [2,3] => [2,3]',
  'B [0,1] => [0]',
  'B [0] => [0]',
  'C [] => [1]',
];

describe.each(['embedded', 'two nodes over Redis'])('%s', (store) => {
  describe.each(kindsOfDates)('with dates: %s', (dates) => {
    it('a consumer that releases a shard at once hands it over, a hundred times in a row', async () => {
      for (let time = 0; time < 100; time += 1) {
        expect(await (await exchange(store, dates, 2)).replay(releaseAtOnce)).toEqual(releaseAtOnce);
      }
    }, 120_000);

    it('join, hand-over, crash and rejoin take a fixed number of heartbeats, a hundred times in a row', async () => {
      for (let time = 0; time < 100; time += 1) {
        expect(await (await exchange(store, dates)).replay(life)).toEqual(life);
      }
    }, 120_000);

    it('the captured hand-over and crash go as documented', async () => {
      const lines = [
        '0.8 A [] => [0,1,2,3]',
        '2.8 A [0,1,2,3] => [0,1,2,3]',
        '4.8 A [0,1,2,3] => [0,1,2,3]',
        '6.8 B [] => []',
        '6.8 A [0,1,2,3] => [0,1]',
        '8.8 A [0,1,2,3] => [0,1]',
        '8.8 B [] => []',
        '10.8 B [] => []',
        '10.8 A [0,1] => [0,1]',
        '12.8 A [0,1] => [0,1]',
        '12.8 B [] => [2,3]',
        '14.8 A [0,1] => [0,1]',
        '14.8 B [2,3] => [2,3]',
        '16.8 A [0,1] => [0,1]',
        '16.8 B [2,3] => [2,3]',
        '18.8 A [0,1] => [0,1]',
        '18.8 B [2,3] => [2,3]',
        '20.8 A [0,1] => [0,1]',
        '22.8 A [0,1] => [0,1,2,3]',
      ];
      expect(await (await exchange(store, dates)).replay(lines)).toEqual(lines);
    });

    it('the captured freeze goes as documented', async () => {
      const lines = [
        '0.8 A [] => [0,1]',
        '2.8 A [0,1] => [0,1]',
        '3.8 B [] => []',
        '4.8 A [0,1] => [0]',
        '5.8 B [] => []',
        '6.8 A [0] => [0]',
        '7.8 B [] => [1]',
        '8.8 A [0] => [0]',
        '9.8 B [1] => [1]',
        '11.8 B [1] => [1]',
        '13.8 B [1] => [0,1]',
        '15.8 B [0,1] => [0,1]',
        '16.6 A [0] => 400 NotExistConsumerWithBody',
        '17.8 B [0,1] => [0,1]',
        '18.6 A [] => []',
        '19.8 B [0,1] => [0]',
        '20.6 A [] => []',
        '21.8 B [0,1] => [0]',
        '22.6 A [] => []',
        '23.8 B [0] => [0]',
        '24.6 A [] => [1]',
      ];
      expect(await (await exchange(store, dates, 2)).replay(lines)).toEqual(lines);
    });

    it('sixteen shards settle on six concurrent consumers, and no shard is in two replies', async () => {
      const group = await exchange(store, dates, 16);
      const held = new Map(['A', 'B', 'C', 'D', 'E', 'F'].map((name) => [name, [] as number[]]));
      for (let round = 0; round < 5; round += 1) {
        const answers = await Promise.all(
          [...held].map(async ([name, list]) => [name, JSON.parse(await group.beat(name, list))] as const),
        );
        for (const [name, list] of answers) held.set(name, list);
        const all = [...held.values()].flat();
        expect(new Set(all).size).toBe(all.length);
      }
      const loads = [...held.values()].map(({ length }) => length);
      expect(loads.reduce((total, load) => total + load, 0)).toBe(16);
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
    });
  });

  const date = (second: number): string =>
    new Date(Date.UTC(2026, 10, 21, 1, 43) + second * 1_000).toUTCString();

  it('a heartbeat older than the last processed one releases nothing', async () => {
    const group = await exchange(store, 'none', 2);
    expect(await group.beat('A', [], date(10))).toBe('[0,1]');
    expect(await group.beat('A', [0, 1], date(10))).toBe('[0,1]');
    expect(await group.beat('B', [], date(0))).toBe('[]');
    expect(await group.beat('A', [0, 1], date(12))).toBe('[0]');
    for (const late of [9, 10, 11]) {
      expect(await group.beat('A', [0], date(late))).toBe('[0]');
      expect(await group.beat('B', [], date(0))).toBe('[]');
    }
    expect(await group.beat('A', [0], date(12))).toBe('[0]');
    expect(await group.beat('B', [], date(0))).toBe('[1]');
  });

  it.each([
    ['no date', undefined],
    ['the same date', date(10)],
  ])(
    'a copy of the heartbeat whose reply assigned a shard, with %s, releases nothing',
    async (_what, said) => {
      const group = await exchange(store, 'none', 2);
      expect(await group.beat('A', [], said)).toBe('[0,1]');
      expect(await group.beat('B', [], said)).toBe('[]');
      expect(await group.beat('A', [], said)).toBe('[0]');
      expect(await group.beat('B', [], said)).toBe('[]');
      expect(await group.beat('A', [0, 1], said)).toBe('[0]');
      expect(await group.beat('A', [0], said)).toBe('[0]');
      expect(await group.beat('B', [], said)).toBe('[1]');
    },
  );

  it.each([
    ['far from the server’s', date(0), new Date(0).toUTCString(), date(10 ** 8)],
    ['unreadable', 'yesterday', 'Thu, 01 Jan 1960 00:00:00 GMT', '20261399T999999Z'],
  ])('dates that are %s order the heartbeats of their own consumer only', async (_what, a, b, c) => {
    const group = await exchange(store, 'none', 3);
    expect(await group.beat('A', [], a)).toBe('[0,1,2]');
    expect(await group.beat('A', [0, 1, 2], a)).toBe('[0,1,2]');
    expect(await group.beat('B', [], b)).toBe('[]');
    expect(await group.beat('C', [], c)).toBe('[]');
    expect(await group.beat('A', [0, 1, 2], a)).toBe('[0]');
    expect(await group.beat('A', [0], a)).toBe('[0]');
    const [second, third] = [await group.beat('B', [], b), await group.beat('C', [], c)];
    expect([second, third].sort()).toEqual(['[1]', '[2]']);
  });
});

it('a clock that was set back delays a hand-over by one timeout of the group at most', async () => {
  const group = await exchange('embedded', 'none', 2);
  const date = (second: number): string =>
    new Date(Date.UTC(2026, 10, 21, 1, 43) + second * 1_000).toUTCString();
  await group.beat('A', [], date(7_200));
  await group.beat('A', [0, 1], date(7_201));
  await group.beat('B', []);
  expect(await group.beat('A', [0, 1], date(0))).toBe('[0]');
  for (let second = 0; second < timeoutSeconds; second += 1) {
    expect(await group.beat('A', [0], date(second))).toBe('[0]');
    expect(await group.beat('B', [])).toBe('[]');
    await group.pass(1);
  }
  expect(await group.beat('A', [0], date(timeoutSeconds))).toBe('[0]');
  expect(await group.beat('B', [])).toBe('[1]');
});
