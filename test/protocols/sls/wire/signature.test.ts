/** Signatures against the vendor's documents, and against those of its SDKs. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  canonicalRequestV4,
  isSignedV1,
  type SignedRequest,
  signingKeyV4,
  signV4,
  stringToSignV1,
} from '../../../../src/protocols/sls/wire/signature.ts';
import { host } from '../service.ts';

const secret = 'mockAccessKeySecret';
const heartbeatPath = '/logstores/my-logstore/consumergroups/consumer_group_test';

const request = (change: Partial<SignedRequest> & Pick<SignedRequest, 'headers'>): SignedRequest => ({
  method: 'GET',
  path: '/logstores',
  query: '',
  body: Buffer.alloc(0),
  ...change,
});
const standard = {
  'x-log-apiversion': '0.6.0',
  'x-log-bodyrawsize': '0',
  'x-log-signaturemethod': 'hmac-sha1',
};
const heartbeat = {
  'content-md5': '8D5162CA104FA7E79FE80FD92BB657FB',
  'content-type': 'application/json',
  date: 'Sun, 06 May 2018 09:44:10 GMT',
  ...standard,
};
const beat = (headers: SignedRequest['headers']): SignedRequest =>
  request({
    method: 'POST',
    path: heartbeatPath,
    query: 'type=heartbeat&consumer=consumer_1',
    headers,
    body: Buffer.from('[0]'),
  });

describe('signatures, version 1', () => {
  it('sign the text that the documents show', () => {
    const listed = request({ headers: { date: 'Mon, 3 Jan 2010 08:33:47 GMT', ...standard } });
    expect(stringToSignV1(listed)).toBe(
      'GET\n\n\nMon, 3 Jan 2010 08:33:47 GMT\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha1\n/logstores',
    );
    expect(stringToSignV1(beat(heartbeat))).toBe(
      `POST\n8D5162CA104FA7E79FE80FD92BB657FB\napplication/json\nSun, 06 May 2018 09:44:10 GMT\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha1\n${heartbeatPath}?consumer=consumer_1&type=heartbeat`,
    );
  });

  it.each<[string, SignedRequest, string, 'hmac-sha1' | 'hmac-sha256']>([
    [
      'a list',
      request({ headers: { date: 'Mon, 3 Jan 2010 08:33:47 GMT', ...standard } }),
      'Rwm6cTKzoti4HWoe+GKcb6Kv07E=',
      'hmac-sha1',
    ],
    ['a heartbeat', beat(heartbeat), '3nkxYMNUfJeK2p/Dbi/STWNoxMo=', 'hmac-sha1'],
    [
      'a heartbeat whose x-log-date is not signed',
      beat({ ...heartbeat, 'x-log-date': 'Sun, 06 May 2018 09:44:10 GMT' }),
      '3nkxYMNUfJeK2p/Dbi/STWNoxMo=',
      'hmac-sha1',
    ],
    [
      'a heartbeat with a security token',
      beat({ ...heartbeat, 'x-acs-security-token': 'mockToken' }),
      'zMgrXmNoGUCIZLCSrGIc7QYkTrY=',
      'hmac-sha1',
    ],
    [
      'a heartbeat of the OpenAPI SDKs',
      beat({ ...heartbeat, 'x-log-bodyrawsize': '3', 'x-log-signaturemethod': 'hmac-sha256' }),
      'yXd07DfNfe6VESl815CukmSKsDrvKShOHSlXxmniPAA=',
      'hmac-sha256',
    ],
    [
      'a checkpoint of the Python SDK',
      request({
        method: 'POST',
        path: heartbeatPath,
        query: 'type=checkpoint&consumer=consumer_1&forceSuccess=True',
        headers: {
          'content-md5': '2F9A5D6DAEEE93052687135FC0C77D50',
          'content-type': 'application/json',
          date: 'Sun, 06 May 2018 09:14:53 GMT',
          'x-log-apiversion': '0.6.0',
          'x-log-signaturemethod': 'hmac-sha1',
        },
      }),
      'n6WEmaklyOab6JEK0lY4KUOy1aM=',
      'hmac-sha1',
    ],
    [
      'a pull whose cursor is escaped on the wire',
      request({
        path: '/logstores/my-logstore/shards/0',
        query: 'type=log&cursor=MTQ0NzMyOTQwMTEwMjEzMDkwNA%3D%3D&count=1000',
        headers: { date: 'Thu, 12 Nov 2015 12:03:17 GMT', ...standard },
      }),
      '/oBFdBLJ2zqndUZr6ESKNdRKojE=',
      'hmac-sha1',
    ],
    [
      'a GET with a body',
      request({
        path: '/logstores/app_log',
        headers: {
          'content-md5': '8D6881250FF5559F59BBDF04100F6E59',
          'content-type': 'application/x-protobuf',
          date: 'Mon, 3 Jan 2010 08:33:47 GMT',
          ...standard,
          'x-log-bodyrawsize': '50',
        },
      }),
      '87xQWqFaOSewqRIma8kPjGYlXHc=',
      'hmac-sha1',
    ],
  ])('of %s verify', (_what, signed, signature, method) => {
    expect(isSignedV1(signed, signature, secret, method)).toBe(true);
    expect(isSignedV1(signed, signature, `${secret}x`, method)).toBe(false);
    expect(isSignedV1({ ...signed, path: `${signed.path}x` }, signature, secret, method)).toBe(false);
  });

  it('of captured requests verify, whose x-log-date is not signed', () => {
    const captured = request({
      method: 'POST',
      path: '/logstores/my-logstore/consumergroups/cg1',
      query: 'type=heartbeat&consumer=consumer_1',
      headers: {
        'content-type': 'application/json',
        'content-md5': 'D751713988987E9331980363E24189CE',
        date: 'Sat, 21 Nov 2026 01:43:06 GMT',
        'x-log-apiversion': '0.6.0',
        'x-log-signaturemethod': 'hmac-sha1',
        'x-log-date': 'Sat, 21 Nov 2026 01:43:06 GMT',
      },
    });
    expect(isSignedV1(captured, 'fWMhCAdHSh6WzVVi//gXnDCVcdg=', secret, 'hmac-sha1')).toBe(true);
  });
});

describe('signatures, version 4', () => {
  const scope = { date: '20220808', region: 'cn-hangzhou' };
  const body = Buffer.from('adasd= -asd zcas');
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const signed = (change: Partial<SignedRequest> = {}, headers: SignedRequest['headers'] = {}) =>
    request({
      method: 'POST',
      headers: {
        'x-log-date': '20220808T032330Z',
        'x-log-content-sha256': sha256(Buffer.from(change.body ?? body)),
        ...headers,
      },
      body,
      ...change,
    });
  const sign = (of: SignedRequest, region = 'cn-hangzhou'): string =>
    signV4(canonicalRequestV4(of), '20220808T032330Z', { ...scope, region }, 'zxasdasdasw2');

  const query = '%20abc=efg&%20agc%20=&=efg&A-bc=eFg';
  const headers = { 'x-log-test': 'het123', 'x-acs-ppp': 'dds', 'user-agent': 'not signed' };

  it('cover the query and the vendor headers, sorted', () => {
    const full = signed({ query }, headers);
    expect(canonicalRequestV4(full)).toBe(
      [
        'POST',
        '/logstores',
        '=efg& abc=efg& agc &A-bc=eFg',
        'x-acs-ppp:dds',
        'x-log-content-sha256:c7a4fd95f1d70933caf91641e8000768cea86100dc5649fd4f16fead718a62e4',
        'x-log-date:20220808T032330Z',
        'x-log-test:het123',
        '',
        'x-acs-ppp;x-log-content-sha256;x-log-date;x-log-test',
        'c7a4fd95f1d70933caf91641e8000768cea86100dc5649fd4f16fead718a62e4',
      ].join('\n'),
    );
    expect(sign(full)).toBe('a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed');
  });

  it('cover the region and the body', () => {
    const nothing = Buffer.alloc(0);
    expect(sign(signed(), 'cn-shanghai')).toBe(
      '8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8',
    );
    expect(sign(signed({ query, body: nothing }, headers))).toBe(
      '5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701',
    );
    expect(sign(signed({ query, body: nothing, method: 'GET' }, headers))).toBe(
      'd92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a',
    );
  });

  it('of a heartbeat are made with the documented chain of keys', () => {
    const beaten = request({
      method: 'POST',
      path: heartbeatPath,
      query: 'type=heartbeat&consumer=consumer_1',
      headers: {
        host,
        'content-type': 'application/json',
        'x-log-apiversion': '0.6.0',
        'x-log-date': '20180506T094410Z',
        'x-log-content-sha256': sha256(Buffer.from('[0]')),
      },
    });
    const day = { date: '20180506', region: 'cn-hangzhou' };
    const canonical = canonicalRequestV4(beaten);
    expect(sha256(Buffer.from(canonical))).toBe(
      'd6ca9f14f10931fb8466d33ed569e2ec635944e545b373588f01907dfad46aa1',
    );
    expect(signingKeyV4(secret, day).toString('hex')).toBe(
      '0fc2cb9239b5cf584378d7cc2456c9b5e55eb0ec2cb57fd1f5b99f0c2a17902a',
    );
    expect(signV4(canonical, '20180506T094410Z', day, secret)).toBe(
      '7759d008bf1baf270f19384f074a7b4a5144cc9e536f42bc6c3c8b947f075f66',
    );
  });

  it('of a pull cover its escaped cursor', () => {
    const pulled = request({
      path: '/logstores/my-logstore/shards/0',
      query: 'type=log&cursor=MTQ0NzMyOTQwMTEwMjEzMDkwNA%3D%3D&count=1000',
      headers: {
        host,
        'x-log-apiversion': '0.6.0',
        'x-log-bodyrawsize': '0',
        'x-log-date': '20151112T120317Z',
        'x-log-content-sha256': sha256(Buffer.alloc(0)),
      },
    });
    const canonical = canonicalRequestV4(pulled);
    expect(sha256(Buffer.from(canonical))).toBe(
      '8248444391a0abf845d08ec8816036bca7c70e9e3c1cd5b2b0b3d07b7e3ff6d8',
    );
    expect(signV4(canonical, '20151112T120317Z', { date: '20151112', region: 'cn-hangzhou' }, secret)).toBe(
      '7fdc001f18f66b9d1b844d470538d20f891c65e653f23731848964b2f36df928',
    );
  });
});
