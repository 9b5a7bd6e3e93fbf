/** Commands about leases: leases, why, reset, export, import. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beat, hb, run, start, useServer } from './server.ts';

useServer();

describe('leases', () => {
  it('lists who is alive as a table, and as JSON', async () => {
    await beat('listed', 'ann');
    const { out } = await run(['leases', '--tenant', 'presence/listed']);
    expect(out.split('\n')[0]).toMatch(/^protocol +tenant +group +holder +ends in$/);
    expect(out).toMatch(/presence +presence\/listed +lobby +ann +\d/);
    const json = await run(['leases', '--tenant', 'presence/listed', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ holder: 'ann', group: 'lobby' });
  });

  it('selects by what leases carry', async () => {
    for (const uuid of ['ann', 'bob']) await beat('carried', uuid);
    await hb.operator.json('POST', '/presence/state', {
      body: { tenant: 'presence/carried', uuid: 'bob', channels: ['lobby'], state: { mood: 'fine' } },
    });
    const args = ['leases', '--tenant', 'presence/carried', '--json', '--body'];
    expect(JSON.parse((await run([...args, '{"mood":"fine"}'])).out)).toMatchObject({ holder: 'bob' });
    expect(await run([...args, 'fine'])).toMatchObject({ code: 2 });
  });

  it('names the nearest of a misspelt tenant', async () => {
    await beat('spelt', 'ann');
    expect((await run(['leases', '--tenant', 'presence/spetl'])).out).toMatch(
      /^no live leases: tenant: unknown name "presence\/spetl"; did you mean "presence\/spelt"/,
    );
  });

  it('shows what a terminal would obey as escapes', async () => {
    await beat('hostile', 'a%1b%5b2Jb');
    expect((await run(['leases', '--tenant', 'presence/hostile'])).out).toContain(' a\\x1b[2Jb ');
  });

  it('lists again when a lease begins, until it is interrupted', async () => {
    const { child, ended } = start(['leases', '--watch', '--tenant', 'presence/watched']);
    let out = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      if (out === '') await beat('watched', 'ann');
      out += String(chunk);
      if (out.includes('ann')) break;
    }
    expect(out).toMatch(/^no live leases/);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

it('why explains a uuid in sentences, and names the nearest of an unknown one', async () => {
  await beat('asked', 'ann');
  expect(await run(['why', 'presence/asked', 'lobby', 'ann'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ann is present on lobby.*times out in/),
  });
  const json = await run(['why', 'presence/asked', '--holder', 'ann', '--json']);
  expect(JSON.parse(json.out).facts).toMatchObject({ uuid: 'ann', present: ['lobby'] });
  expect(await run(['why', 'presence/asked', 'lobby', 'anna'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('did you mean "ann"?'),
  });
  expect(await run(['why'])).toMatchObject({ code: 2 });
  expect(await run(['why', 'a', 'b', 'c', 'd'])).toMatchObject({ code: 2 });
});

it('reset removes tenants, and everything only if it is asked to', async () => {
  await beat('cleared', 'ann');
  expect(await run(['reset'])).toMatchObject({ code: 2 });
  expect(await run(['reset', 'presence/cleared'])).toMatchObject({ code: 0 });
  expect((await run(['leases', '--tenant', 'presence/cleared'])).out).toMatch(/^no live leases/);
});

it('export and import move the state of a tenant through a file, standard output and standard input', async () => {
  await beat('moved', 'ann');
  const exported = await run(['export', '--tenant', 'presence/moved']);
  expect(JSON.parse(exported.out).tenants['presence/moved'].leases.lobby.ann).toMatchObject({ ttl: 300_000 });
  await hb.reset('presence/moved');
  expect(await run(['import', '-', '--tenant', 'presence/moved'], exported.out)).toMatchObject({
    code: 0,
    out: 'presence/moved\n',
  });
  expect((await run(['leases', '--tenant', 'presence/moved'])).out).toContain('ann');
  expect(
    await run(['import', '-', '--tenant', 'presence/moved'], '{"tenants":{"presence/moved":{"x":1}}}'),
  ).toMatchObject({
    code: 1,
    err: expect.stringContaining('presence/moved: unknown name "x"'),
  });
  expect(await run(['import', 'no-such-file.json'])).toMatchObject({ code: 2 });
  const seed = join(mkdtempSync(join(tmpdir(), 'heartbeatd-cli-')), 'state.json');
  await run(['export', seed, '--tenant', 'presence/moved']);
  const script =
    'fetch(process.env.HEARTBEATD_URL + "/_heartbeatd/leases").then((r) => r.text()).then(console.log)';
  expect((await run(['exec', '--seed', seed, '--', process.execPath, '-e', script])).out).toContain('"ann"');
  rmSync(dirname(seed), { recursive: true });
});
