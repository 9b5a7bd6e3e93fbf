import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorOperations } from '../../scripts/operator-operations.ts';
import { operationCall } from '../../src/client/call.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';

it('the client can call every operation of the operator API', async () => {
  const { table, types } = await operatorOperations();
  expect(readFileSync('src/client/operations.ts', 'utf8')).toBe(table);
  expect(readFileSync('src/client/operation-types.ts', 'utf8')).toBe(types);
});

describe('a call by the name of an operation', () => {
  let hb: StartedHeartbeatd;
  beforeAll(async () => {
    hb = await startHeartbeatd({ settings: { slsAutoCreate: true } });
  });
  afterAll(() => hb.close());

  it('reaches the operations of each protocol', async () => {
    const create = await request(`${hb.url}/logstores/store/consumergroups`, {
      method: 'POST',
      headers: { host: 'shop.cn-hangzhou.log.aliyuncs.com' },
      body: JSON.stringify({ consumerGroup: 'cg', timeout: 60, order: false }),
    });
    expect([create.statusCode, await create.body.text()]).toEqual([200, '']);
    const logstore = { project: 'shop', logstore: 'store' };
    await hb.call('writeLogs', {}, { ...logstore, logs: [{ contents: { level: 'info' } }] });
    expect(await hb.call('readLogs', logstore)).toMatchObject({ logs: [{ contents: { level: 'info' } }] });
    await hb.call('splitShard', {}, { ...logstore, shard: 0 });
    expect(await hb.call('listShards', { ...logstore, group: 'cg' })).toMatchObject({
      shards: expect.any(Array),
    });

    await hb.call('putExtension', { number: '7001', tenant: 'pbx/shop' }, {});
    expect(await hb.call('readModel', { tenant: 'pbx/shop' })).toMatchObject({
      extensions: expect.arrayContaining([expect.objectContaining({ number: '7001' })]),
    });
    await hb.call('removeExtension', { number: '7001', tenant: 'pbx/shop' });
    expect(await hb.call('listReports')).toEqual({ reports: [], next: null });

    await hb.call('publishMessage', {}, { tenant: 'presence/demo', channel: 'lobby', message: 'hi' });
    expect(await hb.call('listPolls', { tenant: 'presence/demo' })).toMatchObject({ polls: [] });
  });

  it('takes the body in place of parameters where an operation has none', async () => {
    const tenant = 'presence/alone';
    expect(await hb.call('moveClock', { tenant, freeze: true })).toMatchObject({ clock: { frozen: true } });
    expect(await hb.call('moveClock', {}, { tenant, freeze: false })).toMatchObject({
      clock: { frozen: false },
    });
    expect(await hb.call('reset', { tenant, to: 'empty' })).toMatchObject({ tenants: expect.anything() });
    await expect(hb.call('readSettings', { tenant } as object)).rejects.toThrow('has no parameter tenant');
  });

  it('is refused with the reason of the server', async () => {
    await expect(hb.call('readFault', { id: 'none' })).rejects.toMatchObject({
      name: 'OperatorError',
      status: 404,
    });
  });

  it('names a parameter that is missing, or that the operation does not have', () => {
    expect(() => operationCall('readFault')).toThrow('readFault: id is missing');
    expect(() => operationCall('readFault', { id: 'a', protcol: 'pbx' })).toThrow(
      'readFault: it has no parameter protcol, but id',
    );
    expect(operationCall('readFault', { id: 'a/b' })).toMatchObject({ path: '/faults/a%2Fb', query: {} });
  });
});
