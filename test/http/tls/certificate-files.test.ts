/** Certificates from files that the settings name. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openCertificateFiles } from '../../../src/http/tls/certificates.ts';
import { makeIdentity } from '../../protocols/pbx/certificates.ts';
import { type RecordedLog, recordedLog } from '../../recorded-log.ts';
import { startApp } from '../../start-app.ts';

let folder: string;
let log: RecordedLog;
beforeEach(() => {
  log = recordedLog();
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('certificates of files', () => {
  const paths = () => ({
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    ca: join(folder, 'own-ca.pem'),
  });
  const root = makeIdentity({ names: ['root'], isAuthority: true });
  const write = (names: readonly string[]): void => {
    const { cert, key } = makeIdentity({ names, issuer: root });
    writeFileSync(paths().cert, cert);
    writeFileSync(paths().key, key);
    writeFileSync(paths().ca, root.cert);
  };

  it('are presented to every client', async () => {
    write(['127.0.0.1']);
    const { cert, key, ca: own } = paths();
    const started = await startApp({ tls: 'off', tlsCert: cert, tlsKey: key, tlsCa: own });
    onTestFinished(started.close);
    const dispatcher = new Agent({ connect: { ca: root.cert } });
    onTestFinished(() => dispatcher.close());
    const url = started.url.replace('http:', 'https:');
    expect((await fetch(`${url}/time/0`, { dispatcher })).status).toBe(200);
  });

  it('are read again when they change, and stay in use while the new ones cannot be used', async () => {
    write(['127.0.0.1']);
    const certificates = openCertificateFiles({ ...paths(), log: log.logger, pollMs: 10 });
    let changes = 0;
    certificates.onChange(() => {
      changes += 1;
    });
    const first = certificates.standard().cert;
    writeFileSync(paths().cert, 'rubbish');
    await expect.poll(() => log.lines('warn')).not.toHaveLength(0);
    expect([certificates.standard().cert, changes]).toEqual([first, 0]);
    write(['localhost']);
    await expect.poll(() => changes).toBeGreaterThan(0);
    expect(certificates.standard().cert).toBe(readFileSync(paths().cert, 'utf8'));
    certificates.close();
  });

  it.each([
    ['TLS_CERT', { cert: 'none.pem' }],
    ['TLS_KEY', { key: 'none.pem' }],
    ['TLS_CERT', { cert: 'own-ca.pem.txt' }],
    ['TLS_KEY', { key: 'other.pem' }],
  ])('an unusable one is an error that names %s (%j)', (setting, changed) => {
    write(['127.0.0.1']);
    writeFileSync(join(folder, 'own-ca.pem.txt'), 'rubbish');
    writeFileSync(join(folder, 'other.pem'), makeIdentity({ names: ['x'] }).key);
    const changes = Object.fromEntries(
      Object.entries(changed).map(([name, file]) => [name, join(folder, file)]),
    );
    expect(() => openCertificateFiles({ ...paths(), ...changes, log: log.logger })).toThrow(`${setting}: `);
  });
});
