/** Reports to applications that speak TLS, with certificates of this test only. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../../src/config.ts';
import { makeAddressPolicy } from '../../../../src/protocols/pbx/callback/address-policy.ts';
import { makeSender } from '../../../../src/protocols/pbx/callback/send-report.ts';
import { parseCertificates } from '../../../../src/protocols/pbx/callback/trust.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Identity, makeIdentity } from '../certificates.ts';
import { ok, type Receiver, startReceiver } from '../receiver.ts';

let folder: string;
let authority: Identity;
let signed: Identity;
let alone: Identity;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  authority = makeIdentity({ names: ['an authority'], isAuthority: true });
  signed = makeIdentity({ names: ['crm.example', '127.0.0.1'], issuer: authority });
  alone = makeIdentity({ names: ['127.0.0.1'] });
});
afterAll(() => rmSync(folder, { recursive: true }));

let receiver: Receiver | undefined;
let started: StartedApp | undefined;
afterEach(async () => {
  await started?.close();
  await receiver?.close();
  started = undefined;
  receiver = undefined;
});

const file = (...texts: string[]): string => {
  const path = join(folder, 'certificates.pem');
  writeFileSync(path, texts.join('\n'));
  return path;
};
const fileFor = (identity: Identity): string => file(identity.cert);

/** An application that speaks TLS and is logged in, at a server with those settings. */
async function start(identity: Identity, settings: Partial<Config>) {
  const application = await startReceiver(0, identity);
  receiver = application;
  const app = await startApp(settings);
  started = app;
  await app.store.freezeClock(true);
  const inject = async (url: string, payload?: object) =>
    (await app.app.inject(payload === undefined ? { url } : { method: 'POST', url, payload })).json();
  const url = `https://127.0.0.1:${application.port}/report?key=1`;
  await inject('/api/v1.1.0/login', { username: 'api', password: 'x', url, urltag: '1' });
  return {
    app,
    application,
    report: () => inject('/_heartbeatd/pbx/events', { report: 'BootUp' }),
    last: async (): Promise<string> =>
      (await inject('/_heartbeatd/pbx/deliveries')).deliveries[0].last?.outcome ?? '',
    waiting: async () => (await inject('/_heartbeatd/pbx/deliveries')).deliveries[0].waiting,
    diagnostics: async () => (await inject('/_heartbeatd/pbx/diagnostics')).diagnostics,
    metrics: async () => (await app.app.inject('/metrics')).payload,
    url,
  };
}

