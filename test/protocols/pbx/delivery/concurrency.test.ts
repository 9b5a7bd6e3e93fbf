import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeConcurrency } from '../../../../src/protocols/pbx/delivery/concurrency.ts';
import { startApp } from '../../../start-app.ts';
import { startReceiver } from '../receiver.ts';

const takeAll = (limits: { max: number; maxPerTarget: number }, parties: Iterable<[string, string]>) => {
  const concurrency = makeConcurrency(limits);
  const releases = [...parties].map(([user, target]) => concurrency.tryAcquire({ user, target }));
  return { concurrency, releases, taken: releases.filter((release) => release !== undefined).length };
};
const many = (count: number, party: (at: number) => [string, string]): [string, string][] =>
  Array.from({ length: count }, (_, at) => party(at));

afterEach(() => {
  vi.useRealTimers();
});

describe('attempts that are not over soon', () => {
  const takeSlowly = (parties: Iterable<[string, string]>, isFailing = false) => {
    vi.useFakeTimers();
    const concurrency = makeConcurrency({ max: 16, maxPerTarget: 4 });
    const releases: (() => void)[] = [];
    for (const [user, target] of parties) {
      const release = concurrency.tryAcquire({ user, target, isFailing });
      if (release !== undefined) releases.push(release);
      vi.advanceTimersByTime(60);
    }
    return { concurrency, releases };
  };

  it('give their places back, four times as many as there are places', () => {
    const { concurrency, releases } = takeSlowly(many(200, (at) => [`u${at}`, `h:${at}`]));
    expect(releases).toHaveLength(16 + 64);
    expect(concurrency.tryAcquire({ user: 'other', target: 'h:other' })).toBe(undefined);
    // One of those that wait for room takes it, and its place is free.
    releases[0]?.();
    expect(concurrency.tryAcquire({ user: 'other', target: 'h:other' })).toBeTypeOf('function');
  });

  it('leave room for others if their last attempt failed', () => {
    const { concurrency, releases } = takeSlowly(
      many(200, (at) => [`u${at}`, `h:${at}`]),
      true,
    );
    expect(releases).toHaveLength(8 + 32);
    expect(concurrency.tryAcquire({ user: 'other', target: 'h:other' })).toBeTypeOf('function');
  });

  it('of one user are a quarter of them, and none to one target more than before', () => {
    expect(takeSlowly(many(200, (at) => ['hog', `h:${at}`])).releases).toHaveLength(16 + 8);
    expect(takeSlowly(many(200, (at) => [`u${at}`, 'h:1'])).releases).toHaveLength(4);
  });

  it('let others start as they become slow', async () => {
    const { concurrency, releases } = takeSlowly([]);
    const start = (at: number) =>
      concurrency.acquire({ user: `u${at}`, target: `h:${at}` }).then((release) => releases.push(release));
    const started = Array.from({ length: 40 }, (_, at) => start(at));
    await started[15];
    expect(releases).toHaveLength(16);
    await vi.advanceTimersByTimeAsync(60);
    expect(releases).toHaveLength(32);
    await vi.advanceTimersByTimeAsync(60);
    await Promise.all(started);
    for (const release of releases) release();
    expect(concurrency.tryAcquire({ user: 'u', target: 'h' })).toBeTypeOf('function');
  });
});

