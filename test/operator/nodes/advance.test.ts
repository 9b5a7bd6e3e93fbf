import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedApp } from '../../start-app.ts';
import { startAppOverStore } from '../../start-app.ts';
import { suiteRedis } from '../../suite-redis.ts';
import { startNode } from './two-nodes.ts';

/** What clients do between advances. */
const act = fc.record({
  client: fc.constantFrom('ann', 'bob', 'cid'),
  protocol: fc.constantFrom('presence', 'sls'),
  channel: fc.constantFrom('lobby', 'attic'),
  ttl: fc.integer({ min: 20, max: 40 }),
});
const round = fc.record({
  acts: fc.array(act, { maxLength: 4 }),
  seconds: fc.integer({ min: 1, max: 25 }),
});
type Act = { client: string; protocol: string; channel: string; ttl: number };

interface Reply {
  readonly status: number;
  readonly json: { readonly [name: string]: unknown };
}

/** Calls the nodes in turn, for a project and a subscribe key of the run's own, with a frozen clock each. */
function makeRun(nodes: readonly StartedApp[]) {
  const id = randomUUID();
  const tenants = [`presence/${id}`, `sls/${id}`];
  const reported = new Map<string, string>();
  /** The dates at which the tenants were frozen. */
  const startMs = new Map<string, number>();
  let turn = 0;
  const call = async (method: 'GET' | 'POST', url: string, payload?: string | object): Promise<Reply> => {
    turn += 1;
    const host = url.startsWith('/_') ? '127.0.0.1' : `${id}.cn-hangzhou.log.aliyuncs.com`;
    const reply = await nodes[turn % nodes.length]?.app.inject({
      ...{ method, url, headers: { host } },
      ...(payload === undefined ? {} : { payload }),
    });
    if (reply === undefined) throw new Error('there is no node');
    return { status: reply.statusCode, json: reply.body === '' ? {} : reply.json() };
  };
  const groups = '/logstores/store/consumergroups';
  const setUp = async (): Promise<void> => {
    await call('POST', '/', { projectName: id, description: '' });
    await call('POST', '/logstores', { logstoreName: 'store', ttl: 1, shardCount: 4 });
    await call('POST', groups, { consumerGroup: 'cg', timeout: 20, order: false });
    for (const tenant of tenants) {
      const { json } = await call('POST', '/_heartbeatd/clock', { tenant, freeze: true });
      startMs.set(tenant, (json.clock as { dateMs: number }).dateMs);
    }
  };
  /** Sends a heartbeat. Returns the status: a consumer whose lease ended is refused once if it reports shards. */
  const perform = async ({ client, protocol, channel, ttl }: Act): Promise<number> => {
    if (protocol === 'presence') {
      const path = `/v2/presence/sub-key/${id}/channel/${channel}/heartbeat`;
      return (await call('GET', `${path}?uuid=${client}&heartbeat=${ttl}`)).status;
    }
    const held = reported.get(client) ?? '[]';
    const reply = await call('POST', `${groups}/cg?type=heartbeat&consumer=${client}`, held);
    if (reply.status === 200) reported.set(client, JSON.stringify(reply.json));
    else reported.delete(client);
    return reply.status;
  };
  return { id, tenants, startMs, call, setUp, perform };
}
type Run = ReturnType<typeof makeRun>;

/** Advances both tenants. Returns what expired and when, in ms since the clocks were frozen. */
async function advance({ tenants, startMs, call }: Run, seconds: number): Promise<readonly string[]> {
  const all: string[] = [];
  for (const tenant of tenants) {
    const { json } = await call('POST', '/_heartbeatd/clock', { tenant, advance: `${seconds}s` });
    expect(json).toMatchObject({ settled: true, advancedMs: seconds * 1_000 });
    for (const { date, group, holder } of json.fired as { date: string; group: string; holder: string }[])
      all.push(`${Date.parse(date) - (startMs.get(tenant) ?? 0)} ${group} ${holder}`);
  }
  return all;
}

/** What can be seen of the tenants, without what counts on over all runs. */
async function stateOf({ id, tenants, call }: Run): Promise<unknown> {
  const seen = await Promise.all(
    tenants.map(async (tenant) => (await call('GET', `/_heartbeatd/leases?tenant=${tenant}`)).json),
  );
  const text = JSON.stringify(seen, (name, value) =>
    name === 'epoch' || name === 'revision' ? undefined : value,
  );
  return JSON.parse(text.replaceAll(id, 'own'));
}

/** The events of both tenants but those of the clock, sorted, since nodes publish side by side. */
async function eventsOf({ id, call }: Run): Promise<readonly string[]> {
  const all: string[] = [];
  for (const type of ['lease.*', 'shard.*', 'presence.*']) {
    const match = { tenant: `*/${id}`, type };
    const { json } = await call('POST', '/_heartbeatd/verify', { of: 'events', match });
    const entries = json.entries as { type: string; group?: string; holder?: string; shard?: number }[];
    expect(json.count).toBe(entries.length);
    for (const { type: name, group = '', holder = '', shard = '' } of entries)
      all.push(`${name} ${group} ${holder} ${shard}`);
  }
  return all.sort();
}

/** Checks that one advance of n seconds is n advances of one: what expires when, the state after each round, and the events. */
async function expectSame(nodes: readonly StartedApp[], numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), async (rounds) => {
      const [atOnce, byOnes] = [makeRun(nodes), makeRun(nodes)];
      for (const run of [atOnce, byOnes]) await run.setUp();
      for (const { acts, seconds } of rounds) {
        for (const each of acts) expect(await byOnes.perform(each)).toBe(await atOnce.perform(each));
        const fired: string[] = [];
        for (let done = 0; done < seconds; done += 1) fired.push(...(await advance(byOnes, 1)));
        expect(fired.sort()).toEqual([...(await advance(atOnce, seconds))].sort());
        expect(await stateOf(byOnes)).toEqual(await stateOf(atOnce));
      }
      expect(await eventsOf(byOnes)).toEqual(await eventsOf(atOnce));
    }),
    { numRuns, endOnFailure: true },
  );
}

describe('one advance of n seconds is the same as n advances of one, in events and in state', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-advance-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['memory', 'file'])('on a node by itself, in %s', async (where) => {
    const settings = { journal: 'off', data: where === 'file' ? join(folder, 'leases.db') : '' } as const;
    const node = await startAppOverStore(settings);
    await expectSame([node], 8);
    await node.close();
  });

  describe('over Redis', () => {
    const redis = suiteRedis();

    it('on two nodes in turn', async () => {
      const nodes = [await startNode(redis, {}, {}), await startNode(redis, {}, {})];
      await expectSame(nodes, 4);
      await Promise.all(nodes.map((node) => node.close()));
    });
  });
});
