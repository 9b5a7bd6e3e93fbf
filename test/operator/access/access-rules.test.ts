/** Which requests the rules of the operator API accept: by host, origin, site, token and address. */
import { describe, expect, it } from 'vitest';
import { type Config, defaultConfig } from '../../../src/config.ts';
import {
  isBeyondLoopback,
  judgeOperatorRequest,
  type OperatorRequest,
  operatorAccess,
} from '../../../src/operator/access/access.ts';

const judge = (request: Partial<OperatorRequest>, changes: Partial<Config> = {}) => {
  const config = defaultConfig(changes);
  const host = 'host' in request ? request.host : '127.0.0.1:8080';
  return judgeOperatorRequest(
    {
      authority: host,
      origin: undefined,
      fetchSite: undefined,
      isEncrypted: false,
      authorization: undefined,
      ...request,
      host,
    },
    config,
    operatorAccess(config, false),
  );
};
const refused = (text: string) => ({ status: 403, error: expect.stringContaining(text) });

describe('the host of an operator request', () => {
  it.each([
    'localhost',
    'localhost:80',
    'LOCALHOST:8080',
    'localhost.:8080',
    'heartbeatd.localhost:8080',
    '127.0.0.1',
    '127.0.0.1:8080',
    '192.168.1.20:8080',
    '[::1]:8080',
    '[2001:db8::1]',
  ])('may be %s', (host) => {
    expect(judge({ host })).toBeUndefined();
  });

  it.each([
    'other.example',
    'other.example:8080',
    'localhost.other.example',
    'notlocalhost',
    '127.0.0.1.other.example:8080',
    '127.0.0.1@other.example',
    'other.example@127.0.0.1',
    '127.0.0.1#other.example',
    '127.0.0.1/other.example',
    'heartbeatd',
    'box',
    '[::1',
    '127.0.0.1:x',
    '',
    undefined,
  ])('is refused if it is %s', (host) => {
    expect(judge({ host })).toEqual(refused('Host: '));
  });

  it('may be a listed name, the name in HOST or of a listed origin, in any case and with any port', () => {
    const settings = {
      host: 'Box',
      operatorHosts: ['heartbeatd', 'Hb.Example'],
      operatorOrigins: ['https://console.example:8443'],
    };
    for (const host of ['heartbeatd:8080', 'HEARTBEATD', 'hb.example.', 'box:1', 'console.example'])
      expect(judge({ host }, settings)).toBeUndefined();
    for (const host of ['x.heartbeatd', 'example', 'hb.example.other'])
      expect(judge({ host }, settings)).toEqual(refused('add the name to OPERATOR_HOSTS'));
  });

  it('counts for the authority of an absolute target as well', () => {
    expect(judge({ authority: 'other.example' })).toEqual(refused('"other.example"'));
    expect(judge({ host: 'other.example', authority: '127.0.0.1:8080' })).toEqual(refused('"other.example"'));
  });

  it('is named in the error, cut to a readable length', () => {
    const { error = '' } = judge({ host: `${'a'.repeat(60)}.${'b'.repeat(60)}.example` }) ?? {};
    expect(error).toContain('aaa');
    expect(error.length).toBeLessThan(260);
  });
});

describe('the origin of an operator request', () => {
  it.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['localhost:80', 'http://localhost'],
    ['localhost', 'http://localhost'],
    ['[::1]:8080', 'http://[::1]:8080'],
  ])('may be this server: %s, %s', (host, origin) => {
    expect(judge({ host, origin })).toBeUndefined();
  });

  it.each([
    'http://other.example',
    'http://127.0.0.1',
    'http://127.0.0.1:3000',
    'http://localhost:8080',
    'https://127.0.0.1:8080',
    'null',
    '',
    'file://',
    'chrome-extension://abc',
    'http://127.0.0.1:8080, http://other.example',
  ])('is refused if it is "%s"', (origin) => {
    expect(judge({ origin })).toEqual(refused('Origin: '));
  });

  it('may be listed, for a reverse proxy that serves https', () => {
    const settings = { operatorOrigins: ['https://Hb.example:443/', 'http://proxy.example:81'] };
    const host = 'hb.example';
    expect(judge({ host, origin: 'https://hb.example' }, settings)).toBeUndefined();
    expect(judge({ host, origin: 'http://proxy.example:81' }, settings)).toBeUndefined();
    expect(judge({ host, origin: 'https://hb.example:8443' }, settings)).toEqual(refused('OPERATOR_ORIGINS'));
  });
});

describe('the site of the page that sent an operator request', () => {
  it.each(['same-origin', 'none', undefined])('may be %s', (fetchSite) => {
    expect(judge({ fetchSite })).toBeUndefined();
  });
  it.each(['cross-site', 'same-site', 'same-origin, cross-site', ''])('is refused if "%s"', (fetchSite) => {
    expect(judge({ fetchSite })).toEqual(refused('Sec-Fetch-Site: '));
  });
});

describe('a valid operator token', () => {
  const settings = { operatorToken: 's3cret' };
  const authorization = 'Bearer s3cret';

  it('replaces the check of the host, and no other', () => {
    const host = 'other.example';
    expect(judge({ host, authorization }, settings)).toBeUndefined();
    expect(judge({ host }, settings)).toMatchObject({ status: 401 });
    expect(judge({ authorization: 'Bearer s3cres' }, settings)).toMatchObject({ status: 401 });
    expect(judge({ authorization, origin: 'http://other.example' }, settings)).toEqual(refused('Origin: '));
    expect(judge({ authorization, fetchSite: 'cross-site' }, settings)).toEqual(refused('Sec-Fetch-Site: '));
  });

  it('has no meaning where none is set', () => {
    expect(judge({ host: 'other.example', authorization: 'Bearer ' })).toEqual(refused('Host: '));
  });
});

describe('an address', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is loopback', (address) => {
    expect(isBeyondLoopback({ address, family: '', port: 1 })).toBe(false);
  });
  it.each(['0.0.0.0', '::', '192.168.1.2', '10.0.0.1', 'fe80::1', '::ffff:10.0.0.1'])(
    '%s is not',
    (address) => {
      expect(isBeyondLoopback({ address, family: '', port: 1 })).toBe(true);
    },
  );
  it('of a Unix socket is local', () => {
    expect(isBeyondLoopback('/run/heartbeatd.sock')).toBe(false);
  });
});
