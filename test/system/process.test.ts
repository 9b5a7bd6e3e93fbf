/** What a process prints, serves and refuses from its start on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { beat, occupants, patient } from './lobby.ts';
import { killAll, launch, serve } from './serve.ts';

afterEach(killAll);

describe('the process', () => {
  it('prints one log line at start where nobody watches', async () => {
    const { url, printed, child, ended } = await serve();
    expect((await beat(url)).status).toBe(200);
    expect(
      printed()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      expect.objectContaining({ msg: 'listening', url, store: 'embedded, in memory', operator: 'open' }),
    ]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('begins with a seed, and leaves its state behind at SIGTERM', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-seed-'));
    const [seed, left] = [join(folder, 'seed.json'), join(folder, 'left.json')];
    writeFileSync(seed, '{"tenants":{"presence/demo":{"leases":{"lobby":{"alice":{"ttl":"5m"}}}}}}');
    try {
      const { url, child, ended } = await serve(['--seed', seed, '--export-on-exit', left]);
      await beat(url);
      expect(await occupants(url)).toEqual(['alice', 'ann']);
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(readdirSync(folder).sort()).toEqual(['left.json', 'seed.json']);
      const { tenants } = JSON.parse(readFileSync(left, 'utf8'));
      expect(Object.keys(tenants['presence/demo'].leases.lobby)).toEqual(['alice', 'ann']);
      writeFileSync(seed, '{"tenants":{"presense/demo":{}}}');
      const refused = launch(['serve', '-p', '0'], { SEED: seed });
      expect(await refused.ended).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('prints nothing with LOG_LEVEL=silent', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const { printed, child, ended } = launch(['serve', '-p', `${port}`], { LOG_LEVEL: 'silent' });
    await expect
      .poll(
        () =>
          beat(`http://127.0.0.1:${port}`).then(
            ({ status }) => status,
            () => 0,
          ),
        patient,
      )
      .toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(printed()).toBe('');
  });

  it('says on a terminal what it serves, where and over which store, and each request in a short line', async () => {
    const child = spawn('script', ['-qec', `${process.execPath} src/main.ts --port 0`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
    });
    try {
      await expect.poll(() => printed, patient).toMatch(/Operator [\s\S]*\n/);
      const [, url = ''] = /listens on (http:\S+)/.exec(printed) ?? [];
      for (const text of ['store: embedded, in memory', `curl '${url}/v2/presence`, `curl -x ${url}`, 'PBX'])
        expect(printed).toContain(text);
      expect((await fetch(`${url}/time/0`)).status).toBe(200);
      await expect.poll(() => printed, patient).toMatch(/GET \/time\/0 200 \d+ ms/);
    } finally {
      const ended = once(child, 'exit');
      // Control-C, as from a keyboard.
      child.stdin.write('\u0003');
      await ended;
    }
  });

  it('says once, in words and without the password, that Redis refuses it', async () => {
    const redis = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () =>
        socket.write('-WRONGPASS invalid username-password pair or user is disabled.\r\n'),
      );
    }).listen(0, '127.0.0.1');
    await once(redis, 'listening');
    const { port } = redis.address() as AddressInfo;
    const { printed, kill } = await serve(['--redis-url', `redis://:s3cret@127.0.0.1:${port}`]);
    await kill('SIGTERM');
    redis.close();
    const warnings = printed()
      .split('\n')
      .filter((line) => line.includes('"level":40'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('wrong user or password in REDIS_URL');
    expect(printed()).not.toContain('s3cret');
  });

  it.each([
    ['open', [], 200],
    ['closed', ['--host', '0.0.0.0'], 403],
    ['token', ['--host', '0.0.0.0', '--operator-token', 'x'], 401],
    ['open', ['--host', '0.0.0.0', '--operator-open'], 200],
  ])('says at start that the operator API is "%s" with %j', async (state, args, status) => {
    const { url, printed, kill } = await serve(args);
    expect(printed()).toContain(`"operator":"${state}"`);
    expect((await fetch(`${url}/_heartbeatd/leases`)).status).toBe(status);
    await kill('SIGTERM');
  });

  it('serves as an HTTP proxy, refuses tunnels, and answers rubbish', async () => {
    const { url, child, ended, printed } = await serve();
    const { hostname, port } = new URL(url);
    const say = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let heard = '';
        const socket = connect(Number(port), hostname, () => socket.write(text));
        socket.on('data', (chunk) => {
          heard += chunk.toString();
        });
        socket.on('close', () => resolve(heard));
        socket.on('error', reject);
      });
    const proxied = await say(
      'GET http://my-project.cn-hangzhou.log.aliyuncs.com:80/logstores HTTP/1.1\r\nHost: my-project.cn-hangzhou.log.aliyuncs.com\r\nConnection: close\r\n\r\n',
    );
    expect(proxied).toMatch(/^HTTP\/1.1 404 [\s\S]*The Project does not exist : my-project/);
    const withCredentials = await say(
      'GET http://id:s3cret@my-project.cn-hangzhou.log.aliyuncs.com/logstores HTTP/1.1\r\nHost: my-project.cn-hangzhou.log.aliyuncs.com\r\nConnection: close\r\n\r\n',
    );
    expect(withCredentials).toMatch(/The Project does not exist : my-project/);
    expect(await say('CONNECT my-project.x.y:443 HTTP/1.1\r\nHost: my-project.x.y:443\r\n\r\n')).toMatch(
      /^HTTP\/1.1 405 [\s\S]*CONNECT is not supported/,
    );
    expect(
      await say('CONNECT my-project.x.y:443 HTTP/1.1\r\nHost: x\r\n\r\nand more that nobody will read'),
    ).toMatch(/^HTTP\/1.1 405 /);
    expect(await say('rubbish\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await say('rubbish\r\n\r\nand more that nobody will read')).toMatch(/^HTTP\/1.1 400 /);
    const twice =
      'POST / HTTP/1.1\r\nHost:my-project.127.0.0.1:1\r\nTransfer-Encoding: chunked\r\nContent-Length:21\r\nConnection: close\r\n\r\n15\r\n{"projectName":"cpp"}\r\n0\r\n\r\n';
    expect(await say(twice)).toMatch(/^HTTP\/1.1 200 /);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(printed()).toContain('"url":"/logstores"');
    expect(printed()).not.toContain('s3cret');
  });

  it.each([
    [['--port', 'x'], {}, '--port'],
    [[], { PBX_STRICT: 'sometimes' }, 'PBX_STRICT'],
    [[], { REDIS_URL: 'http://x' }, 'REDIS_URL'],
    [['--data', '/nowhere/at/all/store.db'], {}, 'DATA'],
    [['--host', '192.0.2.1', '--port', '0'], {}, 'HOST: 192.0.2.1'],
    [['--host', ''], {}, 'HOST'],
    [['--port', '-1'], {}, "Option '--port'"],
    [[], { PORT: '1\n2' }, 'PORT'],
    [['--pbx-users', '.editorconfig'], {}, 'PBX_USERS: not valid JSON\n'],
  ])('says in one line what is wrong with %j %j, and exits with 2', async (args, env, name) => {
    const { ended, printed } = launch(args, env);
    expect(await ended).toBe(2);
    expect(printed().trim().split('\n')).toHaveLength(1);
    expect(printed()).toMatch(new RegExp(`^heartbeatd: ${name}`));
  });

  it.each([
    ['nobody reads what it prints any more', () => 'pipe' as const],
    ['there is no room for what it prints', () => openSync('/dev/full', 'w')],
  ])('serves on when %s', async (_why, open) => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const { child, ended } = launch(['--port', `${port}`], {}, open());
    // Before anything was printed: the first write meets a closed pipe.
    child.stdout?.destroy();
    const status = (): Promise<number> =>
      beat(`http://127.0.0.1:${port}`).then(
        (answer) => answer.status,
        () => 0,
      );
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
    // Each of them is a line that nobody reads.
    for (let at = 0; at < 50; at += 1) expect(await status()).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('says in one line that its port is taken', async () => {
    const { url, child, ended } = await serve();
    const second = launch(['--port', new URL(url).port]);
    expect(await second.ended).toBe(1);
    expect(second.printed()).toMatch(
      /heartbeatd: PORT: \d+ on 127\.0\.0\.1 is already in use; choose another with --port/,
    );
    child.kill('SIGTERM');
    await ended;
  });

  it('knows its flags and its version', async () => {
    const help = launch(['--help']);
    expect(await help.ended).toBe(0);
    expect(help.printed()).toContain('--redis-url <url>');
    const version = launch(['--version']);
    expect(await version.ended).toBe(0);
    expect(version.printed()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
