/** Filters of a subscribe: what they select, and what they may cost. */
import { describe, expect, it, vi } from 'vitest';
import { key, subscribeFixture } from './subscriber.ts';

const fixture = subscribeFixture();
const { inject, subscribe, handshake, publish, heartbeat, receive } = fixture;

describe('filters', () => {
  it('work on metadata, on payloads and on presence events', async () => {
    const tt = await handshake('ch,ch-pnpres');
    const meta = encodeURIComponent('{"region":"east","n":5}');
    await publish('ch', { text: 'one' }, `meta=${meta}`);
    await publish('ch', { text: 'two' });
    await heartbeat('ch', 'uuid=u1');
    const receivedBy = (filter: string) =>
      receive('ch,ch-pnpres', tt, 1, `filter-expr=${encodeURIComponent(filter)}`);
    expect(await receivedBy("region == 'east'")).toEqual(['ch {"text":"one"}']);
    expect(await receivedBy("data.text like 'TW*'")).toEqual(['ch {"text":"two"}']);
    expect(await receivedBy("pn_action == 'join'")).toEqual(['ch-pnpres join u1 1']);
  });

  it('parse a message once, however many terms they have', async () => {
    const tt = await handshake('ch');
    for (const n of [1, 2, 3]) await publish('ch', { once: n });
    const parse = vi.spyOn(JSON, 'parse');
    const filter = encodeURIComponent([...Array.from({ length: 500 }, () => 'data.a'), 'true'].join('||'));
    const { m } = await subscribe('ch', `tt=${tt}&filter-expr=${filter}`);
    const parsed = parse.mock.calls.filter(([text]) => text.startsWith('{"once"'));
    parse.mockRestore();
    expect(m.map(({ d }) => d)).toEqual([{ once: 1 }, { once: 2 }, { once: 3 }]);
    expect(parsed).toHaveLength(3);
  });

  it('that cost much are evaluated over several polls, and miss nothing', async () => {
    const tt = await handshake('ch');
    const padding = 'x'.repeat(30_000);
    for (let n = 0; n < 20; n += 1) {
      const answer = await fixture.started.app.inject({
        method: 'POST',
        url: `/publish/pub-c-demo/${key}/0/ch/0`,
        payload: JSON.stringify({ n, padding }),
      });
      expect(answer.statusCode).toBe(200);
    }
    const costly = Array.from({ length: 100 }, () => "data.padding like '*y'").join('||');
    const filter = encodeURIComponent(`data.n == 12 || data.n == 19 || ${costly}`);
    let polls = 0;
    const received: unknown[] = [];
    for (let from = tt; received.length < 2; polls += 1) {
      const { t, m } = await subscribe('ch', `tt=${from}&filter-expr=${filter}`);
      expect(BigInt(t.t)).toBeGreaterThan(BigInt(from));
      received.push(...m.map(({ d }) => (d as { readonly n: number }).n));
      from = t.t;
    }
    expect(received).toEqual([12, 19]);
    expect(polls).toBeGreaterThan(2);
  });

  it('that cost too much for one message are refused with the bound', async () => {
    const tt = await handshake('ch');
    const meta = encodeURIComponent(JSON.stringify({ a: 'x'.repeat(30_000) }));
    await publish('ch', 1, `meta=${meta}`);
    const filter = encodeURIComponent(Array.from({ length: 200 }, () => "a like'y'").join('||'));
    const answer = await inject(`/v2/subscribe/${key}/ch/0?tt=${tt}&filter-expr=${filter}`);
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      status: 400,
      error: true,
      message: 'Filter expression is too large: too much work for one message',
      service: 'Subscribe',
    });
  });

  it('may contain a raw && as some SDKs send it', async () => {
    const tt = await handshake('ch');
    await publish('ch', 1, `meta=${encodeURIComponent('{"a":1,"b":1}')}`);
    await publish('ch', 2, `meta=${encodeURIComponent('{"a":1,"b":2}')}`);
    const { m } = await subscribe('ch', `filter-expr=a%3D%3D1&&b%3D%3D2&tt=${tt}&uuid=u1`);
    expect(m.map(({ d }) => d)).toEqual([2]);
  });
});
