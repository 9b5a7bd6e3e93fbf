/** Whole servers and applications with TLS: which certificates a process trusts is decided when it starts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Identity, makeIdentity } from '../protocols/pbx/certificates.ts';
import { type Receiver, startReceiver } from '../protocols/pbx/receiver.ts';
import { killAll, type Running, serve } from './serve.ts';

let folder: string;
let signed: Identity;
let alone: Identity;
let authorityFile: string;
let aloneFile: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  const authority = makeIdentity({ names: ['an authority'], isAuthority: true });
  signed = makeIdentity({ names: ['127.0.0.1'], issuer: authority });
  alone = makeIdentity({ names: ['127.0.0.1'] });
  authorityFile = join(folder, 'authority.pem');
  aloneFile = join(folder, 'alone.pem');
  writeFileSync(authorityFile, authority.cert);
  writeFileSync(aloneFile, alone.cert);
});
afterAll(() => rmSync(folder, { recursive: true }));

let receivers: Receiver[] = [];
afterEach(async () => {
  killAll();
  for (const receiver of receivers) await receiver.close();
  receivers = [];
});

const application = async (identity: Identity): Promise<Receiver> => {
  const receiver = await startReceiver(0, identity);
  receivers.push(receiver);
  return receiver;
};
const post = async ({ url }: Running, path: string, body: unknown): Promise<void> => {
  await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
};
const login = (node: Running, { port }: Receiver) =>
  post(node, '/api/v1.1.0/login', {
    username: 'api',
    password: 'x',
    url: `https://127.0.0.1:${port}/`,
    urltag: 1,
  });
const report = (node: Running) => post(node, '/_heartbeatd/pbx/events', { report: 'BootUp' });

it('reports reach applications that NODE_EXTRA_CA_CERTS or PBX_CA trusts', async () => {
  const [one, two] = [await application(signed), await application(alone)];
  const node = await serve(['--pbx-ca', aloneFile], { NODE_EXTRA_CA_CERTS: authorityFile });
  await Promise.all([login(node, one), login(node, two)]);
  await report(node);
  await Promise.all([one.arrived(1), two.arrived(1)]);
  await node.kill('SIGTERM');
});

it('without PBX_CA reports reach applications that NODE_EXTRA_CA_CERTS trusts, and the log names others', async () => {
  const [one, two] = [await application(signed), await application(alone)];
  const node = await serve([], { NODE_EXTRA_CA_CERTS: authorityFile });
  await Promise.all([login(node, one), login(node, two)]);
  await report(node);
  await one.arrived(1);
  await expect.poll(() => node.printed()).toContain('pbx certificate of the callback is not trusted');
  expect(two.received).toEqual([]);
  await node.kill('SIGTERM');
});