describe('places for attempts', () => {
  it('are not all taken by one user, whatever its targets are', () => {
    const few = takeAll(
      { max: 64, maxPerTarget: 8 },
      many(100, (at) => ['hog', `h:${at % 12}`]),
    );
    expect(few.taken).toBe(16);
    const distinct = takeAll(
      { max: 64, maxPerTarget: 8 },
      many(100, (at) => ['hog', `h:${at}`]),
    );
    expect(distinct.taken).toBe(32);
    for (const { concurrency } of [few, distinct])
      expect(concurrency.tryAcquire({ user: 'other', target: 'h:other' })).toBeTypeOf('function');
    expect(few.concurrency.tryAcquire({ user: 'hog', target: 'h:own' })).toBeTypeOf('function');
  });

  it('never exceed the maximum in all, and that to one target', () => {
    const { taken } = takeAll(
      { max: 10, maxPerTarget: 3 },
      many(50, (at) => [`u${at}`, `h:${at}`]),
    );
    expect(taken).toBe(10);
    expect(
      takeAll(
        { max: 10, maxPerTarget: 3 },
        many(9, (at) => [`u${at}`, 'h:1']),
      ).taken,
    ).toBe(3);
    expect(
      takeAll(
        { max: 1, maxPerTarget: 1 },
        many(2, (at) => [`u${at}`, `h:${at}`]),
      ).taken,
    ).toBe(1);
  });

  it('at one target are not all taken by one user, nor by callbacks that fail', () => {
    const limits = { max: 64, maxPerTarget: 8 };
    const own = takeAll(
      limits,
      many(20, () => ['hog', 'h:1']),
    );
    expect(own.taken).toBe(6);
    expect(own.concurrency.tryAcquire({ user: 'other', target: 'h:1' })).toBeTypeOf('function');
    const failing = makeConcurrency(limits);
    const taken = many(20, (at) => [`u${at}`, 'h:1']).filter(
      ([user, target]) => failing.tryAcquire({ user, target, isFailing: true }) !== undefined,
    );
    expect(taken).toHaveLength(4);
    expect(failing.tryAcquire({ user: 'other', target: 'h:1' })).toBeTypeOf('function');
  });

  it('go to waiting users in turn', async () => {
    const { concurrency, releases } = takeAll({ max: 1, maxPerTarget: 1 }, [['a', 'h:0']]);
    const order: string[] = [];
    const wait = async (user: string, target: string): Promise<void> => {
      const release = await concurrency.acquire({ user, target });
      order.push(`${user} ${target}`);
      release();
    };
    const all = [wait('a', 'h:1'), wait('a', 'h:2'), wait('a', 'h:3'), wait('b', 'h:4')];
    releases[0]?.();
    await Promise.all(all);
    expect(order).toEqual(['a h:1', 'b h:4', 'a h:2', 'a h:3']);
  });
});

it('a report reaches an application while hundreds of receivers of as many users hang', async () => {
  const hanging = await startReceivers(10);
  const other = await startReceiver();
  // No attempt ends by itself while the test runs. There are fewer places than receivers that hang.
  const started = await startApp({ pbxReportConcurrency: 64, pbxReportTimeoutMs: 600_000 });
  const post = (url: string, payload: object) => started.app.inject({ method: 'POST', url, payload });
  const login = (username: string, port: number) =>
    post('/api/v1.1.0/login', { username, password: 'x', port });
  try {
    for (let at = 0; at < 200; at += 1) await login(`slow${at}`, hanging[at % 10]?.port ?? 0);
    await post('/_heartbeatd/pbx/events', { report: 'BootUp' });
    const underWay = () => hanging.reduce((sum, { received }) => sum + received.length, 0);
    await expect.poll(underWay).toBe(200);
    await login('quick', other.port);
    await post('/_heartbeatd/pbx/events', { report: 'BootUp' });
    await other.arrived(1);
  } finally {
    await Promise.all([...hanging, other].map((receiver) => receiver.close()));
    await started.close();
  }
});

async function startReceivers(count: number) {
  const receivers = await Promise.all(Array.from({ length: count }, () => startReceiver()));
  for (const receiver of receivers) receiver.answer = () => undefined;
  return receivers;
}

it('a report reaches an application while hundreds of receivers of another user hang', async () => {
  const hanging = await startReceivers(6);
  const [own, other] = await Promise.all([startReceiver(), startReceiver()]);
  // No attempt ends by itself while the test runs.
  const started = await startApp({ pbxReportConcurrency: 64, pbxReportTimeoutMs: 600_000 });
  const post = (url: string, payload: object) => started.app.inject({ method: 'POST', url, payload });
  const login = (username: string, port: number, url: string) =>
    post('/api/v1.1.0/login', { username, password: 'x', port, url });
  try {
    for (let at = 0; at < 200; at += 1) await login('slow', hanging[at % 6]?.port ?? 0, `r${at}`);
    await login('slow', own.port, 'own');
    await login('quick', other.port, 'other');
    await post('/_heartbeatd/pbx/events', { report: 'BootUp' });
    await Promise.all([own.arrived(1), other.arrived(1)]);
  } finally {
    await Promise.all([...hanging, own, other].map((receiver) => receiver.close()));
    await started.close();
  }
});
