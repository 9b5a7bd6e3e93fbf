/** Verification of signatures, over HTTP. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  canonicalRequestV4,
  type SignedRequest,
  signV1,
  signV4,
  stringToSignV1,
} from '../../../../src/protocols/sls/wire/signature.ts';
import { startApp } from '../../../start-app.ts';
import { host, refused, type Service, startMs, startService } from '../service.ts';

const id = 'mockAccessKeyID';
const secret = 'mockAccessKeySecret';

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

describe('with signatures verified', () => {
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
  /** The signature was accepted: the project does not exist. */
  const passed = refused(404, 'ProjectNotExist');

  it('a request is recent by wall time and by the clock of its project', async () => {
    await start();
    const { store } = service.started;
    await store.freezeClock();
    const hour = 3_600_000;
    expect(await post(v4('[]', startMs + hour))).toMatchObject(refused(400, 'RequestTimeExpired'));
    await store.advanceClock(hour, 'sls/another-project');
    expect(await post(v4('[]', startMs + hour))).toMatchObject(refused(400, 'RequestTimeExpired'));
    await store.advanceClock(hour, 'sls/my-project');
    for (const atMs of [startMs, startMs + hour]) {
      expect(await post(v4('[]', atMs))).toMatchObject(passed);
      expect(await post(v1('[]', {}, atMs))).toMatchObject(passed);
    }
    expect(await post(v4('[]', startMs + hour / 2))).toMatchObject(refused(400, 'RequestTimeExpired'));
  });
  const without = (headers: Record<string, string>, name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

  it('requests signed with either version are accepted', async () => {
    await start();
    expect(await post(v1('[]'))).toMatchObject(passed);
    expect(await post(v4('[]'))).toMatchObject(passed);
    const other = { ...v1('[]') };
    expect(other.authorization).toContain(id);
  });

  it('a request that differs in one byte is refused', async () => {
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
      // The signature is right, but the body differs.
      expect(await post(headers, '[1]')).toMatchObject(refused(401, 'SignatureNotMatch'));
      expect(await post(sign('[ ]'), '[ ]')).toMatchObject(passed);
    }
  });

  it('a time that differs by more than 15 minutes is refused', async () => {
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

  it('each missing or invalid part has its own error', async () => {
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

  it('every call needs a signature', async () => {
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

describe('requests captured from the vendor’s SDKs are accepted', () => {
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
