/** The vendors' Python SDKs over HTTPS: endpoints as in production, a proxy variable and one for the authority. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { hasTool, installPython, installPythonPackage } from './consumers/install.ts';

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
