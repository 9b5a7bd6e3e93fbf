/** Commands that act: clock, call, exec, actor, api. */
import { describe, expect, it } from 'vitest';
import { hb, run, useServer } from './server.ts';

useServer();

it('clock reads the time', async () => {
  expect((await run(['clock'])).out).toMatch(/^\d{4}-\d\d-\d\dT.*Z, running\n$/);
  expect(await run(['clock', 'forward'])).toMatchObject({ code: 2 });
});

it('call plays a PBX call', async () => {
  expect((await run(['call', '1000', '1001', '--tenant', 'pbx/other'])).out).toMatch(/ reports, over\n$/);
  expect((await run(['call', '1000', '1001'])).out).toMatch(/^[\d.]+: \d+ reports, over\n$/);
});

describe('exec', () => {
  it('runs a command with a server of its own, and exits as the command does', async () => {
    const program = `fetch(process.env.HEARTBEATD_URL + '/time/0').then(async (reply) => {
      console.log(reply.status, process.env.HTTP_PROXY === process.env.HEARTBEATD_URL);
      process.exitCode = 7;
    })`;
    const { code, out } = await run(['exec', '--', process.execPath, '--eval', program]);
    expect({ code, out }).toEqual({ code: 7, out: '200 true\n' });
  });

  it('says that a command is not there', async () => {
    const { code, err } = await run(['exec', '--', 'no-such-program']);
    expect(code).toBe(127);
    expect(err).toMatch(/^heartbeatd: exec: no-such-program: .*ENOENT\n$/);
    expect(await run(['exec', 'npm', 'test'])).toMatchObject({ code: 2 });
  });
});

describe('actor', () => {
  const wanted = { id: 'storm', tenant: 'presence/actors', group: 'lobby', name: 'fan', count: 3 };

  it('starts, lists, changes and shows clients that the server simulates', async () => {
    expect(await run(['actor', 'add', JSON.stringify(wanted)])).toMatchObject({ code: 0, out: 'storm\n' });
    expect((await run(['actor', 'ls', '--tenant', 'presence/actors'])).out).toMatch(
      /storm +presence\/actors +lobby +fan +3 +subscriber/,
    );
    expect((await run(['actor', 'set', 'storm', '{"behaviour":"silent"}'])).out).toContain('silent');
    expect(JSON.parse((await run(['actor', 'show', 'storm'])).out).clients).toHaveLength(3);
    await hb.actors.clear();
  });

  it('ends them, and says what is wrong', async () => {
    await hb.actors.start(wanted);
    expect((await run(['actor', 'rm', 'storm', '--crash'])).code).toBe(0);
    expect(await hb.actors.list()).toEqual([]);
    const { leases } = await hb.operator.json<{ leases: object[] }>('GET', '/leases', {
      query: { tenant: wanted.tenant },
    });
    expect(leases).toHaveLength(3);
    expect(await run(['actor', 'add', '{"tenant":"presence/actors"}'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('name a channel'),
    });
    expect(await run(['actor', 'rm'])).toMatchObject({ code: 2 });
  });
});

it('api sends any operation with its parameters and its body, and lists all', async () => {
  expect((await run(['api'])).out).toMatch(/\nsplitShard +POST +\/sls\/shards\/split/);
  const body = '{"tenant":"presence/by-api","channel":"lobby","message":"hi"}';
  expect(await run(['api', 'publishMessage', '-'], body)).toMatchObject({ code: 0, err: '' });
  const { out } = await run(['api', 'listPolls', 'tenant=presence/by-api']);
  expect(JSON.parse(out)).toMatchObject({ polls: [] });
  expect(out.endsWith('\n')).toBe(true);
  expect((await run(['api', 'journal'])).code).toBe(2);
  expect(await run(['api', 'readFault'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('api: readFault: id is missing'),
  });
  expect(await run(['api', 'readFault', 'id=none'])).toMatchObject({ code: 1, out: '' });
});
