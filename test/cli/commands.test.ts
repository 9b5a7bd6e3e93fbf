/** The commands as processes, against a server in this one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';

let hb: StartedHeartbeatd;
beforeAll(async () => {
  hb = await startHeartbeatd();
});
afterAll(() => hb.close());

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `heartbeatd <args>` with the server in HEARTBEATD_URL. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['src/bin.cts', ...args], {
    env: { PATH: process.env.PATH ?? '', HEARTBEATD_URL: hb.url, ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended };
}

async function run(args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Run> {
  const { child, ended } = start(args, env);
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

const beat = (key: string, uuid: string): Promise<Response> =>
  fetch(`${hb.url}/v2/presence/sub-key/${key}/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=300`);

describe('the command line', () => {
  it('lists every command, and explains each with its flags', async () => {
    const { code, out } = await run(['help']);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(`\n  ${name}`);
    expect((await run(['leases', '--help'])).out).toContain('--watch');
    expect((await run(['help', 'clock'])).out).toContain('advance <duration>');
  });

  it('names the nearest of an unknown command or flag, and exits with 2', async () => {
    expect(await run(['lease'])).toEqual({
      code: 2,
      out: '',
      err: 'heartbeatd: unknown name "lease"; did you mean "leases"?\n',
    });
    expect((await run(['verfy'])).err).toContain('did you mean "verify"');
    expect((await run(['LEASES'])).err).toContain('did you mean "leases"');
    expect(await run(['leases', '--protcol', 'pbx'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean "--protocol"'),
    });
  });

  it('exits with 1 and one line where no server is', async () => {
    const { code, err } = await run(['leases', '--url', 'http://127.0.0.1:9']);
    expect(code).toBe(1);
    expect(err).toMatch(/^heartbeatd: http:\/\/127\.0\.0\.1:9 cannot be reached: .*\n$/);
  });

  it('exits with 2 for what is no URL', async () => {
    expect(await run(['leases', '--url', 'localhost:8080'])).toMatchObject({ code: 2, out: '' });
  });
});

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

it('tail prints events since a number, and survives a reader that stops', async () => {
  await beat('tailed', 'ann');
  const { child, ended } = start(['tail', '--since', '0', '--tenant', 'presence/tailed']);
  let out = '';
  for await (const chunk of child.stdout) {
    out += String(chunk);
    if (out.includes('request')) break;
  }
  expect(out).toMatch(/lease\.granted +protocol=presence tenant=presence\/tailed group=lobby holder=ann/);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});

it('verify exits with 0 or 1, and shows the closest request', async () => {
  await beat('verified', 'ann');
  const expected = (holder: string): string =>
    JSON.stringify({ match: { tenant: 'presence/verified', holder } });
  expect(await run(['verify', expected('ann')])).toMatchObject({ code: 0 });
  expect(await run(['verify', '-'], expected('bob'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('holder is "ann", not "bob"'),
  });
  expect(await run(['verify', '{'])).toMatchObject({ code: 2 });
});

it('fault adds, lists and removes rules', async () => {
  const rule = '{"match":{"tenant":"presence/faulty"},"do":{"status":503}}';
  const { out: id } = await run(['fault', 'add', rule]);
  expect((await beat('faulty', 'ann')).status).toBe(503);
  expect((await run(['fault', 'ls'])).out).toMatch(new RegExp(`${id.trim()} .* 1 +0`));
  expect(await run(['fault', 'rm', id.trim()])).toMatchObject({ code: 0 });
  expect((await run(['fault', 'ls'])).out).toBe('no faults\n');
});

it('journal lists the newest requests, also as curl commands', async () => {
  await beat('kept', 'ann');
  expect((await run(['journal', '--tenant', 'presence/kept'])).out).toMatch(/Heartbeat +ann +200/);
  const { out } = await run(['journal', '--tenant', 'presence/kept', '--format', 'curl']);
  expect(out).toContain(`curl '${hb.url}/v2/presence/sub-key/kept/channel/lobby/heartbeat`);
});

it('journal and tail select reports under a name that is in no document', async () => {
  const application = await hb.actors.start({ tenant: 'pbx/default', group: 'api' });
  await hb.operator.json('POST', '/pbx/events', { body: { report: 'Raw', body: { action: 'Homemade' } } });
  await hb.journal.waitFor({ operation: 'Homemade', direction: 'out' });
  const named = await run(['journal', '--operation', 'Homemade', '--direction', 'out']);
  expect(named).toMatchObject({ code: 0, out: expect.stringContaining('Homemade') });
  const { child, ended } = start(['tail', '--since', '0', '--body', '{"operation":"Homemade"}']);
  const [shown] = (await once(child.stdout, 'data')) as [Buffer];
  expect(shown.toString()).toContain('operation=Homemade');
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  await application.leave();
});

it('journal lists as many requests as --limit in every format, the newest last', async () => {
  for (const uuid of ['ann', 'bob', 'cid']) await beat('limited', uuid);
  const listed = ['journal', '--tenant', 'presence/limited', '--limit', '2'];
  for (const format of ['table', 'json', 'curl', 'har']) {
    const { out } = await run([...listed, '--format', format]);
    expect([...new Set(out.match(/\b(?:ann|bob|cid)\b/g))], format).toEqual(['bob', 'cid']);
  }
});

it('clock reads the time', async () => {
  expect((await run(['clock'])).out).toMatch(/^\d{4}-\d\d-\d\dT.*Z, running\n$/);
  expect(await run(['clock', 'forward'])).toMatchObject({ code: 2 });
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

it('call plays a PBX call', async () => {
  expect((await run(['call', '1000', '1001', '--tenant', 'pbx/other'])).out).toMatch(/ reports, over\n$/);
  expect((await run(['call', '1000', '1001'])).out).toMatch(/^[\d.]+: \d+ reports, over\n$/);
});

it('readyz says whether the server is ready', async () => {
  expect(await run(['readyz', '--wait', '10s'])).toMatchObject({ code: 0, out: `${hb.url} is ready\n` });
  expect(await run(['readyz', '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 1 });
  expect(await run(['readyz', '--wait', 'long'])).toMatchObject({ code: 2 });
});

it('points to the list instead of naming something unrelated', async () => {
  expect((await run(['nosuch'])).err).toBe(
    'heartbeatd: unknown name "nosuch"; heartbeatd help lists the commands\n',
  );
  expect((await run(['leases', '--xyz'])).err).toBe(
    'heartbeatd: leases: unknown name "--xyz"; heartbeatd leases --help lists its flags\n',
  );
  expect((await run(['api', 'nosuch'])).err).toBe(
    'heartbeatd: api: unknown name "nosuch"; heartbeatd api lists them\n',
  );
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

it.each(['bash', 'zsh', 'fish'])(
  'completion prints a script for %s that knows every command',
  async (shell) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(name);
  },
);

it('hash-password reads a password from standard input', async () => {
  expect((await run(['hash-password'], 'pass\n')).out).toMatch(/^scrypt:[0-9a-f]{32}:[0-9a-f]{64}\n$/);
  expect(await run(['hash-password'])).toMatchObject({ code: 2 });
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
