/** The store operations of a heartbeat: most applications send the same callback each time, and are renewed by one operation. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, defaultConfig } from '../../../../src/config.ts';
import { openStore } from '../../../../src/store/open.ts';
import type { Store } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { suiteRedis } from '../../../suite-redis.ts';

const tenant = 'pbx/default';
/** Operations of the delivery, which does not depend on heartbeats, and members that are not operations. */
const ofOthers = new Set(['topicBounds', 'readTopics', 'wait', 'observe', 'observeResets', 'knownLeaseMs']);

interface Node extends StartedApp {
  /** Returns the operations since the last call, in order. */
  steps(): string[];
}

let folder: string;
const redis = suiteRedis();
let nodes: Node[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) await node.close();
  rmSync(folder, { recursive: true });
});

async function startNode(settings: Partial<Config>, shared?: Store): Promise<Node> {
  const steps: string[] = [];
  const store = new Proxy(shared ?? (await openStore(defaultConfig(settings))), {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const [input] = args as [{ readonly tenant?: string } | undefined];
        // Nodes over Redis tell each other of themselves beside.
        if (!ofOthers.has(name) && input?.tenant === tenant) steps.push(name);
        return Reflect.apply(member, target, args);
      };
    },
  });
  const node = { ...(await startApp(settings, { store })), steps: () => steps.splice(0) };
  nodes.push(node);
  return node;
}

type Fields = Readonly<Record<string, string | number>>;
const post = async ({ app }: Node, path: string, payload: string, type = 'application/json') =>
  (
    await app.inject({ method: 'POST', url: `/api/${path}`, headers: { 'content-type': type }, payload })
  ).json();
const login = async (node: Node): Promise<string> => {
  const fields = { username: 'api', password: 'x', port: '8260' };
  const { token } = await post(node, 'v1.1.0/login', JSON.stringify(fields));
  node.steps();
  return token;
};
/** Returns the store operations of a heartbeat. */
const beat = async (node: Node, token: string, fields?: Fields): Promise<string[]> => {
  const body = fields === undefined ? '' : JSON.stringify(fields);
  expect(await post(node, `v1.1.0/heartbeat?token=${token}`, body)).toEqual({ status: 'Success' });
  return node.steps();
};
const lease = ({ store }: Node, token: string) => store.read({ tenant, group: 'api', holder: token });
const goesTo = async (node: Node, token: string): Promise<unknown> =>
  JSON.parse((await lease(node, token))?.data ?? '{}').callback;

const here = { ipaddr: '10.0.0.1', port: '8260', url: 'report', urltag: '0' };
const there = { ipaddr: '10.0.0.2', port: '8261', url: '10.0.0.3/r', urltag: '1' };
const hereUrl = 'http://10.0.0.1:8260/report';
const thereUrl = 'http://10.0.0.3/r';

const renewal = ['beat'];
const move = ['beat', 'readDocuments', 'setData'];

