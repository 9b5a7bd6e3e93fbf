/** Lists of the operator API in pages, over HTTP, the library and the command line. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everyPage } from '../../src/client/every-page.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';

let hb: StartedHeartbeatd;
beforeEach(async () => {
  hb = await startHeartbeatd();
});
afterEach(() => hb.close());

const names = ['a', 'b', 'c', 'd', 'e'];
const pbx = 'pbx/default';
const demo = 'presence/demo';
const operator = (method: string, path: string, body?: object): Promise<object> =>
  hb.operator.json(method, path, body === undefined ? {} : { body });

/** Stores a dead letter as the delivering node does. */
const addLetter = (key: string) =>
  hb.store.commit({
    tenant: pbx,
    writes: [{ collection: 'deadLetters', key, value: JSON.stringify(letter) }],
  });
const letter = {
  ...{ user: 'crm', token: 't', url: 'http://127.0.0.1/', position: 1, serial: '1', reportedAtMs: 0 },
  ...{ report: { report: 'BootUp' }, attempts: 10, reason: 'status 500', deadAtMs: 0 },
};

interface Kind {
  readonly path: string;
  readonly member: string;
  readonly name: string;
  readonly query?: string;
  add(name: string): Promise<unknown>;
  remove(name: string): Promise<unknown>;
}

const kinds: readonly Kind[] = [
  {
    ...{ path: '/actors', member: 'actors', name: 'id' },
    add: (id) => operator('POST', '/actors', { id, tenant: demo, group: 'lobby' }),
    remove: (id) => operator('DELETE', `/actors/${id}`),
  },
  {
    ...{ path: '/snapshots', member: 'snapshots', name: 'name' },
    add: (name) => operator('POST', `/snapshots/${name}`),
    remove: (name) => operator('DELETE', `/snapshots/${name}`),
  },
  {
    ...{ path: '/faults', member: 'faults', name: 'id' },
    add: (id) => operator('POST', '/faults', { id, do: { status: 500 } }),
    remove: (id) => operator('DELETE', `/faults/${id}`),
  },
  {
    ...{ path: '/pbx/dead-letters', member: 'deadLetters', name: 'key' },
    add: addLetter,
    remove: (key) =>
      hb.store.commit({ tenant: pbx, writes: [{ collection: 'deadLetters', key, value: null }] }),
  },
  {
    ...{ path: '/presence/groups', member: 'groups', name: 'group', query: `tenant=${demo}` },
    add: (group) => fetch(`${hb.url}/v1/channel-registration/sub-key/demo/channel-group/${group}?add=x`),
    remove: (group) => fetch(`${hb.url}/v1/channel-registration/sub-key/demo/channel-group/${group}/remove`),
  },
];

interface Page {
  readonly items: readonly string[];
  readonly next: string | null;
}

async function read({ path, member, name, query = '' }: Kind, more: string): Promise<Page> {
  const reply = await fetch(`${hb.url}/_heartbeatd${path}?${query}&${more}`);
  expect(reply.status).toBe(200);
  const page = (await reply.json()) as Record<string, { readonly [name: string]: string }[]> & {
    next: string;
  };
  return { items: (page[member] ?? []).map((item) => item[name] ?? ''), next: page.next };
}
const refusal = async ({ path, query = '' }: Kind, more: string): Promise<[number, string]> => {
  const reply = await fetch(`${hb.url}/_heartbeatd${path}?${query}&${more}`);
  return [reply.status, ((await reply.json()) as { error: string }).error];
};
const fill = async (kind: Kind, wanted = names): Promise<void> => {
  for (const name of wanted) await kind.add(name);
};

describe.each(kinds)('GET $path', (kind) => {
  it('returns pages that have each item once, and `next` null on the last', async () => {
    await fill(kind);
    const seen: string[][] = [];
    for (let more = 'limit=2'; ; ) {
      const { items, next } = await read(kind, more);
      seen.push([...items]);
      if (next === null) break;
      more = `limit=2&after=${next}`;
    }
    expect(seen).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(await read(kind, 'limit=5')).toEqual({ items: names, next: null });
  });

  it('goes on behind an item that vanished since', async () => {
    await fill(kind);
    const { next } = await read(kind, 'limit=2');
    for (const name of ['a', 'b', 'c']) await kind.remove(name);
    expect(await read(kind, `limit=2&after=${next}`)).toEqual({ items: ['d', 'e'], next: null });
  });

  it('refuses a limit of 0 or of a million, and what is no cursor', async () => {
    expect(await refusal(kind, 'limit=0')).toEqual([400, expect.stringContaining('limit')]);
    expect(await refusal(kind, 'limit=1000000')).toEqual([400, expect.stringContaining('limit')]);
    for (const after of ['x', 'bnVsbA', 'WzFd', '%00', ''])
      expect(await refusal(kind, `after=${after}`)).toEqual([400, expect.stringContaining('after')]);
  });

  it('refuses a cursor of any other list', async () => {
    for (const other of kinds.filter(({ path }) => path !== kind.path)) {
      await fill(other, ['a', 'b']);
      const { next } = await read(other, 'limit=1');
      expect(await refusal(kind, `after=${next}`)).toEqual([400, expect.stringContaining('invalid cursor')]);
    }
    expect((await refusal({ ...kind, path: '/leases', query: '' }, 'after=WyJhIiwxXQ'))[0]).toBe(400);
  });
});

describe.each(kinds.filter(({ member }) => ['actors', 'faults', 'deadLetters'].includes(member)))(
  'GET $path?order=newest',
  (kind) => {
    it('returns the pages backwards', async () => {
      await fill(kind);
      const { items, next } = await read(kind, 'order=newest&limit=3');
      expect(items).toEqual(['e', 'd', 'c']);
      expect((await read(kind, `order=newest&after=${next}`)).items).toEqual(['b', 'a']);
    });
  },
);

it('a fault rule that replaces another keeps its place in the pages', async () => {
  for (const id of ['z', 'a', 'm']) await hb.faults.add({ id, do: { status: 500 } });
  await hb.faults.add({ id: 'z', do: { status: 503 } });
  expect((await hb.faults.list()).map(({ id }) => id)).toEqual(['z', 'a', 'm']);
});

it('the library reads all of a list that is longer than a usual page', async () => {
  const rules = Array.from({ length: 1_000 }, (_, at) => ({ id: `r${at}`, do: { status: 500 } }));
  await hb.faults.replace(rules);
  expect((await hb.faults.list()).map(({ id }) => id)).toEqual(rules.map(({ id }) => id));
  expect(await hb.call('listFaults', { limit: 400 })).toMatchObject({ next: expect.any(String) });
});

it('the library follows `next` from page to page', async () => {
  for (const id of names) await kinds[0]?.add(id);
  const byTwo: typeof hb.operator.json = (method, path, call) =>
    hb.operator.json(method, path, { ...call, query: { ...call?.query, limit: 2 } });
  const actors = await everyPage<'actors', { id: string }>(byTwo, 'actors', { path: '/actors' });
  expect(actors.map(({ id }) => id)).toEqual(names);
});

it.each(kinds)('$path names the nearest parameter of one that it does not have', async (kind) => {
  expect(await refusal(kind, 'limt=2')).toEqual([400, expect.stringContaining('"limit"')]);
});
