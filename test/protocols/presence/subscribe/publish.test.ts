/** What a publish returns and refuses, and what subscribers receive of it. */
import { describe, expect, it } from 'vitest';
import { key, subscribeFixture } from './subscriber.ts';

const fixture = subscribeFixture();
const { inject, get, subscribe, handshake, publish } = fixture;

describe('publish', () => {
  it.each([
    ['metadata that is nested too deep', `meta={"a":${'['.repeat(14_000)}${']'.repeat(14_000)}}`],
    [
      'metadata that is nested too deep in a JSON text',
      `meta="{\\"a\\":${'['.repeat(14_000)}${']'.repeat(14_000)}}"`,
    ],
    [
      'an original timetoken that is nested too deep',
      `ortt={"t":${'['.repeat(14_000)}${']'.repeat(14_000)}}`,
    ],
  ])('refuses %s', async (_what, query) => {
    const answer = await fixture.started.app.inject({ url: `/publish/pub/${key}/0/ch/0/1?${query}` });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual([0, 'Invalid JSON', expect.stringMatching(/^\d{17}$/)]);
  });

  it('ignores an original timetoken that has no text', async () => {
    const answer = await fixture.started.app.inject({
      url: `/publish/pub/${key}/0/ch/0/1?ortt={"t":{"toString":1,"valueOf":1}}`,
    });
    expect(answer.json()).toEqual([1, 'Sent', expect.any(String)]);
  });

  it('returns its timetoken, and the envelope has every field', async () => {
    const tt = await handshake('ch');
    const query = [
      'uuid=ann%20b',
      `meta=${encodeURIComponent('{"m":1}')}`,
      'seqn=7',
      `ortt=${encodeURIComponent('{"t":"14708625829775958","r":3}')}`,
      'custom_message_type=type-a',
      'space-id=s1',
    ].join('&');
    const sent = await publish('ch', { big: 1 }, query);
    const { m } = await subscribe('ch', `tt=${tt}`);
    expect(m).toEqual([
      {
        a: expect.stringMatching(/^\d$/),
        f: 0,
        i: 'ann b',
        s: 7,
        o: { t: '14708625829775958', r: 3 },
        p: { t: sent, r: 1 },
        k: key,
        c: 'ch',
        u: { m: 1 },
        cmt: 'type-a',
        si: 's1',
        d: { big: 1 },
      },
    ]);
  });

  it('preserves every digit of a payload', async () => {
    const tt = await handshake('ch');
    await inject(`/publish/p/${key}/0/ch/0/${encodeURIComponent('{"n":12345678901234567890.10}')}`);
    expect((await inject(`/v2/subscribe/${key}/ch/0?tt=${tt}`)).body).toContain(
      '"d":{"n":12345678901234567890.10}',
    );
  });

  it('accepts messages with raw slashes', async () => {
    const tt = await handshake('ch');
    expect((await inject(`/publish/p/${key}/0/ch/0/%22ab/cd+e=%22`)).statusCode).toBe(200);
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: 'ab/cd+e=' }]);
  });

  it.each([
    ['plain', undefined],
    ['deflate', 'deflate'],
    ['gzip', 'gzip'],
  ])('accepts a %s body', async (_, encoding) => {
    const { deflateSync, gzipSync } = await import('node:zlib');
    const tt = await handshake('ch');
    const json = Buffer.from('{"a":"é"}');
    const payload = encoding === 'deflate' ? deflateSync(json) : encoding === 'gzip' ? gzipSync(json) : json;
    const answer = await fixture.started.app.inject({
      method: 'POST',
      url: `/publish/p/${key}/0/ch/0?uuid=u`,
      payload,
      headers: {
        'content-type': 'application/json',
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      },
    });
    expect(JSON.parse(answer.body)).toEqual([1, 'Sent', expect.stringMatching(/^\d{17}$/)]);
    expect(answer.headers['access-control-allow-methods']).toBe('POST');
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: { a: 'é' } }]);
  });

  it('of a large message (v2) takes up to 2 MiB from the body, compressed or not, and delivers it with its type', async () => {
    const { deflateSync } = await import('node:zlib');
    const post = async (payload: Buffer, headers: Record<string, string> = {}) => {
      const url = `/v2/publish/p/${key}/0/ch/0?uuid=u&custom_message_type=text`;
      const answer = await fixture.started.app.inject({ method: 'POST', url, payload, headers });
      return { status: answer.statusCode, json: answer.json() as unknown };
    };
    const sent = { status: 200, json: [1, 'Sent', expect.stringMatching(/^\d{17}$/)] };
    const tooLarge = { status: 413, json: [0, 'Message Too Large', expect.any(String)] };
    const bytes = (size: number): Buffer => Buffer.from(JSON.stringify('x'.repeat(size - 2)));
    const most = 2 * 1_024 * 1_024;
    const deflate = { 'content-encoding': 'deflate' };
    const tt = await handshake('ch');
    expect(await post(Buffer.from('{"a":1}'))).toEqual(sent);
    expect(await post(bytes(most))).toEqual(sent);
    expect(await post(deflateSync(bytes(most)), deflate)).toEqual(sent);
    const { m } = await subscribe('ch', `tt=${tt}`);
    expect(m.map(({ d }) => (typeof d === 'string' ? d.length : d))).toEqual([{ a: 1 }, most - 2, most - 2]);
    expect(m[0]).toMatchObject({ i: 'u', cmt: 'text', c: 'ch' });
    expect(await post(bytes(most + 1))).toEqual(tooLarge);
    expect(await post(bytes(most * 2))).toEqual(tooLarge);
    expect(await post(deflateSync(bytes(most + 1)), deflate)).toEqual(tooLarge);
    expect(await post(Buffer.from('{'))).toEqual({
      status: 400,
      json: [0, 'Invalid JSON', expect.any(String)],
    });
  });

  it('of a signal marks it, and bounds it to 64 bytes', async () => {
    const tt = await handshake('ch');
    await inject(`/signal/p/${key}/0/ch/0/%22x%22?uuid=u`);
    const [envelope] = (await subscribe('ch', `tt=${tt}`)).m;
    expect(envelope).toMatchObject({ e: 1, i: 'u', d: 'x' });
    expect(envelope).not.toHaveProperty('s');
    const long = await inject(`/signal/p/${key}/0/ch/0/%22${'x'.repeat(63)}%22`);
    expect(long.statusCode).toBe(400);
    expect(JSON.parse(long.body)).toEqual([0, 'Signal size too large', expect.stringMatching(/^\d{17}$/)]);
  });

  it('of a fired message reaches no subscriber', async () => {
    const tt = await handshake('ch');
    await publish('ch', 1, 'store=0&norep=true');
    await publish('ch', 2);
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: 2 }]);
  });

  it('refuses malformed JSON and large messages, in its own shape', async () => {
    const bad = await inject(`/publish/p/${key}/0/ch/0/%7B`);
    expect(bad.statusCode).toBe(400);
    expect(JSON.parse(bad.body)).toEqual([0, 'Invalid JSON', expect.stringMatching(/^\d{17}$/)]);
    for (const size of [33_000, 70_000]) {
      const large = await fixture.started.app.inject({
        method: 'POST',
        url: `/publish/p/${key}/0/ch/0`,
        payload: JSON.stringify('x'.repeat(size)),
      });
      expect(large.statusCode).toBe(413);
      expect(JSON.parse(large.body)).toEqual([0, 'Message Too Large', expect.any(String)]);
    }
    const { deflateSync } = await import('node:zlib');
    const bomb = await fixture.started.app.inject({
      method: 'POST',
      url: `/publish/p/${key}/0/ch/0`,
      payload: deflateSync(Buffer.alloc(10_000_000, 0x20)),
      headers: { 'content-encoding': 'deflate' },
    });
    expect(bomb.statusCode).toBe(413);
  });

  it('is counted since a timetoken, unless it is not to be stored', async () => {
    const first = await publish('a', 1);
    await publish('a', 2, 'store=0');
    const last = await publish('a', 3);
    const counts = (query: string) =>
      get(`/v3/history/sub-key/${key}/message-counts/a,b?${query}`) as Promise<{ channels: unknown }>;
    expect(await counts(`timetoken=${first}`)).toEqual({
      status: 200,
      error: false,
      error_message: '',
      channels: { a: 2, b: 0 },
    });
    expect((await counts(`channelsTimetoken=${last},${last}`)).channels).toEqual({ a: 1, b: 0 });
    expect((await inject(`/v3/history/sub-key/${key}/message-counts/a?timetoken=x`)).statusCode).toBe(400);
  });
});