describe.each([
  ['a file', (): Partial<Config> => ({ data: join(folder, 'leases.db') })],
  ['Redis', (): Partial<Config> => ({ redisUrl: redis.url })],
])('on %s, a heartbeat', (_what, settings) => {
  it.each([
    ['names nothing', undefined, ''],
    ['says an empty object', {}, ''],
    ['names the same callback', here, ''],
    ['spells it otherwise', { ...here, port: 8_260, urltag: 0, ipaddr: ' 10.0.0.1 ' }, ''],
    ['says the tag by its other name', { ipaddr: '10.0.0.1', port: 8_260, url: 'report', urlflag: '0' }, ''],
    ['names the same url alone', { url: 'report', urltag: '0' }, ''],
    ['names it in the query', undefined, '&ipaddr=10.0.0.1&port=8260&url=report&urltag=0'],
  ])('that %s is one operation and changes no stored callback', async (_how, fields, query) => {
    const node = await startNode(settings());
    const token = await login(node);
    expect(await beat(node, token, here)).toEqual(move);
    const before = await lease(node, token);
    node.steps();
    const changes: string[] = [];
    node.store.observe(({ type }) => changes.push(type));
    expect(await beat(node, `${token}${query}`, fields)).toEqual(renewal);
    expect(await beat(node, `${token}${query}`, fields)).toEqual(renewal);
    expect(changes).toEqual([]);
    const after = await lease(node, token);
    expect([after?.data, after?.epoch]).toEqual([before?.data, before?.epoch]);
    expect(await goesTo(node, token)).toBe(hereUrl);
  });

  it('with another callback moves it once', async () => {
    const node = await startNode(settings());
    const token = await login(node);
    await beat(node, token, here);
    expect(await beat(node, token, there)).toEqual(move);
    expect(await beat(node, token, there)).toEqual(renewal);
    expect(await goesTo(node, token)).toBe(thereUrl);
    node.steps();
    expect(await beat(node, token, here)).toEqual(move);
    expect(await goesTo(node, token)).toBe(hereUrl);
  });

  it('that changes only the version writes it without further reads', async () => {
    const node = await startNode(settings());
    const token = await login(node);
    await beat(node, token, here);
    expect(await beat(node, token, { ...here, version: '2.0.0' })).toEqual(['beat', 'setData']);
    expect(await beat(node, token, { ...here, version: '2.0.0' })).toEqual(renewal);
    expect(JSON.parse((await lease(node, token))?.data ?? '{}')).toMatchObject({ version: '2.0.0' });
  });

  it('after a restart is one operation for the same callback, and moves another one', async () => {
    const first = await startNode(settings());
    const token = await login(first);
    await beat(first, token, here);
    await first.close();
    const second = await startNode(settings());
    expect(await beat(second, token, here)).toEqual(renewal);
    expect(await goesTo(second, token)).toBe(hereUrl);
    second.steps();
    expect(await beat(second, token, there)).toEqual(move);
    expect(await goesTo(second, token)).toBe(thereUrl);
  });

  it('sees a callback that another node moved', async () => {
    const one = await startNode(settings());
    // A file is for one process: there two apps over its store are what two nodes are elsewhere.
    const two = await startNode(settings(), settings().data === undefined ? undefined : one.store);
    const token = await login(one);
    await beat(one, token, here);
    await beat(one, token, here);
    await beat(two, token, there);
    expect(await goesTo(one, token)).toBe(thereUrl);
    one.steps();
    expect(await beat(one, token)).toEqual(renewal);
    expect(await beat(one, token, there)).toEqual(renewal);
    expect(await goesTo(two, token)).toBe(thereUrl);
    one.steps();
    expect(await beat(one, token, here)).toEqual(move);
    expect(await goesTo(two, token)).toBe(hereUrl);
    await post(two, `v1.1.0/logout?token=${token}`, '');
    expect(await post(one, `v1.1.0/heartbeat?token=${token}`, JSON.stringify(here))).toEqual({
      status: 'Failed',
      errno: '20004',
    });
  });

  it('in the words of before moves back what another node moved meanwhile', async () => {
    const one = await startNode(settings());
    const two = await startNode(settings(), settings().data === undefined ? undefined : one.store);
    const token = await login(one);
    await beat(one, token, here);
    await beat(one, token, here);
    await beat(two, token, there);
    one.steps();
    expect(await beat(one, token, here)).toEqual(move);
    expect(await goesTo(two, token)).toBe(hereUrl);
    one.steps();
    expect(await beat(one, token, here)).toEqual(renewal);
    expect(await beat(one, token, here)).toEqual(renewal);
  });

  it('in the words of before is refused again where the strict profile applies', async () => {
    const node = await startNode(settings());
    const token = await login(node);
    const text = JSON.stringify({ url: 'report' });
    const send = (version: string) => post(node, `${version}/heartbeat?token=${token}`, text);
    for (let time = 0; time < 3; time += 1) expect(await send('v1.1.0')).toEqual({ status: 'Success' });
    expect(await send('v0.0.1')).toEqual({ status: 'Failed', errno: '10004' });
    expect(await send('v1.1.0')).toEqual({ status: 'Success' });
  });
});
