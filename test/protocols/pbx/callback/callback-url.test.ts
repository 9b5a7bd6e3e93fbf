import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../../../src/protocols/pbx/callback/address-policy.ts';
import {
  doubtAbout,
  peerAddress,
  portOf,
  resolveCallback,
} from '../../../../src/protocols/pbx/callback/callback-url.ts';

const stored = { ipaddr: '10.9.9.9', port: 8_260 };
const resolve = (fields: { ipaddr?: string; port?: number; url?: string; urltag?: string }) =>
  resolveCallback({ ...stored, url: '', urltag: '', ...fields });

describe('the URL of a callback', () => {
  it.each([
    [1, '192.168.5.122', 8_260, 'report', '0', 'http://192.168.5.122:8260/report'],
    [2, '192.168.5.122', 8_260, '/report', '0', 'http://192.168.5.122:8260/report'],
    [3, '192.168.5.122', 8_260, '//a//b/', '0', 'http://192.168.5.122:8260/a//b/'],
    [4, '192.168.5.122', 8_260, '', '1', 'http://192.168.5.122:8260/'],
    [5, '192.168.5.122', 8_260, 'report', '', 'http://192.168.5.122:8260/report'],
    [6, '10.0.0.1', 1, '192.168.5.122:8260/report', '1', 'http://192.168.5.122:8260/report'],
    [7, '172.16.6.150', 8_280, '172.16.6.150:8280', '1', 'http://172.16.6.150:8280/'],
    [8, '10.0.0.1', 9_000, '10.0.0.2:8260/r', '1', 'http://10.0.0.2:8260/r'],
    [9, '10.0.0.1', 9_000, 'http://10.0.0.2:8260/r', '1', 'http://10.0.0.2:8260/r'],
    [10, '10.0.0.1', 9_000, 'https://example.com/yeastar', '1', 'https://example.com/yeastar'],
    [11, '10.0.0.1', 8_260, '10.0.0.2/r', '1', 'http://10.0.0.2/r'],
    [12, '10.0.0.1', 8_260, 'example.com:8260/r', '1', 'http://example.com:8260/r'],
    [12, '10.0.0.1', 8_260, 'localhost:8260/r', '1', 'http://localhost:8260/r'],
    [13, '10.0.0.1', 8_260, '[2001:db8::5]:8260/r', '1', 'http://[2001:db8::5]:8260/r'],
    [14, '2001:db8::5', 8_260, 'report', '0', 'http://[2001:db8::5]:8260/report'],
    [14, '[2001:db8::5]', 8_260, 'report', '0', 'http://[2001:db8::5]:8260/report'],
    [16, 'crm', 8_260, 'report', '0', 'http://crm:8260/report'],
    [21, '10.0.0.1', 8_260, '', '1', 'http://10.0.0.1:8260/'],
    [22, '10.0.0.1', 8_260, 'http://10.0.0.2/r', '', 'http://10.0.0.2/r'],
    [23, '10.0.0.1', 8_260, 'http://10.0.0.2/r', '0', 'http://10.0.0.1:8260/http://10.0.0.2/r'],
    [24, '10.0.0.1', 8_260, 'report?key=s3cret', '0', 'http://10.0.0.1:8260/report?key=s3cret'],
    ['loopback', '127.0.0.1', 8_260, '', '', 'http://127.0.0.1:8260/'],
    ['loopback', '::1', 8_260, '', '', 'http://[::1]:8260/'],
  ])('%s: %s, %s, "%s", "%s" is %s', (_row, ipaddr, port, url, urltag, href) => {
    expect(resolve({ ipaddr, port, url, urltag })).toEqual({ href });
  });

  it.each([
    ['a zone', { ipaddr: 'fe80::1%eth0' }],
    ['an address with a port', { ipaddr: '10.0.0.1:9000' }],
    ['an address with a scheme', { ipaddr: 'http://10.0.0.1' }],
    ['no address', { ipaddr: 'a b' }],
    ['another tag', { url: 'x', urltag: '2' }],
    ['a tag in words', { url: 'x', urltag: 'yes' }],
    ['another scheme', { url: 'ftp://h/x', urltag: '1' }],
    ['a file', { url: 'file:///etc/passwd', urltag: '1' }],
    ['a file without a tag', { url: 'file:///etc/passwd' }],
    ['credentials', { url: 'http://u:p@h/', urltag: '1' }],
    ['control characters', { url: 'a\nb', urltag: '0' }],
    ['a url that is too long', { url: 'x'.repeat(2_049), urltag: '0' }],
    ['port 0 in a url', { url: '10.0.0.2:0/r', urltag: '1' }],
    ['an address in another base', { ipaddr: '0x7f.1' }],
    ['an address as one number', { ipaddr: '2130706433' }],
  ])('%s makes no URL', (_what, fields) => {
    expect(resolve(fields)).toEqual({ unusable: expect.any(String) });
  });

  it.each([
    ['link-local', { ipaddr: '169.254.169.254', port: 80 }],
    ['link-local in a url', { url: '169.254.169.254/latest', urltag: '1' }],
    ['link-local as one number', { url: 'http://2852039166/', urltag: '1' }],
    ['link-local in hexadecimal', { url: 'http://0xa9fea9fe/', urltag: '1' }],
    ['link-local, mapped', { url: 'http://[::ffff:169.254.169.254]/', urltag: '1' }],
    ['link-local behind NAT64', { url: 'http://[64:ff9b::a9fe:a9fe]/', urltag: '1' }],
    ['link-local behind SIIT', { url: 'http://[::ffff:0:a9fe:a9fe]/', urltag: '1' }],
    ['link-local behind 6to4', { url: 'http://[2002:a9fe:a9fe::1]/', urltag: '1' }],
    ['link-local behind Teredo', { url: 'http://[2001:0:c000:201::5601:5601]/', urltag: '1' }],
    ['link-local behind ISATAP', { url: 'http://[2001:db8::5efe:169.254.169.254]/', urltag: '1' }],
    [
      'link-local behind ISATAP with a global address',
      { url: 'http://[fd00::200:5efe:a9fe:a9fe]/', urltag: '1' },
    ],
    ['the metadata of Azure', { ipaddr: '168.63.129.16', port: 80 }],
    ['the metadata of Alibaba Cloud', { ipaddr: '100.100.100.200', port: 80 }],
    ['the metadata of Oracle Cloud', { ipaddr: '192.0.0.192', port: 80 }],
    ['the metadata of AWS over IPv6', { ipaddr: 'fd00:ec2::254', port: 80 }],
    ['the time service of AWS over IPv6', { ipaddr: 'fd00:ec2::123' }],
    ['the credentials of pods in AWS over IPv6', { ipaddr: 'fd00:ec2::23', port: 80 }],
    ['the metadata of Google Cloud over IPv6', { ipaddr: 'fd20:ce::254', port: 80 }],
    ['nowhere', { ipaddr: '0.0.0.0' }],
    ['everybody', { ipaddr: '255.255.255.255' }],
    ['a multicast group', { ipaddr: '224.0.0.1' }],
  ])('%s is refused, with the rule', (_what, fields) => {
    expect(resolve(fields)).toEqual({
      href: expect.any(String),
      refusal: expect.stringMatching(/^\S+: .* always refused/),
    });
  });

  it('follows the rules and never throws, whatever a client sends', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.domain(),
      fc.string(),
      fc.constantFrom(
        '169.254.169.254',
        '0xa9fea9fe',
        '2852039166',
        '[::ffff:a9fe:a9fe]',
        '169.254.1',
        '①⑥⑨.254.169.254',
      ),
    );
    const url = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.webUrl({ withQueryParameters: true }),
      fc
        .tuple(
          fc.constantFrom('', 'http://', 'HTTP://', 'https://', 'ftp:', '//', '\\\\', 'http:\\\\'),
          host,
          fc.webPath(),
        )
        .map((parts) => parts.join('')),
    );
    const tag = fc.constantFrom('', '0', '1', '2');
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), url, tag, (ipaddr, port, path, urltag) => {
        const resolved = resolveCallback({ ipaddr, port, url: path, urltag });
        if ('unusable' in resolved || resolved.refusal !== undefined) return;
        const { protocol, username, password, hostname } = new URL(resolved.href);
        expect(['http:', 'https:']).toContain(protocol);
        expect(username + password).toBe('');
        const bare = hostname.replace(/^\[|\]$/g, '');
        const target = { address: bare, hostname: bare, port };
        expect(isIP(bare) === 0 ? undefined : defaultPolicy.refusalOf(target)).toBe(undefined);
        if (urltag === '0') expect(new URL(resolved.href).port || '80').toBe(String(port));
      }),
      { numRuns: 5_000 },
    );
  });
});

