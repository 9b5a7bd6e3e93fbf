import { describe, expect, it } from 'vitest';
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

it('a report reaches an application while hundreds of receivers of another user hang', async () => {
  const hanging = await Promise.all(Array.from({ length: 6 }, () => startReceiver()));
  for (const receiver of hanging) receiver.answer = () => undefined;
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
