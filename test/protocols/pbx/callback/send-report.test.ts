import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AddressPolicy,
  type AddressRules,
  makeAddressPolicy,
  onlyTo,
} from '../../../../src/protocols/pbx/callback/address-policy.ts';
import { makeSender, type SenderOptions } from '../../../../src/protocols/pbx/callback/send-report.ts';
import { type Receiver, startReceiver, status } from '../receiver.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const everything: AddressRules = { allow: [], deny: [], refuseSystemPorts: false };
const sender = (rules: Partial<AddressRules> & Partial<SenderOptions> = {}) => {
  const policy = makeAddressPolicy({ ...everything, ...rules });
  return makeSender({
    policyFor: () => policy,
    connectTimeoutMs: 2_000,
    timeoutMs: 2_000,
    verifyTls: true,
    ...rules,
  });
};
const to = (url: string, rules: Parameters<typeof sender>[0] = {}) =>
  sender(rules)(url, '{}', '10.0.0.1').result;
const at = (host: string): string => `http://${host}:${receiver.port}/`;

describe('an attempt', () => {
  it('goes to a name that resolves to an allowed address, with the name as Host', async () => {
    expect(await to(at('pbx-client.example'), { lookup: async () => ['127.0.0.1'] })).toMatchObject({
      kind: 'replied',
      status: 200,
      excerpt: 'ok',
    });
    expect(receiver.received[0]?.raw).toContain(`Host: pbx-client.example:${receiver.port}\r\n`);
  });

  it('goes where the settings say for the host of the callback, which stays the Host', async () => {
    const lookup = async (name: string) => (name === 'machine.internal' ? ['127.0.0.1'] : []);
    const callbackHosts = ['10.9.8.7=127.0.0.1', 'APP=machine.internal', '[fd00::7]=127.0.0.1'];
    for (const host of ['10.9.8.7', 'app', '[fd00::7]'])
      expect(await to(at(host), { callbackHosts, lookup })).toMatchObject({ kind: 'replied' });
    const hosts = receiver.received.map(({ raw }) => /^Host: (.*):\d+\r$/m.exec(raw)?.[1]);
    expect(hosts).toEqual(['10.9.8.7', 'app', '[fd00::7]']);
  });

  it('is refused where the settings lead to a refused address', async () => {
    const callbackHosts = ['127.0.0.1=169.254.169.254'];
    expect(await to(at('127.0.0.1'), { callbackHosts })).toMatchObject({ kind: 'refused' });
    const policy = makeAddressPolicy({ ...everything, callbackHosts });
    expect(policy.refusalOfUrl(new URL(at('127.0.0.1')))).toContain('169.254.169.254');
    const onlyToPeer = onlyTo(
      '127.0.0.1',
      makeAddressPolicy({ ...everything, callbackHosts: ['127.0.0.1=10.0.0.2'] }),
    );
    expect(onlyToPeer.refusalOfUrl(new URL(at('127.0.0.1')))).toContain('10.0.0.2');
  });

  it('is refused when a name resolves to a refused address, whatever it resolved to before', async () => {
    const answers = [['127.0.0.1'], ['169.254.169.254'], ['::ffff:169.254.169.254'], ['fd00:ec2::254']];
    const send = sender({ lookup: async () => answers.shift() ?? [] });
    const kinds: string[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1)
      kinds.push((await send(at('rebinding.example'), '{}', '').result).kind);
    expect(kinds).toEqual(['replied', 'refused', 'refused', 'refused']);
    expect(receiver.received).toHaveLength(1);
  });

  it('dials only the allowed ones of several addresses', async () => {
    const lookup = async () => ['169.254.169.254', '127.0.0.1'];
    expect(await to(at('mixed.example'), { lookup })).toMatchObject({ kind: 'replied' });
  });

  it.each([
    ['link-local', 'http://169.254.169.254/', {}],
    ['link-local as one number', 'http://2852039166/', {}],
    ['what the settings deny', 'http://127.0.0.1:1/', { deny: ['127.0.0.0/8'] }],
    ['what the settings do not allow', 'http://127.0.0.1:1/', { allow: ['10.0.0.0/8', 'crm'] }],
    ['a system port', 'http://127.0.0.1:25/', { refuseSystemPorts: true }],
    [
      'a name that is allowed, at an address that never is',
      'http://crm/',
      { allow: ['crm'], lookup: async () => ['169.254.1.1'] },
    ],
  ])('is refused for %s', async (_what, url, rules) => {
    expect(await to(url, rules)).toMatchObject({ kind: 'refused' });
  });

  it('is allowed for a name in the settings', async () => {
    expect(await to(at('CRM'), { allow: ['crm'], lookup: async () => ['127.0.0.1'] })).toMatchObject({
      kind: 'replied',
    });
  });

  it('is unreachable without a listener, without an address, or without a connection in time', async () => {
    const { port } = receiver;
    await receiver.close();
    expect(await to(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'unreachable' });
    receiver = await startReceiver();
    expect(
      await to('http://x.example/', { lookup: () => Promise.reject(new Error('no such name')) }),
    ).toEqual({
      kind: 'unreachable',
      reason: 'no such name',
    });
    const never = new Promise<never>(() => {});
    expect(await to('http://x.example/', { lookup: () => never, connectTimeoutMs: 50 })).toMatchObject({
      kind: 'unreachable',
    });
  });

  it('follows no redirect', async () => {
    receiver.answer = `HTTP/1.1 307 Elsewhere\r\nLocation: ${at('127.0.0.1')}\r\nContent-Length: 0\r\n\r\n`;
    expect(await to(at('127.0.0.1'))).toMatchObject({ kind: 'replied', status: 307 });
    expect(receiver.received).toHaveLength(1);
  });

  it('reads no more of a reply than it needs', async () => {
    receiver.answer = `HTTP/1.1 500 No\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`;
    const sent = await to(at('127.0.0.1'), { timeoutMs: 60_000 });
    expect(sent).toMatchObject({ kind: 'replied', status: 500 });
    expect(sent.kind === 'replied' && sent.excerpt.length).toBe(1_024);
  });

  it('fails without TLS at an https URL, and does not trust an unknown certificate', async () => {
    receiver.answer = status(200);
    expect((await to(`https://127.0.0.1:${receiver.port}/`, { connectTimeoutMs: 200 })).kind).toBe(
      'unreachable',
    );
  });

  it('can be aborted until the report is sent', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const attempt = sender({ lookup: () => promise })(at('slow.example'), '{}', '');
    attempt.abort();
    resolve(['127.0.0.1']);
    expect(await attempt.result).toEqual({ kind: 'aborted' });
    expect(receiver.received).toHaveLength(0);
  });
});

