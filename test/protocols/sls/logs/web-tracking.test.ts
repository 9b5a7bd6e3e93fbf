/** PutWebtracking and Web Tracking over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLogGroup } from '../../../../src/protocols/sls/logs/codec/log-group.ts';
import { logstore, refused, type Service, setUp, startMs, startService } from '../service.ts';
import { list, logClient } from './log-client.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 1 });
});
afterEach(() => service.close());

const { cursor, pull } = logClient(() => service);

describe('web tracking', () => {
  const track = (body: unknown) => service.call('POST', `${logstore}/track`, body);
  const body = {
    __topic__: 't',
    __source__: 's',
    __tags__: { env: 'dev' },
    __logs__: [{ a: '1' }, { b: '2' }],
  };

  it('writes the logs of a page if it is enabled for the logstore', async () => {
    expect(await track(body)).toMatchObject(refused(401, 'Unauthorized'));
    await service.call('PUT', logstore, { enable_tracking: true });
    expect(await track(body)).toMatchObject({ status: 200, text: '' });
    const query = 'APIVersion=0.6.0&__topic__=t&a=1';
    expect((await service.call('GET', `${logstore}/track?${query}`)).status).toBe(200);
    expect((await service.call('GET', `${logstore}/track_ua.gif?${query}`)).status).toBe(200);
    const { bytes, headers } = await pull(await cursor('begin'));
    expect(headers['x-log-count']).toBe('3');
    const time = startMs / 1_000;
    expect(bytes.subarray(2, bytes[1] === undefined ? 0 : 2 + bytes[1])).toEqual(
      Buffer.from(
        encodeLogGroup({
          topic: 't',
          source: 's',
          tags: { env: 'dev' },
          time,
          logs: [{ a: '1' }, { b: '2' }],
        }),
      ),
    );
  });

  it.each([1_700_000_000, '1700000000'])('stores a log at the time %j that the page names', async (time) => {
    await service.call('PUT', logstore, { enable_tracking: true });
    expect((await track({ __logs__: [{ a: 'b', __time__: time }] })).status).toBe(200);
    expect(
      (await service.call('GET', `${logstore}/track?APIVersion=0.6.0&a=b&__time__=${time}`)).status,
    ).toBe(200);
    const group = Buffer.from(
      encodeLogGroup({ topic: '', source: '', tags: {}, time: 1_700_000_000, logs: [{ a: 'b' }] }),
    );
    expect((await pull(await cursor('begin'))).bytes.toString('hex')).toBe(list(group, group));
  });

  it('allows pages of other origins', async () => {
    const { status, headers } = await service.call('OPTIONS', `${logstore}/track`);
    expect({ status, origin: headers['access-control-allow-origin'] }).toEqual({ status: 200, origin: '*' });
    expect(headers['access-control-allow-headers']).toContain('x-log-apiversion');
  });

  it.each([{}, { __logs__: [] }, { __logs__: [{ a: 1 }] }, []])('refuses the body %j', async (wrong) => {
    await service.call('PUT', logstore, { enable_tracking: true });
    expect(await track(wrong)).toMatchObject(refused(400, 'PostBodyInvalid'));
  });
});
