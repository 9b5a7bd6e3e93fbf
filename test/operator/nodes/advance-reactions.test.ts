/** One advance of n is n advances of 1 in what a node does by itself as time passes: attempts to deliver, intervals, ends of leases. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { type Receiver, startReceiver } from '../../protocols/pbx/receiver.ts';
import type { StartedApp } from '../../start-app.ts';
import { startAppOverStore } from '../../start-app.ts';
import { suiteRedis } from '../../suite-redis.ts';
import { startNode } from './two-nodes.ts';

/** Attempts to deliver a report that fail. */
const failures = fc.integer({ min: 0, max: 4 });
const plan = fc.record({
  reports: fc.array(failures, { minLength: 1, maxLength: 3 }),
  /** uuids with their TTL in seconds: more than two make a busy channel. */
  ttls: fc.array(fc.integer({ min: 20, max: 60 }), { minLength: 3, maxLength: 5 }),
  seconds: fc.integer({ min: 5, max: 70 }),
});
interface Plan {
  readonly reports: readonly number[];
  readonly ttls: readonly number[];
  readonly seconds: number;
}

const intervalSeconds = 10;
const settings = {
  ...{ journal: 'on', pbxReportAttempts: 3, pbxUrlCallback: true },
  ...{ presenceAnnounceMax: 2, presenceIntervalSeconds: intervalSeconds },
} as const satisfies Partial<Config>;

/** The jitter of retries takes four bytes: with the same ones, all runs attempt at the same times. */
const withoutJitter = (size: number): Buffer => (size === 4 ? Buffer.alloc(4, 0x80) : randomBytes(size));

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
});

/** Performs a plan on tenants of the run. Returns the events and the state, without names and readings of clocks of the run. */
async function perform(
  nodes: readonly StartedApp[],
  { reports, ttls, seconds }: Plan,
  step: number,
): Promise<string> {
  const id = randomUUID();
  const [pbx, presence] = [`pbx/${id}`, `presence/${id}`];
  let turn = 0;
  const call = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    turn += 1;
    const node = nodes[turn % nodes.length] as StartedApp;
    const reply = await node.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    expect(reply.statusCode, reply.body).toBeLessThan(300);
    return reply.json();
  };
  for (const tenant of [pbx, presence]) {
    await call('POST', '/_heartbeatd/clock', { tenant, freeze: true });
    // Intervals end at whole multiples of their length: all runs begin at one.
    const { dateMs } = await (nodes[0] as StartedApp).store.readClock(tenant);
    const advance = `${intervalSeconds * 1_000 - (dateMs % (intervalSeconds * 1_000))}ms`;
    await call('POST', '/_heartbeatd/clock', { tenant, advance });
  }
  const login = { username: `${id}/crm`, password: 'x', port: receiver.port };
  expect(await call('POST', '/api/v1.1.0/login', login)).toMatchObject({ status: 'Success' });
  for (const [at, times] of reports.entries()) {
    const report = { report: 'ExtensionStatus', extension: `${1_000 + at}`, status: 'Busy' };
    for (let failure = 0; failure < times; failure += 1)
      await call('POST', '/_heartbeatd/faults', {
        match: { direction: 'out', tenant: pbx, body: { extension: report.extension } },
        do: { drop: 'before' },
      });
    await call('POST', `/_heartbeatd/pbx/events?tenant=${pbx}`, report);
  }
  for (const [at, ttl] of ttls.entries())
    await call('GET', `/v2/presence/sub-key/${id}/channel/lobby/heartbeat?uuid=u${at}&heartbeat=${ttl}`);
  const seen: string[] = [];
  for (const tenant of [pbx, presence])
    for (let left = seconds; left > 0; left -= step) {
      const moved = await call('POST', '/_heartbeatd/clock', { tenant, advance: `${Math.min(step, left)}s` });
      expect(moved.settled).toBe(true);
    }
  for (const type of ['report.*', 'presence.*', 'lease.*', 'fault.fired']) {
    const match = { tenant: `*/${id}`, type };
    const { entries } = await call('POST', '/_heartbeatd/verify', {
      ...{ of: 'events', match, times: { atLeast: 0 } },
    });
    for (const { seq, at, leaseMs, cursor, epoch, revision, ...event } of entries as Record<
      string,
      unknown
    >[])
      seen.push(JSON.stringify(event));
  }
  seen.sort();
  for (const tenant of [pbx, presence]) {
    const { tenants } = await call('GET', `/_heartbeatd/state?tenant=${encodeURIComponent(tenant)}`);
    // Which node delivers, as long as it does.
    delete tenants[tenant].documents?.delivery;
    seen.push(JSON.stringify(tenants, null, 1));
  }
  return seen
    .join('\n')
    .replaceAll(id, 'own')
    .replaceAll(/[0-9a-f]{32}/g, 'token')
    .replaceAll(/fault-\d+/g, 'fault')
    .replaceAll(sessionKey, 'session')
    .replaceAll(/\d{13,}|(?<="offset": )\d+/g, 'reading');
}

/** Base64url of random bytes, which names an application's session. */
const sessionKey = /(?<=[-"])[\w-]{22}(?=")/g;

async function expectSame(nodes: readonly StartedApp[], numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(plan, async (wanted) => {
      const atOnce = await perform(nodes, wanted, wanted.seconds);
      expect(await perform(nodes, wanted, 1)).toBe(atOnce);
    }),
    { numRuns, endOnFailure: true },
  );
}

describe('one advance of n seconds is the same as n advances of one for deliveries, intervals and leases', () => {
  let folder: string;
  const redis = suiteRedis();
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-reactions-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['memory', 'file', 'redis'])('in %s', async (where) => {
    const changes: Partial<Config> = {
      ...settings,
      ...(where === 'file' ? { data: join(folder, 'leases.db') } : {}),
      ...(where === 'redis' ? { redisUrl: redis.url } : {}),
    };
    const node = await startAppOverStore(changes, { randomBytes: withoutJitter });
    await expectSame([node], 5);
    await node.close();
  });

  it('on two nodes in turn, over Redis', async () => {
    const options = { randomBytes: withoutJitter };
    const nodes = [await startNode(redis, settings, options), await startNode(redis, settings, options)];
    await expectSame(nodes, 3);
    await Promise.all(nodes.map((node) => node.close()));
  });
});
