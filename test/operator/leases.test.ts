/** Leases as operators list them: by patterns, in pages, and by deadline. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
});
afterEach(() => started.close());

interface Page {
  readonly leases: readonly { readonly holder: string; readonly group: string }[];
  readonly next: string | null;
  readonly isComplete?: boolean;
}

const beat = (holder: string, group = 'lobby', ttlMs = 300_000, data?: string) =>
  started.store.beat({
    ...{ tenant: 'presence/demo', holder, ttlMs, grant: true },
    groups: [{ group, ...(data === undefined ? {} : { data }) }],
  });
async function list(query: string): Promise<Page> {
  const reply = await started.app.inject(`/_heartbeatd/leases?${query}`);
  expect(reply.statusCode).toBe(200);
  return reply.json<Page>();
}
const holders = async (query: string): Promise<string[]> =>
  (await list(query)).leases.map(({ holder }) => holder);

describe('GET /leases', () => {
  it.each([
    ['holder=a*', ['ann', 'abe']],
    ['holder=ann', ['ann']],
    ['holder=*n*&group=g*', ['nina']],
    ['group=*b*', ['ann', 'abe']],
    ['tenant=presence/d*', ['nina', 'ann', 'abe']],
    ['protocol=pre*', ['nina', 'ann', 'abe']],
    ['holder=z*', []],
    ['tenant=sls/*', []],
  ])('?%s selects by pattern', async (query, expected) => {
    await beat('ann');
    await beat('abe');
    await beat('nina', 'games');
    expect(await holders(query)).toEqual(expected);
  });

  it.each([
    [{ mood: 'fine' }, ['ann']],
    [{ mood: { matches: 'f*' } }, ['ann', 'abe']],
    [{ 'place.floor': 3 }, ['abe']],
    [{ mood: { absent: true } }, ['nina']],
  ])('?body=%j selects by what leases carry', async (body, expected) => {
    await beat('ann', 'lobby', 300_000, '{"mood":"fine"}');
    await beat('abe', 'lobby', 300_000, '{"mood":"foul","place":{"floor":3}}');
    await beat('nina');
    const query = `body=${encodeURIComponent(JSON.stringify(body))}`;
    expect(await holders(query)).toEqual(expected);
    expect((await holders(`${query}&order=deadline`)).toSorted()).toEqual(expected.toSorted());
    expect(await holders(`${query}&holder=n*`)).toEqual(expected.filter((name) => name === 'nina'));
  });

  it.each([
    ['body=fine', 'body: not JSON'],
    ['body={"mood":{"like":"f"}}', 'selector/body/mood'],
    ['body=1', 'selector/body'],
    ['operation=PbxLogin', 'operation'],
    ['status=200', 'status'],
  ])('?%s is refused, and names the member', async (query, message) => {
    const reply = await started.app.inject(`/_heartbeatd/leases?${encodeURI(query)}`);
    expect([reply.statusCode, reply.json().error]).toEqual([400, expect.stringContaining(message)]);
  });

  it('goes on behind a page, also where a pattern selects few', async () => {
    for (let at = 0; at < 30; at += 1) await beat(at % 10 === 0 ? `rare-${at}` : `often-${at}`, `g${at % 3}`);
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page: Page = await list(`holder=rare*&limit=1${next === '' ? '' : `&after=${next}`}`);
      seen.push(...page.leases.map(({ holder }) => holder));
      next = page.next;
    }
    expect(seen.toSorted()).toEqual(['rare-0', 'rare-10', 'rare-20']);
  });

  it('compares no more than 20 000 leases in one request, and says where to go on', async () => {
    const names = Array.from({ length: 20_500 }, (_, at) => `user-${at}`);
    for (let at = 0; at < names.length; at += 500)
      await Promise.all(names.slice(at, at + 500).map((name) => beat(name)));
    const first = await list('holder=*9-none');
    expect(first).toMatchObject({ leases: [], next: expect.any(String) });
    expect(await list(`holder=*-20499&after=${first.next}`)).toMatchObject({
      leases: [{ holder: 'user-20499' }],
      next: null,
    });
    expect(await list('order=deadline&limit=1')).toMatchObject({ isComplete: false, next: null });
  });

  it('?order=deadline lists what ends first, over all groups', async () => {
    await beat('late', 'lobby', 900_000);
    await beat('soon', 'lobby', 60_000);
    await beat('next', 'games', 120_000);
    expect(await list('order=deadline&limit=2')).toMatchObject({
      leases: [{ holder: 'soon' }, { holder: 'next' }],
      isComplete: true,
    });
    expect((await started.app.inject('/_heartbeatd/leases?order=deadline&after=x')).statusCode).toBe(400);
  });
});

it('DELETE /leases ends those that carry what `body` asks for', async () => {
  await beat('ann', 'lobby', 300_000, '{"mood":"fine"}');
  await beat('abe', 'lobby', 300_000, '{"mood":"foul"}');
  const url = `/_heartbeatd/leases?body=${encodeURIComponent('{"mood":"foul"}')}`;
  expect((await started.app.inject({ method: 'DELETE', url })).json().ended).toMatchObject([
    { holder: 'abe' },
  ]);
  expect(await holders('')).toEqual(['ann']);
});

it('DELETE /leases ends what a pattern selects', async () => {
  await beat('ann');
  await beat('abe');
  await beat('bob');
  const reply = await started.app.inject({ method: 'DELETE', url: '/_heartbeatd/leases?holder=a*' });
  expect(reply.json<{ ended: unknown[] }>().ended).toHaveLength(2);
  expect(await holders('')).toEqual(['bob']);
});
