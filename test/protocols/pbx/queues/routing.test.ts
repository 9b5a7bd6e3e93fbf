import { beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../../../../src/protocols/pbx/queues/delivery-queue.ts';
import { lineForAside, type Routes, reroute } from '../../../../src/protocols/pbx/queues/routing.ts';
import type { StoredLine } from '../../../../src/protocols/pbx/queues/stored-queue.ts';
import type { HeldToken } from '../../../../src/protocols/pbx/tokens/tokens.ts';

let routes: Routes;
let stored: Map<string, StoredLine>;
beforeEach(() => {
  routes = { lines: new Map(), lineOf: new Map() };
  stored = new Map();
});

const window = { newest: 10, oldest: 1 };
const here = 'http://10.0.0.1:8260/';
const there = 'http://10.0.0.2:8260/';
const held = (token: string, callback = here, since = 0, user = 'api'): HeldToken => ({
  user,
  token,
  epoch: 1,
  callback: { ipaddr: '10.0.0.1', port: 8_260, url: '', urltag: '', version: '', callback, since },
});
const route = (...tokens: HeldToken[]) => reroute(routes, tokens, stored, window);
const line = (url = here): Line => {
  const found = [...routes.lines.values()].find((known) => known.url === url);
  if (found === undefined) throw new Error(`no line to ${url}`);
  return found;
};
const sending = (): { readonly abandoned: () => boolean } => {
  let abandoned = false;
  line().running = true;
  line().attempt = {
    sent: Promise.withResolvers<never>().promise,
    abort() {
      abandoned = true;
    },
  };
  return { abandoned: () => abandoned };
};

describe('tokens', () => {
  it('of one user that want their reports at one address share a line, and no other user is in it', () => {
    route(held('a'), held('b'), held('c', there), held('d', here, 0, 'other'));
    expect([...routes.lines.values()].map(({ url, user, tokens }) => [user, url, tokens.length])).toEqual([
      ['api', here, 2],
      ['api', there, 1],
      ['other', here, 1],
    ]);
  });

  it('begin their line with what happened after they came, and go on where the line had got to', () => {
    route(held('a', here, 4));
    expect(line()).toMatchObject({ from: 4, cursor: 4 });
    stored.set(line().key, { user: 'api', url: here, from: 2, cursor: 7, attempts: 3 });
    routes = { lines: new Map(), lineOf: new Map() };
    route(held('a', here, 4));
    expect(line()).toMatchObject({ from: 2, cursor: 7, attempts: 3 });
  });

  it('that move take with them what the old line was not given, and nothing else', () => {
    route(held('a'));
    line().cursor = 6;
    expect(route(held('a', there))).toEqual({ held: false, ended: 0 });
    expect(line(there).cursor).toBe(6);
    expect([...routes.lines.values()]).toEqual([line(there)]);
  });

  it('that move wait for the attempt under way, which is given up if nothing was sent yet', () => {
    route(held('a'));
    const attempt = sending();
    expect(route(held('a', there)).held).toBe(true);
    expect(attempt.abandoned()).toBe(true);
    expect(line().tokens).toEqual([]);
    line().running = false;
    line().cursor = 1;
    expect(route(held('a', there)).held).toBe(false);
    expect(line(there).cursor).toBe(1);
  });

  it('that want more than their line ever held begin it anew, once no attempt is under way', () => {
    route(held('a', here, 5));
    line().cursor = 8;
    sending();
    expect(route(held('a', here, 5), held('b', here, 3)).held).toBe(true);
    expect(line()).toMatchObject({ from: 5, cursor: 8 });
    line().running = false;
    expect(route(held('a', here, 5), held('b', here, 3)).held).toBe(false);
    expect(line()).toMatchObject({ from: 3, cursor: 3 });
  });

  it('that want no more than their line held change nothing of it', () => {
    route(held('a', here, 2));
    line().cursor = 8;
    expect(route(held('a', here, 2), held('b', here, 5))).toEqual({ held: false, ended: 0 });
    expect(line()).toMatchObject({ from: 2, cursor: 8 });
  });
});

describe('a line whose tokens all ended', () => {
  it('ends, and what waited there is counted, but for what the queue had dropped', () => {
    route(held('a', here, 2));
    expect(reroute(routes, [], stored, { newest: 10, oldest: 6 })).toEqual({ held: false, ended: 5 });
    expect(routes.lines.size).toBe(0);
    expect(routes.lineOf.size).toBe(0);
  });

  it('stays for the attempt under way', () => {
    route(held('a'));
    sending();
    expect(route()).toEqual({ held: false, ended: 0 });
    expect(line().tokens).toEqual([]);
    line().running = false;
    expect(route()).toEqual({ held: false, ended: 10 });
  });
});

describe('a report that was set aside', () => {
  const aside = {
    user: 'api',
    token: 'a',
    url: here,
    position: 1,
    report: { report: 'BootUp' as const },
    serial: '1',
    reportedAtMs: 0,
    attempts: 1,
  };

  it('follows its token, else goes where it was refused', () => {
    route(held('a', there), held('b'));
    expect(lineForAside(routes, aside)?.url).toBe(there);
    route(held('b'));
    expect(lineForAside(routes, aside)?.url).toBe(here);
  });

  it('goes to another address of its user only if somebody asked for it', () => {
    route(held('b', there), held('c', here, 0, 'other'));
    expect(lineForAside(routes, aside)).toBeUndefined();
    expect(lineForAside(routes, { ...aside, replayed: true })?.url).toBe(there);
    expect(lineForAside(routes, { ...aside, replayed: true, user: 'nobody' })).toBeUndefined();
  });
});
