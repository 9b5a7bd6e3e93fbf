/** The lists of protocols in pages, of what their clients do: calls, callbacks, problems, failed logins, held subscribes, reports. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { hashPassword } from '../../src/protocols/pbx/users/password.ts';
import { type StartedApp, startApp } from '../start-app.ts';

let folder: string;
let users: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-lists-'));
  users = join(folder, 'users.json');
  const password = await hashPassword('pass', Buffer.alloc(16, 7));
  writeFileSync(users, JSON.stringify({ users: [{ username: 'api', password }] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

let started: StartedApp;
let subscribes: Map<string, AbortController>;
beforeEach(() => {
  subscribes = new Map();
});
afterEach(async () => {
  for (const subscribe of subscribes.values()) subscribe.abort();
  await started.close();
});

const pbx = 'pbx/default';
type Item = Readonly<Record<string, unknown>>;

async function post(url: string, payload: object, remoteAddress = '127.0.0.1'): Promise<Item> {
  const reply = await started.app.inject({ method: 'POST', url, payload, remoteAddress });
  expect(reply.statusCode).toBeLessThan(300);
  return reply.json();
}
const operator = (path: string) => `/_heartbeatd${path}`;
const login = (username: string, change: object = {}, from?: string) =>
  post('/api/v1.1.0/login', { username, password: 'x', port: 9, ...change }, from);
const drop = (collection: string, key: string) =>
  started.store.commit({ tenant: pbx, writes: [{ collection, key, value: null }] });

interface Kind {
  readonly path: string;
  readonly member: string;
  readonly settings?: () => Partial<Config>;
  nameOf(item: Item): unknown;
  /** Adds one, which comes behind or before all others, and resolves once it is listed. */
  add(name: string): Promise<unknown>;
  remove?(item: Item): Promise<unknown>;
}

const kinds: readonly Kind[] = [
  {
    ...{ path: '/pbx/calls', member: 'calls' },
    nameOf: ({ callid }) => callid,
    add: () =>
      post(operator('/pbx/calls'), { from: '1000', to: '1001', steps: [{ step: 'dial' }, { step: 'ring' }] }),
    remove: ({ callid }) => drop('calls', String(callid)),
  },
  {
    ...{ path: '/pbx/deliveries', member: 'deliveries' },
    nameOf: ({ user }) => user,
    add: (name) => login(name),
    remove: ({ tokens: [token] = [] }: { readonly tokens?: readonly string[] }) =>
      post(`/api/v1.1.0/logout?token=${token}`, {}),
  },
  {
    ...{ path: '/pbx/diagnostics', member: 'diagnostics' },
    nameOf: ({ user }) => user,
    add: (name) => login(name, { url: 'http://169.254.1.1/', urltag: 1 }),
  },
  {
    ...{ path: '/pbx/login-failures', member: 'loginFailures' },
    settings: () => ({ pbxUsers: users }),
    nameOf: ({ address }) => address,
    add: (name) => login('api', {}, `10.0.0.${name.charCodeAt(0)}`),
    remove: ({ address }) =>
      started.app.inject({ method: 'DELETE', url: operator(`/pbx/login-failures/${address}`) }),
  },
  {
    ...{ path: '/pbx/reports', member: 'reports' },
    nameOf: ({ id }) => id,
    async add(name) {
      if (name === 'a') await login('crm');
      const before = await lengthOf('/pbx/reports', 'reports');
      await post(operator('/pbx/events'), { report: 'BootUp' });
      await expect.poll(() => lengthOf('/pbx/reports', 'reports')).toBe(before + 1);
    },
  },
  {
    ...{ path: '/presence/polls', member: 'polls' },
    nameOf: ({ uuid }) => uuid,
    async add(uuid) {
      const end = new AbortController();
      subscribes.set(uuid, end);
      const url = `${started.url}/v2/subscribe/demo/lobby/0?uuid=${uuid}`;
      const { t } = (await (await fetch(`${url}&tt=0`)).json()) as { t: { t: string } };
      const before = await lengthOf('/presence/polls', 'polls');
      // Without presence events of others, so that nothing ends it.
      fetch(`${url}&tt=${t.t}`, { signal: end.signal }).catch(() => undefined);
      await expect.poll(() => lengthOf('/presence/polls', 'polls')).toBe(before + 1);
    },
    async remove({ uuid }) {
      const before = await lengthOf('/presence/polls', 'polls');
      subscribes.get(String(uuid))?.abort();
      await expect.poll(() => lengthOf('/presence/polls', 'polls')).toBe(before - 1);
    },
  },
];

async function page({ path, member }: Pick<Kind, 'path' | 'member'>, query: string) {
  const reply = await started.app.inject(`${operator(path)}?${query}`);
  expect(reply.statusCode).toBe(200);
  const body = reply.json() as { readonly next: string | null } & Record<string, readonly Item[]>;
  return { items: body[member] ?? [], next: body.next };
}
const lengthOf = async (path: string, member: string): Promise<number> =>
  (await page({ path, member }, 'limit=1000')).items.length;

/** Reads the pages behind a cursor; without one, all. */
async function pagesOf(kind: Kind, after?: string): Promise<Item[][]> {
  const pages: Item[][] = [];
  for (let from = after === undefined ? '' : `&after=${after}`; ; ) {
    const { items, next } = await page(kind, `limit=2${from}`);
    pages.push([...items]);
    if (next === null) return pages;
    from = `&after=${next}`;
  }
}

describe.each(kinds)('GET $path', (kind) => {
  beforeEach(async () => {
    started = await startApp(kind.settings?.() ?? {});
    await started.store.freezeClock();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await kind.add(name);
  });

  it('returns pages that together are the list, each within its limit', async () => {
    const { items } = await page(kind, 'limit=1000');
    const names = items.map(kind.nameOf);
    expect(new Set(names).size).toBe(5);
    const pages = await pagesOf(kind);
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(pages.flat().map(kind.nameOf)).toEqual(names);
  });

  it('goes on behind the same item after others came and went', async () => {
    const { items, next } = await page(kind, 'limit=2');
    await kind.add('f');
    const shown = (await page(kind, 'limit=1000')).items.map(kind.nameOf);
    if (kind.remove !== undefined) for (const item of items) await kind.remove(item);
    const later = (await pagesOf(kind, next ?? '')).flat().map(kind.nameOf);
    // What came is on a later page, or was before the cursor.
    const place = shown.indexOf(items[1] === undefined ? undefined : kind.nameOf(items[1]));
    expect(later).toEqual(shown.slice(place + 1));
    expect(later.length).toBeGreaterThanOrEqual(3);
  });
});
