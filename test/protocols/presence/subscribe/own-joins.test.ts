import { afterEach, beforeEach, expect, it } from 'vitest';
import { beforeOwnJoins } from '../../../../src/protocols/presence/membership/own-joins.ts';
import { leaseEventsTopic } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

const key = 'sub-c-demo';

interface PollReply {
  readonly t: { readonly t: string };
  readonly m: readonly {
    readonly c: string;
    readonly d: { readonly action?: string; readonly uuid?: string };
  }[];
}

let started: StartedApp;
let wallMs: number;
beforeEach(async () => {
  wallMs = 1_795_232_012_345;
  started = await startApp({ presenceHoldSeconds: 1 }, { wallMs: () => wallMs });
});
afterEach(() => started.close());

const get = async <T>(url: string): Promise<T> => {
  const reply = await started.app.inject({ method: 'GET', url });
  expect(reply.statusCode).toBe(200);
  return JSON.parse(reply.body) as T;
};
const beat = (channel: string, query: string) =>
  get(`/v2/presence/sub-key/${key}/channel/${channel}/heartbeat?${query}`);
const subscribe = (channels: string, query: string) =>
  get<PollReply>(`/v2/subscribe/${key}/${channels}/0?${query}`);
const publish = (channel: string, message: number) =>
  get<[number, string, string]>(`/publish/p/${key}/0/${channel}/0/${message}`);

/** Subscribes as an SDK does: from the timetoken of a first reply on. Returns the actions of presence events, and messages. */
async function receive(channels: string, query: string): Promise<unknown[]> {
  const { t } = await subscribe(channels, query);
  const { m } = await subscribe(channels, `${query}&tt=${t.t}`);
  return m.map(({ d }) => (typeof d === 'object' ? `${d.action} ${d.uuid}` : d));
}

it('a client whose heartbeat overtakes its subscribe receives its own join', async () => {
  await beat('ch', 'uuid=ann');
  expect(await receive('ch,ch-pnpres', 'uuid=ann')).toEqual(['join ann']);
});

it('a client whose heartbeat overtakes its subscribe receives its own join through a group and through a pattern', async () => {
  await get(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x`);
  await beat(',', 'uuid=ann&channel-group=g,g-pnpres');
  expect(await receive(',', 'uuid=ann&channel-group=g,g-pnpres')).toEqual(['join ann']);
  await beat('foo.%2A', 'uuid=bob');
  expect(await receive('foo.%2A', 'uuid=bob')).toEqual(['join bob']);
});

it('a client whose heartbeat overtakes its subscribe receives its own join also where others subscribe already', async () => {
  await subscribe('ch-pnpres', 'uuid=eve');
  await beat('ch', 'uuid=ann');
  expect(await receive('ch,ch-pnpres', 'uuid=ann')).toEqual(['join ann']);
});

it('a client that joined long before its first subscribe receives no join', async () => {
  await beat('ch', 'uuid=ann');
  wallMs += 2_000;
  await beat('ch', 'uuid=ann');
  expect(await receive('ch,ch-pnpres', 'uuid=ann')).toEqual([]);
});

it('a client receives its own join once, and only what came after it', async () => {
  await publish('ch', 1);
  await beat('ch', 'uuid=ann');
  await beat('ch', 'uuid=ann');
  expect(await receive('ch,ch-pnpres', 'uuid=ann')).toEqual(['join ann']);
  const again = await subscribe('ch,ch-pnpres', 'uuid=ann');
  await publish('ch', 2);
  const { m } = await subscribe('ch,ch-pnpres', `uuid=ann&tt=${again.t.t}`);
  expect(m.map(({ d }) => d)).toEqual([2]);
});

it('the join of another client is no reason to begin earlier', async () => {
  await beat('ch', 'uuid=ann');
  const sent = await publish('ch', 1);
  const { t } = await subscribe('ch,ch-pnpres', 'uuid=bob');
  expect(BigInt(t.t) >= BigInt(sent[2])).toBe(true);
});

it('a subscribe without presence events begins now', async () => {
  await beat('ch', 'uuid=ann');
  const sent = await publish('ch', 1);
  const { t } = await subscribe('ch', 'uuid=ann');
  expect(BigInt(t.t) >= BigInt(sent[2])).toBe(true);
});

it('a join that is older than the delay of the real service is not received again', async () => {
  const tenant = `presence/${key}`;
  await started.store.watchEvents({ tenant, groups: ['ch'], prefixes: [], forMs: 60_000 });
  await beat('ch', 'uuid=ann');
  const { timetoken } = await started.store.now({ tenant });
  const begin = (now: bigint) =>
    beforeOwnJoins(started.store, { tenant, uuid: 'ann' }, [leaseEventsTopic('ch')], now);
  expect((await begin(timetoken)) < timetoken).toBe(true);
  const later = timetoken + 30_000_000n;
  expect(await begin(later)).toBe(later);
});

it('a client whose heartbeat and subscribe come at once receives its own join', async () => {
  const lost: string[] = [];
  for (let at = 0; at < 20; at += 1) {
    const uuid = `u${at}`;
    const requests = [
      () => beat(`ch${at}`, `uuid=${uuid}`),
      () => receive(`ch${at},ch${at}-pnpres`, `uuid=${uuid}`),
    ];
    const replies = await Promise.all(requests.map((send) => send()));
    if (!JSON.stringify(replies[1]).includes(`join ${uuid}`)) lost.push(uuid);
  }
  expect(lost).toEqual([]);
});
