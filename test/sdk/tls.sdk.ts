/** The vendors' SDKs for Python, Go and Java over HTTPS: endpoints as in production, a proxy variable and one for the authority. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import {
  buildGo,
  buildJava,
  folder as cachedFolder,
  hasTool,
  installGo,
  installJava,
  installPython,
  installPythonPackage,
} from './consumers/install.ts';

const hasPython = hasTool('python3', '-m', 'venv', '--help');
let folder: string;
let started: StartedApp;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  started = await startApp({ tls: 'auto', tlsFolder: join(folder, 'tls') });
});
afterEach(async () => {
  await started.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(python: string, args: readonly string[], trust: string): Promise<string> {
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'tls.py'), ...args], {
    env: {
      PATH: process.env.PATH,
      HTTPS_PROXY: started.url,
      // Neither variable may be left to the environment of the tests.
      NO_PROXY: '',
      [trust]: join(folder, 'tls', 'ca.pem'),
    },
    timeout: 60_000,
  });
  return stdout.trim();
}

it.skipIf(!hasPython)('aliyun-log-python-sdk keeps its https:// endpoint', async () => {
  const python = installPython('0.9.47');
  expect(await run(python, ['sls', 'cn-hangzhou.log.aliyuncs.com'], 'REQUESTS_CA_BUNDLE')).toBe('1');
});

it.skipIf(!hasPython)('pubnub for Python keeps its origin and its default ssl=True', async () => {
  const python = installPythonPackage('pubnub', '10.8.0', 'pubnub');
  expect(await run(python, ['pubnub', ''], 'SSL_CERT_FILE')).toMatch(/\d{17}/);
});

const endpoint = 'https://cn-hangzhou.log.aliyuncs.com';

it.skipIf(!hasTool('go', 'version'))('aliyun-log-go-sdk keeps its https:// endpoint', async () => {
  const host = 'demo.cn-hangzhou.log.aliyuncs.com';
  const post = (url: string, body: object) =>
    started.app.inject({ method: 'POST', url, headers: { host }, payload: JSON.stringify(body) });
  await post('/', { projectName: 'demo' });
  await post('/logstores', { logstoreName: 'logs', ttl: 1, shardCount: 1 });
  const child = spawn(installGo(), [endpoint, 'demo', 'logs', 'cg', 'c1', '2'], {
    env: { HTTPS_PROXY: started.url, SSL_CERT_FILE: join(folder, 'tls', 'ca.pem') },
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  try {
    const holders = async (): Promise<string> => (await started.app.inject('/_heartbeatd/leases')).body;
    await expect.poll(holders, { timeout: 30_000 }).toContain('"c1"');
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
});

const exec = promisify(execFile);

/** Puts the authority into a trust store; returns the flags with which Java uses it. */
async function javaTrust(): Promise<readonly string[]> {
  const trust = join(folder, 'trust.p12');
  const store = ['-keystore', trust, '-storetype', 'PKCS12', '-storepass', 'changeit'];
  await exec('keytool', ['-importcert', '-noprompt', '-file', join(folder, 'tls', 'ca.pem'), ...store]);
  return [`-Djavax.net.ssl.trustStore=${trust}`, '-Djavax.net.ssl.trustStorePassword=changeit'];
}

it.skipIf(!hasTool('mvn', '-version'))('aliyun-log for Java keeps its https:// endpoint', async () => {
  const { stdout } = await exec('java', [
    ...(await javaTrust()),
    ...['-cp', installJava(), 'Proxied', new URL(started.url).port, endpoint, 'from-java', 'logs'],
  ]);
  expect(stdout).toContain('from Java');
});

it.skipIf(!hasTool('mvn', '-version'))(
  'pubnub for Java keeps its origin and its default secure',
  async () => {
    const { hostname, port } = new URL(started.url);
    const sources = join(import.meta.dirname, 'presence', 'jvm');
    const classPath = buildJava(sources, { home: cachedFolder('presence-jvm'), programs: ['JavaLife'] });
    const proxy = [`-Dhttps.proxyHost=${hostname}`, `-Dhttps.proxyPort=${port}`, '-Dhttp.nonProxyHosts='];
    const encoding = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'];
    const flags = [...(await javaTrust()), ...proxy, ...encoding];
    const { stdout } = await exec('java', [...flags, '-cp', classPath, 'JavaLife', 'default'], {
      timeout: 120_000,
    });
    expect(stdout).toContain('join bob on room 2');
  },
);

it.skipIf(!hasTool('go', 'version'))('pubnub for Go keeps its origin and its default Secure', async () => {
  const sources = join(import.meta.dirname, 'presence', 'go');
  const file = buildGo(sources, { home: cachedFolder('presence-go'), program: 'life' });
  const env = { HTTPS_PROXY: started.url, SSL_CERT_FILE: join(folder, 'tls', 'ca.pem') };
  const { stdout } = await exec(file, ['default'], { env, timeout: 120_000 });
  expect(stdout).toContain('join bob on room 2');
});
