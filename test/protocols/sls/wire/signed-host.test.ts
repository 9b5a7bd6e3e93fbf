/** What a signature covers: the host that names the project, the day of its key, and the versions that are accepted. */
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../../../src/config.ts';
import { sls } from '../../../../src/protocols/sls/plugin.ts';
import {
  canonicalRequestV4,
  signV1,
  signV4,
  stringToSignV1,
} from '../../../../src/protocols/sls/wire/signature.ts';
import { type Service, startMs, startService } from '../service.ts';

const id = 'mockAccessKeyID';
const secret = 'mockAccessKeySecret';
const dateTime = '20180506T094411Z';

function signedV4(host: string, day = dateTime.slice(0, 8)): Record<string, string> {
  const headers = {
    host,
    'x-log-apiversion': '0.6.0',
    'x-log-date': dateTime,
    'x-log-content-sha256': createHash('sha256').update('').digest('hex'),
  };
  const scope = { date: day, region: 'cn-hangzhou' };
  const signed = { method: 'GET', path: '/logstores', query: '', headers, body: Buffer.alloc(0) };
  const signature = signV4(canonicalRequestV4(signed), dateTime, scope, secret);
  const credential = `${id}/${day}/cn-hangzhou/sls/aliyun_v4_request`;
  return { ...headers, authorization: `SLS4-HMAC-SHA256 Credential=${credential},Signature=${signature}` };
}

function signedV1(host: string): Record<string, string> {
  const headers = {
    host,
    date: new Date(startMs).toUTCString(),
    'x-log-apiversion': '0.6.0',
    'x-log-signaturemethod': 'hmac-sha1',
  };
  const text = stringToSignV1({
    method: 'GET',
    path: '/logstores',
    query: '',
    headers,
    body: Buffer.alloc(0),
  });
  return { ...headers, authorization: `LOG ${id}:${signV1(text, secret, 'hmac-sha1')}` };
}

let service: Service;
afterEach(() => service.close());
const start = async (slsAuth: 'verify' | 'verify-v4'): Promise<void> => {
  service = await startService({ slsAuth, slsKeys: [`${id}:${secret}`] });
};

/** Sends a request with this target, absolute-form included, and returns the error code. */
function errorOf(target: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(service.started.url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, path: target, headers }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      resolve(JSON.parse(Buffer.concat(parts).toString()).errorCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The signature was accepted: the project does not exist. */
const passed = 'ProjectNotExist';

describe('a request signed with version 4', () => {
  it('is accepted in absolute form if both of its hosts are the same, whatever their ports', async () => {
    await start('verify');
    const headers = signedV4('p.sls.local');
    expect(await errorOf('/logstores', headers)).toBe(passed);
    expect(await errorOf('http://p.sls.local/logstores', headers)).toBe(passed);
    expect(await errorOf('http://P.sls.local:80/logstores', headers)).toBe(passed);
    expect(await errorOf('http://p.sls.local/logstores', signedV4('p.sls.local:80'))).toBe(passed);
  });

  it('cannot be sent to the project of another host', async () => {
    await start('verify');
    expect(await errorOf('http://q.sls.local/logstores', signedV4('p.sls.local'))).toBe('SignatureNotMatch');
    expect(await errorOf('/logstores', { ...signedV4('p.sls.local'), host: 'q.sls.local' })).toBe(
      'SignatureNotMatch',
    );
  });

  it('is refused if the day of its key is not that of the request', async () => {
    await start('verify');
    expect(await errorOf('/logstores', signedV4('p.sls.local', '20180505'))).toBe('SignatureNotMatch');
  });
});

describe('a request signed with version 1', () => {
  it('is accepted by verify and refused by verify-v4', async () => {
    await start('verify');
    expect(await errorOf('/logstores', signedV1('p.sls.local'))).toBe(passed);
    await service.close();
    await start('verify-v4');
    expect(await errorOf('/logstores', signedV1('p.sls.local'))).toBe('Unauthorized');
    expect(await errorOf('/logstores', signedV4('p.sls.local'))).toBe(passed);
  });
});

it('both settings need access keys', async () => {
  await start('verify');
  for (const slsAuth of ['verify', 'verify-v4'] as const)
    expect(() => sls.checkSettings?.(defaultConfig({ slsAuth }))).toThrow('SLS_KEYS');
});