it.each([
  ['http:/10.0.0.2/r', '1'],
  ['http:10.0.0.2/r', '1'],
  ['http//10.0.0.2/r', '1'],
  ['https;//10.0.0.2/r', ''],
  ['http://http://10.0.0.2/r', '1'],
])('doubts a scheme that is written wrong: %s', (url, urltag) => {
  expect(doubtAbout({ url, urltag })).toContain('written wrong');
});

it.each([
  ['http://10.0.0.2/r', '1'],
  ['HTTPS://10.0.0.2', '1'],
  ['http:8080/r', '1'],
  ['httpd/report', '0'],
  ['report', ''],
])('doubts nothing in %s', (url, urltag) => {
  expect(doubtAbout({ url, urltag })).toBe(undefined);
});

it('reads a port as clients send it', () => {
  expect(['8260', ' 8260 ', '1', '65535'].map(portOf)).toEqual([8_260, 8_260, 1, 65_535]);
  for (const port of ['0', '65536', '-1', '82.60', 'abc', '', '0x50', '1e3'])
    expect(portOf(port)).toBeUndefined();
});

it('the address of a peer that left before it was known is one that gets no reports', () => {
  expect(peerAddress('10.0.0.7')).toBe('10.0.0.7');
  expect(peerAddress('')).toBe('0.0.0.0');
  expect(defaultPolicy.refusalOfUrl(new URL('http://0.0.0.0:8080/'))).toMatch(/always refused/);
});