const refusal = (policy: AddressPolicy, address: string, port = 8_260) =>
  policy.refusalOf({ address, hostname: 'x', port });

describe('the policy', () => {
  it('names the rule that refuses', () => {
    const rules = { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'], refuseSystemPorts: true };
    const policy = makeAddressPolicy({ ...rules, isOwn: (address) => address === '10.2.0.1' });
    expect(refusal(policy, '10.0.0.1')).toBe(undefined);
    expect(refusal(policy, '10.1.0.1')).toContain('PBX_DENY_TARGETS');
    expect(refusal(policy, '192.168.0.1')).toContain('PBX_ALLOW_TARGETS');
    expect(refusal(policy, '10.2.0.1')).toContain('PBX_ALLOW_OWN_ADDRESS');
    expect(refusal(policy, '10.0.0.1', 25)).toContain('PBX_REFUSE_SYSTEM_PORTS');
    expect(refusal(policy, '168.63.129.16')).toContain('always refused');
  });

  it('for one peer allows that address only', () => {
    const policy = onlyTo('10.0.0.1', makeAddressPolicy(everything));
    expect(refusal(policy, '10.0.0.1')).toBe(undefined);
    expect(refusal(policy, '::ffff:10.0.0.1')).toBe(undefined);
    expect(refusal(policy, '10.0.0.2')).toContain('PBX_SAME_ADDRESS_ONLY');
    expect(refusal(onlyTo('', makeAddressPolicy(everything)), '10.0.0.1')).toContain('PBX_SAME_ADDRESS_ONLY');
  });

  it('names a network that is not valid', () => {
    expect(() => makeAddressPolicy({ ...everything, deny: ['10.0.0.0/33'] })).toThrow('"10.0.0.0/33"');
    expect(() => makeAddressPolicy({ ...everything, allow: ['x/8'] })).toThrow('"x/8"');
  });

  it('never allows addresses that are always refused or denied', () => {
    const policy = makeAddressPolicy({ ...everything, allow: ['0.0.0.0/0', '::/0'], deny: ['10.0.0.0/8'] });
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.constantFrom('169.254', '10.7', '224.1', '0.9', '240.3'), byte, byte, (head, c, d) => {
        const address = `${head}.${c}.${d}`;
        expect(refusal(policy, address)).toBeTypeOf('string');
        expect(refusal(policy, `::ffff:${address}`)).toBeTypeOf('string');
      }),
    );
  });
});