describe('a report to an https:// callback', () => {
  it.each([
    ['whose authority is in PBX_CA', () => signed, () => ({ pbxCa: fileFor(authority) })],
    ['whose own certificate is in PBX_CA', () => alone, () => ({ pbxCa: fileFor(alone) })],
    ['that is in PBX_CA among others', () => alone, () => ({ pbxCa: file(authority.cert, alone.cert) })],
    ['of anybody, with PBX_VERIFY_TLS=false', () => alone, () => ({ pbxVerifyTls: false })],
  ])('%s arrives with the bytes of a PBX', async (_who, identity, settings) => {
    const { application, report, last, diagnostics } = await start(identity(), settings());
    await report();
    const [first] = await application.arrived(1);
    expect(first?.raw).toBe(
      `POST /report?key=1 HTTP/1.1\r\nHost: 127.0.0.1:${application.port}\r\nUser-Agent: WebAPI\r\n` +
        'Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: 19\r\n' +
        'Connection: close\r\n\r\n{"action":"BootUp"}',
    );
    expect(first?.reads).toBe(1);
    await expect.poll(last).toBe('status 200');
    expect(await diagnostics()).toEqual([]);
  });

  it.each([
    ['that signed its certificate itself', () => alone, () => ({}), /SELF_SIGNED/],
    ['of an authority that is not known', () => signed, () => ({}), /UNABLE_TO_VERIFY/],
    ['of another authority than that in PBX_CA', () => alone, () => ({ pbxCa: fileFor(authority) }), /SELF_/],
    [
      'with the certificate of another host',
      () => makeIdentity({ names: ['10.9.9.9', 'localhost'], issuer: authority }),
      () => ({ pbxCa: fileFor(authority) }),
      /ALTNAME_INVALID.*10\.9\.9\.9/,
    ],
    [
      'with a certificate that is no longer valid',
      () =>
        makeIdentity({ names: ['127.0.0.1'], issuer: authority, until: new Date(Date.now() - 3_600_000) }),
      () => ({ pbxCa: fileFor(authority) }),
      /CERT_HAS_EXPIRED/,
    ],
  ])('%s is not sent, and a diagnostic says why', async (_who, identity, settings, why) => {
    const { app, application, report, last, waiting, diagnostics, metrics, url } = await start(
      identity(),
      settings(),
    );
    await report();
    await expect.poll(last).toMatch(/^untrusted: 127\.0\.0\.1: /);
    expect(await last()).toMatch(why);
    const diagnostic = {
      atMs: expect.any(Number),
      message:
        'certificate of the callback is not trusted; its reports wait until PBX_CA names its authority',
      user: 'api',
      url,
      detail: expect.stringMatching(why),
    };
    await expect.poll(diagnostics).toEqual([diagnostic]);
    expect(await waiting()).toBe(1);
    // Once, not for every attempt.
    await app.store.advanceClock(5_000);
    await expect.poll(metrics).toContain('heartbeatd_pbx_reports_total{outcome="failed"} 2');
    expect(await diagnostics()).toEqual([diagnostic]);
    expect(application.received).toEqual([]);
  });

  it('arrives once the application presents a trusted certificate', async () => {
    const { app, application, report, last, waiting } = await start(alone, { pbxCa: fileFor(authority) });
    await report();
    await expect.poll(last).toMatch(/^untrusted/);
    await application.close();
    const trusted = await startReceiver(application.port, signed);
    receiver = trusted;
    await app.store.advanceClock(5_000);
    await trusted.arrived(1);
    expect(trusted.bodies()).toEqual(['{"action":"BootUp"}']);
    await expect.poll(waiting).toBe(0);
  });

  it('is checked against the name of the application, whatever address it resolves to', async () => {
    receiver = await startReceiver(0, signed);
    receiver.answer = ok;
    const policy = makeAddressPolicy({ allow: [], deny: [], refuseSystemPorts: false });
    const send = makeSender({
      policyFor: () => policy,
      connectTimeoutMs: 2_000,
      timeoutMs: 2_000,
      verifyTls: true,
      authorities: [authority.cert],
      lookup: async () => ['127.0.0.1'],
    });
    const to = (name: string) => send(`https://${name}:${receiver?.port}/`, '{}', '').result;
    expect(await to('crm.example')).toMatchObject({ kind: 'replied', status: 200 });
    expect(await to('other.example')).toMatchObject({
      kind: 'untrusted',
      reason: expect.stringContaining('other.example'),
    });
    expect(receiver.received[0]?.raw).toContain(`Host: crm.example:${receiver.port}\r\n`);
  });
});

describe('the file of PBX_CA', () => {
  it('may hold several certificates and other text', () => {
    const text = `# ours\n${authority.cert}\r\n\r\n# the application's own\n${alone.cert}`;
    expect(parseCertificates(text)).toHaveLength(2);
  });

  it.each([
    ['is not there', () => join(folder, 'nowhere.pem'), /PBX_CA: .*ENOENT/],
    ['holds no certificate', () => file('nothing'), /PBX_CA: no certificate in PEM form/],
    ['holds a key', () => file(alone.key), /PBX_CA: no certificate in PEM form/],
    [
      'holds a broken one',
      () => file(authority.cert, alone.cert.replace(/\n[A-Za-z0-9+/]{20}/, '\n')),
      /PBX_CA: certificate 2 of 2 cannot be read/,
    ],
  ])('that %s is said at the start', async (_what, path, message) => {
    await expect(startApp({ pbxCa: path() })).rejects.toThrow(message);
  });
});
