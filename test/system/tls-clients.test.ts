/** Programs over HTTPS, as their users run them: environment variables say where the server is and which authority to trust. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let folder: string;
let started: StartedApp;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  started = await startApp({ tls: 'auto', tlsFolder: join(folder, 'tls') });
});
afterAll(async () => {
  await started.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(file: string, args: readonly string[], trust: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env.PATH, HTTPS_PROXY: started.url, NO_PROXY: '', ...trust };
  const { stdout } = await promisify(execFile)(file, args, { env, timeout: 25_000 });
  return stdout.trim();
}
const ca = (): string => join(folder, 'tls', 'ca.pem');
const node = (script: string) =>
  run(process.execPath, ['--input-type=module', '-e', script], {
    NODE_EXTRA_CA_CERTS: ca(),
    NODE_USE_ENV_PROXY: '1',
  });

it('fetch of Node.js reaches an https:// SLS endpoint with two variables', async () => {
  const script = "console.log((await fetch('https://demo.cn-hangzhou.log.aliyuncs.com/logstores')).status)";
  expect(await node(script)).toBe('404');
});

it("the JavaScript SDK of PubNub keeps the vendor's origin and its default ssl: true, with setProxy", async () => {
  const script = `import PubNub from 'pubnub';
    const client = new PubNub({ subscribeKey: 'demo', userId: 'ann' });
    client.setProxy({ protocol: 'http', hostname: '127.0.0.1', port: ${new URL(started.url).port} });
    console.log((await client.hereNow({ channels: ['lobby'] })).totalOccupancy);
    client.destroy();`;
  await started.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
  expect(await node(script)).toBe('1');
});

it('curl reaches an https:// endpoint with --cacert', async () => {
  const url = 'https://demo.cn-hangzhou.log.aliyuncs.com/logstores';
  expect(await run('curl', ['-s', '--cacert', ca(), url])).toContain('ProjectNotExist');
});

it('a PBX application logs in over https:// at the address of the server', async () => {
  const url = `https://127.0.0.1:${new URL(started.url).port}/api/v1.1.0/login`;
  const body = JSON.stringify({
    username: 'api',
    password: '1a1dc91c907325c69271ddf0c944bc72',
    port: '8260',
  });
  expect(await run('curl', ['-s', '--noproxy', '*', '--cacert', ca(), '-d', body, url])).toContain(
    '"status":"Success"',
  );
});
