import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  canonicalRequestV4,
  isSignedV1,
  type SignedRequest,
  signingKeyV4,
  signV1,
  signV4,
  stringToSignV1,
} from '../../../../src/protocols/sls/wire/signature.ts';
import { startApp } from '../../../start-app.ts';
import { host, refused, type Service, startMs, startService } from '../service.ts';

const id = 'mockAccessKeyID';
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
  it('sign the text that the document shows', () => {
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

  it('cover the query and the headers of the vendor, sorted', () => {
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

  it('of a heartbeat come from the chain of keys of the document', () => {
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

describe('where signatures are verified', () => {
  let service: Service;
  const start = async (): Promise<void> => {
    service = await startService({ slsAuth: 'verify', slsKeys: [`${id}:${secret}`, 'other:x:y'] });
  };
  afterEach(() => service.close());

  const md5 = (body: string): string => createHash('md5').update(body).digest('hex').toUpperCase();
  const url = '/logstores/my-logstore/consumergroups/cg?type=heartbeat&consumer=c1';
  const v1 = (body: string, change: Record<string, string> = {}, atMs = startMs): Record<string, string> => {
    const headers: Record<string, string> = {
      host,
      'content-type': 'application/json',
      'content-md5': md5(body),
      date: new Date(atMs).toUTCString(),
      ...standard,
      ...change,
    };
    const [path = '', query = ''] = url.split('?');
    const text = stringToSignV1(request({ method: 'POST', path, query, headers }));
    return { authorization: `LOG ${id}:${signV1(text, secret, 'hmac-sha1')}`, ...headers };
  };
  const v4 = (body: string, atMs = startMs): Record<string, string> => {
    const dateTime = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const headers: Record<string, string> = {
      host,
      'content-type': 'application/json',
      'x-log-apiversion': '0.6.0',
      'x-log-date': dateTime,
      'x-log-content-sha256': createHash('sha256').update(body).digest('hex'),
    };
    const [path = '', query = ''] = url.split('?');
    const scope = { date: dateTime.slice(0, 8), region: 'cn-hangzhou' };
    const canonical = canonicalRequestV4(request({ method: 'POST', path, query, headers }));
    const signature = signV4(canonical, dateTime, scope, secret);
    return {
      authorization: `SLS4-HMAC-SHA256 Credential=${id}/${scope.date}/cn-hangzhou/sls/aliyun_v4_request,Signature=${signature}`,
      ...headers,
    };
  };
  const post = (headers: Record<string, string>, body = '[]') =>
    service.call('POST', url, Buffer.from(body), { headers });
  /** Passed the signatures: what is asked for is not there. */
  const passed = refused(404, 'ProjectNotExist');
  const without = (headers: Record<string, string>, name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

  it('signed requests of both versions pass', async () => {
    await start();
    expect(await post(v1('[]'))).toMatchObject(passed);
    expect(await post(v4('[]'))).toMatchObject(passed);
    const other = { ...v1('[]') };
    expect(other.authorization).toContain(id);
  });

  it('one byte that differs is a signature that does not match', async () => {
    await start();
    for (const sign of [v1, v4]) {
      const headers = sign('[]');
      const { authorization = '' } = headers;
      const at = authorization.length - 2;
      const changed =
        authorization.slice(0, at) + (authorization[at] === '0' ? '1' : '0') + authorization.slice(at + 1);
      expect(await post({ ...headers, authorization: changed })).toMatchObject(
        refused(401, 'SignatureNotMatch'),
      );
      expect(await post({ ...headers, 'x-log-apiversion': '0.4.0' })).toMatchObject(
        refused(401, 'SignatureNotMatch'),
      );
      // The signature is right, the body is another one.
      expect(await post(headers, '[1]')).toMatchObject(refused(401, 'SignatureNotMatch'));
      expect(await post(sign('[ ]'), '[ ]')).toMatchObject(passed);
    }
  });

  it('a clock that is off by more than 15 minutes is refused, either way', async () => {
    await start();
    const minutes = 60_000;
    for (const sign of [(atMs: number) => v1('[]', {}, atMs), (atMs: number) => v4('[]', atMs)]) {
      for (const off of [-15, 15]) expect(await post(sign(startMs + off * minutes))).toMatchObject(passed);
      for (const off of [-16, 16])
        expect(await post(sign(startMs + off * minutes))).toMatchObject(refused(400, 'RequestTimeExpired'));
    }
    expect((await post(v1('[]', {}, startMs - 16 * minutes))).json).toMatchObject({
      errorMessage:
        'Request time Sun, 06 May 2018 09:28:11 GMT has been expired while server time is Sun, 06 May 2018 09:44:11 GMT.',
    });
  });

  it('says of every part what is missing or wrong', async () => {
    await start();
    const cases: [Record<string, string>, object][] = [
      [
        without(v1('[]'), 'authorization'),
        refused(400, 'MissAccessKeyId', 'x-log-accesskeyid does not exist in header.'),
      ],
      [
        { ...v1('[]'), authorization: 'Bearer x' },
        refused(400, 'ParameterInvalid', 'Http extend authorization : Bearer x is invalid.'),
      ],
      [without(v1('[]'), 'date'), refused(400, 'MissingDate', 'Date does not exist in http header.')],
      [
        { ...v1('[]'), date: 'yesterday' },
        refused(400, 'InvalidRequestTime', 'Request time yesterday not follow RFC822 spec.'),
      ],
      [{ ...v4('[]'), 'x-log-date': 'Sun, 06 May 2018 09:44:11 GMT' }, refused(400, 'InvalidRequestTime')],
      [
        { ...v1('[]'), authorization: 'LOG nobody:AAAA' },
        refused(401, 'Unauthorized', 'AccessKeyId not found: nobody'),
      ],
      [
        without(v1('[]'), 'x-log-signaturemethod'),
        refused(400, 'MissingSignatureMethod', 'x-log-signaturemethod does not exist in http header.'),
      ],
      [
        { ...v1('[]'), 'x-log-signaturemethod': 'md5' },
        refused(400, 'InvalidSignatureMethod', 'signature method md5 is unsupported.'),
      ],
      [without(v1('[]'), 'x-log-apiversion'), refused(400, 'MissingAPIVersion')],
      [{ ...v1('[]'), 'x-log-apiversion': '9' }, refused(400, 'InvalidAPIVersion')],
    ];
    for (const [headers, error] of cases) expect(await post(headers)).toMatchObject(error);
  });

  it('nobody comes in unsigned', async () => {
    await start();
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/'],
      ['PUT', '/'],
      ['DELETE', '/'],
      ['GET', '/logstores'],
      ['GET', '/logstores/l/shards'],
      ['POST', '/logstores/l/shards/lb'],
      ['GET', '/logstores/l/shards/0?type=log&cursor=x'],
      ['POST', '/logstores/l/shards/0?action=split'],
    ] as const) {
      expect(await service.call(method, path), `${method} ${path}`).toMatchObject(
        refused(400, 'MissAccessKeyId'),
      );
    }
  });
});

describe('requests that were captured from the vendor’s SDKs', () => {
  const host = 'my-project.cn-hangzhou.log.aliyuncs.com';
  const json = { 'content-type': 'application/json' };
  const v1 = { 'x-log-apiversion': '0.6.0', 'x-log-signaturemethod': 'hmac-sha1' };
  const empty = { 'content-md5': 'D751713988987E9331980363E24189CE' };
  const consume = '/logstores/my-logstore/consumergroups';

  it.each<[string, string, string, string, string, Record<string, string>]>([
    [
      'Python, version 1: its x-log-date is not signed',
      'Sat, 21 Nov 2026 01:43:06 GMT',
      'POST',
      `${consume}/cg1?type=heartbeat&consumer=consumer_1`,
      '[]',
      {
        ...{ ...json, ...v1, ...empty },
        host,
        'x-log-date': 'Sat, 21 Nov 2026 01:43:06 GMT',
        authorization: 'LOG mockAccessKeyID:fWMhCAdHSh6WzVVi//gXnDCVcdg=',
      },
    ],
    [
      'Python, version 4',
      'Sat, 21 Nov 2026 01:43:16 GMT',
      'GET',
      consume,
      '',
      {
        host: 'my-project.127.0.0.1',
        'x-log-bodyrawsize': '0',
        'x-log-apiversion': '0.6.0',
        'x-log-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        'x-log-date': '20261121T014316Z',
        authorization:
          'SLS4-HMAC-SHA256 Credential=mockAccessKeyID/20261121/cn-hangzhou/sls/aliyun_v4_request,Signature=3b280c73e1e2735b86cc8fb8fad44f3374855386e349997dc791aa3466ca41f3',
      },
    ],
    [
      'Go',
      'Sat, 21 Nov 2026 01:50:02 GMT',
      'POST',
      `${consume}/cg1?consumer=consumer_1&type=heartbeat`,
      '[]',
      {
        ...{ ...json, ...v1, ...empty },
        host,
        'x-log-bodyrawsize': '0',
        authorization: 'LOG mockAccessKeyID:0sxzoyHFKoA/ddWyun4yu6mdzyI=',
      },
    ],
    [
      'C++',
      'Sat, 21 Nov 2026 01:52:14 GMT',
      'POST',
      consume,
      '{"consumerGroup":"cg1","timeout":60,"order":false}',
      {
        ...{ ...json, ...v1 },
        host: 'my-project.127.0.0.1:18087',
        'content-md5': '568DBC7709AF27C20FBD490F54DBA6F1',
        'x-log-bodyrawsize': '50',
        authorization: 'LOG mockAccessKeyID:ezcGGhYpqSxjfbaz34/fwY+thYg=',
      },
    ],
    [
      'the OpenAPI SDK for Node, version 1',
      'Sat, 21 Nov 2026 01:46:18 GMT',
      'POST',
      `${consume}/cg1?consumer=consumer_1&type=heartbeat`,
      '[]',
      {
        ...{ ...json, ...v1, ...empty },
        host: 'my-project.localhost:18081',
        'x-log-bodyrawsize': '2',
        'x-log-signaturemethod': 'hmac-sha256',
        authorization: 'LOG mockAccessKeyID:LcNiLjEhGn195ExbwG+DQzqtNs3TXZHaxLDfeXEucoM=',
      },
    ],
  ])('%s', async (_what, date, method, url, body, headers) => {
    const started = await startApp(
      { slsAuth: 'verify', slsKeys: ['mockAccessKeyID:mockAccessKeySecret'] },
      { wallMs: () => Date.parse(date) },
    );
    const send = (payload: string) =>
      started.app.inject({
        method: method as 'POST',
        url,
        headers: { ...(headers['x-log-content-sha256'] === undefined ? { date } : {}), ...headers },
        ...(payload === '' ? {} : { payload }),
      });
    expect((await send(body)).json()).toMatchObject({ errorCode: 'ProjectNotExist' });
    const other = await send(method === 'GET' ? '' : `${body} `);
    expect(other.json()).toMatchObject({
      errorCode: method === 'GET' ? 'ProjectNotExist' : 'SignatureNotMatch',
    });
    await started.close();
  });
});
