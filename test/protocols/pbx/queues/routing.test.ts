import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryQueue } from '../../../../src/protocols/pbx/queues/delivery-queue.ts';
import { queueForRetry, type Routes, reroute } from '../../../../src/protocols/pbx/queues/routing.ts';
import type { StoredQueue } from '../../../../src/protocols/pbx/queues/stored-queue.ts';
import type { ActiveToken } from '../../../../src/protocols/pbx/tokens/token.ts';

let routes: Routes;
let stored: Map<string, StoredQueue>;
beforeEach(() => {
  routes = { queues: new Map(), queueOf: new Map() };
  stored = new Map();
});

const window = { newest: 10, oldest: 1 };
const here = 'http://10.0.0.1:8260/';
const there = 'http://10.0.0.2:8260/';
const token = (name: string, callback = here, since = 0, user = 'api'): ActiveToken => ({
  user,
  token: name,
  epoch: 1,
  callback: { ipaddr: '10.0.0.1', port: 8_260, url: '', urltag: '', version: '', callback, since },
});
const route = (...tokens: ActiveToken[]) => reroute(routes, tokens, stored, window);
const queue = (url = here): DeliveryQueue => {
  const found = [...routes.queues.values()].find((known) => known.url === url);
  if (found === undefined) throw new Error(`no queue to ${url}`);
  return found;
};
const sending = (): { readonly aborted: () => boolean } => {
  let aborted = false;
  queue().isRunning = true;
  queue().attempt = {
    result: Promise.withResolvers<never>().promise,
    abort() {
      aborted = true;
    },
  };
  return { aborted: () => aborted };
};

describe('tokens', () => {
  it('of one user with the same URL share a queue, and no other user is in it', () => {
    route(token('a'), token('b'), token('c', there), token('d', here, 0, 'other'));
    expect([...routes.queues.values()].map(({ url, user, tokens }) => [user, url, tokens.length])).toEqual([
      ['api', here, 2],
      ['api', there, 1],
      ['other', here, 1],
    ]);
  });

  it('start with the reports after their login, and continue where the queue had got to', () => {
    route(token('a', here, 4));
    expect(queue()).toMatchObject({ from: 4, cursor: 4 });
    stored.set(queue().key, { user: 'api', url: here, from: 2, cursor: 7, attempts: 3 });
    routes = { queues: new Map(), queueOf: new Map() };
    route(token('a', here, 4));
    expect(queue()).toMatchObject({ from: 2, cursor: 7, attempts: 3 });
  });

  it('that move take the reports with them that the old queue did not deliver, and no others', () => {
    route(token('a'));
    queue().cursor = 6;
    expect(route(token('a', there))).toEqual({ isWaiting: false, ended: [] });
    expect(queue(there).cursor).toBe(6);
    expect([...routes.queues.values()]).toEqual([queue(there)]);
  });

  it('that move wait for the attempt under way, which is aborted if nothing was sent yet', () => {
    route(token('a'));
    const attempt = sending();
    expect(route(token('a', there)).isWaiting).toBe(true);
    expect(attempt.aborted()).toBe(true);
    expect(queue().tokens).toEqual([]);
    queue().isRunning = false;
    queue().cursor = 1;
    expect(route(token('a', there)).isWaiting).toBe(false);
    expect(queue(there).cursor).toBe(1);
  });

  it('that want more than their queue ever held restart it once no attempt is under way', () => {
    route(token('a', here, 5));
    queue().cursor = 8;
    sending();
    expect(route(token('a', here, 5), token('b', here, 3)).isWaiting).toBe(true);
    expect(queue()).toMatchObject({ from: 5, cursor: 8 });
    queue().isRunning = false;
    expect(route(token('a', here, 5), token('b', here, 3)).isWaiting).toBe(false);
    expect(queue()).toMatchObject({ from: 3, cursor: 3 });
  });

  it('that want no more than their queue held leave it unchanged', () => {
    route(token('a', here, 2));
    queue().cursor = 8;
    expect(route(token('a', here, 2), token('b', here, 5))).toEqual({ isWaiting: false, ended: [] });
    expect(queue()).toMatchObject({ from: 2, cursor: 8 });
  });
});

describe('a queue whose tokens all ended', () => {
  it('ends, and its waiting reports are counted, except those dropped before', () => {
    route(token('a', here, 2));
    expect(reroute(routes, [], stored, { newest: 10, oldest: 6 })).toMatchObject({
      isWaiting: false,
      ended: [{ queue: { url: here }, waiting: 5 }],
    });
    expect(routes.queues.size).toBe(0);
    expect(routes.queueOf.size).toBe(0);
  });

  it('stays until the attempt under way ends', () => {
    route(token('a'));
    sending();
    expect(route()).toEqual({ isWaiting: false, ended: [] });
    expect(queue().tokens).toEqual([]);
    queue().isRunning = false;
    expect(route()).toMatchObject({ ended: [{ waiting: 10 }] });
  });
});

describe('a retry', () => {
  const retry = {
    user: 'api',
    token: 'a',
    url: here,
    position: 1,
    report: { report: 'BootUp' as const },
    serial: '1',
    reportedAtMs: 0,
    attempts: 1,
  };

  it('follows its token, or goes to the URL that declined it', () => {
    route(token('a', there), token('b'));
    expect(queueForRetry(routes, retry)?.url).toBe(there);
    route(token('b'));
    expect(queueForRetry(routes, retry)?.url).toBe(here);
  });

  it('goes to another address of its user only as a replay', () => {
    route(token('b', there), token('c', here, 0, 'other'));
    expect(queueForRetry(routes, retry)).toBeUndefined();
    expect(queueForRetry(routes, { ...retry, isReplay: true })?.url).toBe(there);
    expect(queueForRetry(routes, { ...retry, isReplay: true, user: 'nobody' })).toBeUndefined();
  });
});
