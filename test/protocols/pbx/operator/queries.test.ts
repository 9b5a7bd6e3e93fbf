/** What clients ask about the PBX: the device, extensions, calls on trunks. */
import { describe, expect, it } from 'vitest';
import { playFixture, root } from './player.ts';

const fixture = playFixture();
const { call, post, login, query } = fixture;

describe('a query', () => {
  it('returns the device', async () => {
    const token = await login('v1.1.0');
    expect(await query(token, 'deviceinfo/query')).toEqual({
      status: 'Success',
      deviceinfo: {
        devicename: 'heartbeatd PBX',
        sn: '369350000001',
        hardwarever: 'V1.00 0000-0000',
        firmwarever: '30.5.0.19',
        systemtime: '2019-01-13 23:09:02 UTC+0',
        uptime: '00:00:00',
        extensionstatus: '4/4',
      },
    });
  });

  it('returns extensions by the names of v1 and of v2', async () => {
    const token = await login('v2.0.0');
    expect((await query(token, 'extension/list', undefined, 'v2.0.0')).extlist[0]).toEqual({
      number: '1000',
      extnumber: '1000',
      status: 'Registered',
      type: 'SIP',
      username: 'Ann',
      agentid: '',
    });
    for (const [body, found] of [
      [undefined, ['1000', '1001', '1002', '1003']],
      [{ number: 'all' }, ['1000', '1001', '1002', '1003']],
      [{ number: '1000' }, ['1000']],
      [{ number: 1000 }, ['1000']],
      [{ extid: '1000,1002' }, ['1000', '1002']],
    ] as const) {
      const { extinfos } = await query(token, 'extension/query', body);
      expect(extinfos.map(({ number }: { number: string }) => number)).toEqual(found);
    }
    expect(await query(token, 'extension/query', { number: '9' })).toEqual({
      status: 'Failed',
      errno: '10006',
    });
  });

  it('returns calls on trunks, and apply succeeds', async () => {
    const token = await login('v1.1.0');
    expect(await query(token, 'inbound/query')).toEqual({ status: 'Success', inbound: [] });
    expect(await query(token, 'outbound/query')).toEqual({ status: 'Success', outbound: [] });
    await post(`${root}/calls`, { from: '5551', to: '1000', steps: ['ring', 'answer'] });
    await post(`${root}/calls`, { from: '1001', to: '5552', steps: ['ring'] });
    const { inbound } = await query(token, 'inbound/query');
    expect(inbound).toMatchObject([
      { from: '5551', to: '1000', trunk: 'SIP-1', status: 'Talking', callee: [{ extid: '1000' }] },
    ]);
    expect(await query(token, 'inbound/query', { inboundid: inbound[0].inboundid })).toMatchObject({
      inbound,
    });
    expect(await query(token, 'inbound/query', { inboundid: '1.1' })).toEqual({
      status: 'Failed',
      errno: '10007',
    });
    expect((await query(token, 'outbound/query')).outbound).toMatchObject([
      { from: '1001', to: '5552', trunk: 'SIP-1', status: 'Progress' },
    ]);
    expect(await query(token, 'apply')).toEqual({ status: 'Success' });
  });

  it('may be a GET, and have a slash at the end', async () => {
    const token = await login('v1.1.0');
    const get = async (path: string) => (await call('GET', `/api/${path}?token=${token}`)).body;
    expect(await get('v1.1.0/deviceinfo/query')).toMatchObject({ status: 'Success' });
    expect(await get('v1.1.0/deviceinfo/query/')).toMatchObject({ status: 'Success' });
    expect(await query(token, 'deviceinfo/query/')).toMatchObject({ status: 'Success' });
    expect(await get('v0.0.1/deviceinfo/query')).toEqual({ status: 'Failed', errno: '20001' });
  });

  it('needs a token and renews it', async () => {
    const token = await login('v1.1.0');
    await fixture.started.store.advanceClock(20 * 60_000);
    await query(token, 'deviceinfo/query');
    await fixture.started.store.advanceClock(20 * 60_000);
    expect(await query(token, 'deviceinfo/query')).toMatchObject({ status: 'Success' });
    expect(await query(token, 'extension/query', [])).toEqual({ status: 'Failed', errno: '20000' });
    expect(await query('', 'deviceinfo/query')).toEqual({ status: 'Failed', errno: '20005' });
    await fixture.started.store.advanceClock(30 * 60_000);
    expect(await query(token, 'deviceinfo/query')).toEqual({ status: 'Failed', errno: '20004' });
  });
});
