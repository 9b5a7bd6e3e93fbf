/** A client's whole life with the Access Manager on, while the clock of its keyset is moved, and that of another is not. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';

const wallMs = 1_760_000_000_000;
const keysets = ['mine', 'other'].map((name) => ({
  subscribeKey: `sub-${name}`,
  publishKey: `pub-${name}`,
  secretKey: `sec-${name}`,
}));
type Keyset = (typeof keysets)[number];
const [mine, other] = keysets as [Keyset, Keyset];

let started: StartedApp;
beforeEach(async () => {
  started = await startApp(
    {
      presenceAuth: 'verify',
      presenceKeys: keysets.map((keys) => `${keys.subscribeKey}:${keys.publishKey}:${keys.secretKey}`),
    },
    { wallMs: () => wallMs },
  );
  await started.store.freezeClock();
});
afterEach(() => started.close());

const ask = async (url: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', payload = '') => {
  const answer = await started.app.inject({ method, url, ...(payload === '' ? {} : { payload }) });
  return { status: answer.statusCode, json: JSON.parse(answer.body) };
};
/** Signs by wall time, as a client does that knows of no other. */
const askSigned = (keys: Keyset, path: string, method: 'POST' | 'DELETE', body = '') => {
  const query = `timestamp=${wallMs / 1_000}`;
  const text = [method, keys.publishKey, path, query, body].join('\n');
  const signature = createHmac('sha256', keys.secretKey).update(text).digest('base64url');
  return ask(`${path}?${query}&signature=v2.${signature}`, method, body);
};
const grantToken = async (keys: Keyset, ttl: number): Promise<string> => {
  const permissions = {
    uuid: 'ann',
    resources: { channels: { lobby: 3, 'lobby-pnpres': 1 }, groups: {} },
    patterns: {},
    meta: {},
  };
  const body = JSON.stringify({ ttl, permissions });
  return (await askSigned(keys, `/v3/pam/${keys.subscribeKey}/grant`, 'POST', body)).json.data.token;
};

class Client {
  readonly #keys: Keyset;
  token = '';
  tt = '0';
  constructor(keys: Keyset) {
    this.#keys = keys;
  }
  #query(): string {
    return `uuid=ann&auth=${this.token}`;
  }
  heartbeat() {
    const { subscribeKey } = this.#keys;
    return ask(`/v2/presence/sub-key/${subscribeKey}/channel/lobby/heartbeat?heartbeat=300&${this.#query()}`);
  }
  publish(text: string) {
    const { publishKey, subscribeKey } = this.#keys;
    return ask(`/publish/${publishKey}/${subscribeKey}/0/lobby/0/%22${text}%22?${this.#query()}`);
  }
  async subscribe(): Promise<readonly unknown[]> {
    const { subscribeKey } = this.#keys;
    const url = `/v2/subscribe/${subscribeKey}/lobby,lobby-pnpres/0?tt=${this.tt}&${this.#query()}`;
    const { json } = await ask(url);
    this.tt = json.t.t;
    return json.m.map(({ d }: { d: { action?: string } | string }) => (typeof d === 'string' ? d : d.action));
  }
}

const move = (advance: string) =>
  ask('/_heartbeatd/clock', 'POST', JSON.stringify({ tenant: `presence/${mine.subscribeKey}`, advance }));
const expired = { status: 403, json: { message: 'Token is expired' } };

it('a token, presence, timetokens and messages follow the clock of their keyset alone', async () => {
  const [ann, same] = [new Client(mine), new Client(other)];
  for (const [client, keys] of [
    [ann, mine],
    [same, other],
  ] as const) {
    client.token = await grantToken(keys, 10);
    await client.subscribe();
    expect((await client.heartbeat()).status).toBe(200);
  }
  const [, , before] = (await ann.publish('early')).json;
  expect(await ann.subscribe()).toEqual(['join', 'early']);

  const first = await move('6m');
  expect(first.json.fired).toMatchObject([{ holder: 'ann', group: 'lobby', type: 'lease.expired' }]);
  expect(await ann.subscribe()).toEqual(['timeout']);
  const [, , after] = (await ann.publish('late')).json;
  const passedMs = Number((BigInt(after) - BigInt(before)) / 10_000n);
  expect(passedMs).toBeGreaterThan(359_000);
  expect(passedMs).toBeLessThan(361_000);
  expect((await ann.heartbeat()).status).toBe(200);
  expect(await ann.subscribe()).toEqual(['join', 'late']);

  await move('4m');
  expect(await ann.publish('too late')).toMatchObject(expired);
  const revoked = await askSigned(mine, `/v3/pam/${mine.subscribeKey}/grant/${ann.token}`, 'DELETE');
  expect(revoked).toMatchObject({
    status: 400,
    json: { error: { message: 'Invalid token', details: [{ message: 'Token is expired.' }] } },
  });
  ann.token = await grantToken(mine, 1);
  expect((await ann.publish('again')).status).toBe(200);
  await move('61s');
  expect(await ann.publish('over')).toMatchObject(expired);

  // Nobody read for as long as messages are kept.
  ann.token = await grantToken(mine, 60);
  await move('21m');
  ann.token = await grantToken(mine, 60);
  const counts = await ask(
    `/v3/history/sub-key/${mine.subscribeKey}/message-counts/lobby?timetoken=1&uuid=ann&auth=${ann.token}`,
  );
  expect(counts.json.channels).toEqual({ lobby: 0 });

  // The other keyset has not moved by a millisecond.
  expect((await same.publish('still here')).status).toBe(200);
  expect(await same.subscribe()).toEqual(['join', 'still here']);
  const [, , unmoved] = (await same.publish('x')).json;
  expect(Number(BigInt(unmoved) / 10_000n) - wallMs).toBeLessThan(1_000);
});
