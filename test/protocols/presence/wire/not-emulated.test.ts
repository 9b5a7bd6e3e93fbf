/** Services that are not emulated, by the requests that the sources of the SDKs for JavaScript, Kotlin, Python and Go make. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { notEmulated } from '../../../../src/protocols/presence/wire/not-emulated.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

let started: StartedApp;
beforeAll(async () => {
  started = await startApp({ presenceKeys: ['s:p:secret'], presenceAuth: 'verify' });
});
afterAll(() => started.close());

const requests = {
  History: [
    'GET /v2/history/sub-key/s/channel/c?count=1',
    'GET /v3/history/sub-key/s/channel/c,d?max=1',
    'GET /v3/history-with-actions/sub-key/s/channel/c',
    'DELETE /v3/history/sub-key/s/channel/c?start=1',
  ],
  Objects: [
    ...['GET', 'PATCH', 'DELETE'].flatMap((method) => [
      `${method} /v2/objects/s/channels/c`,
      `${method} /v2/objects/s/uuids/u`,
    ]),
    ...['GET', 'PATCH'].flatMap((method) => [
      `${method} /v2/objects/s/channels/c/uuids`,
      `${method} /v2/objects/s/uuids/u/channels`,
    ]),
    'GET /v2/objects/s/channels?count=1',
    'GET /v2/objects/s/uuids',
    'GET /v1/objects/s/users',
    'POST /v1/objects/s/spaces',
  ],
  Files: [
    'GET /v1/files/s/channels/c/files',
    'POST /v1/files/s/channels/c/generate-upload-url',
    'GET /v1/files/s/channels/c/files/id/name.txt',
    'DELETE /v1/files/s/channels/c/files/id/name.txt',
    'GET /v1/files/publish-file/p/s/0/c/0/%7B%7D',
  ],
  Push: [
    'GET /v1/push/sub-key/s/devices/d?type=gcm',
    'GET /v1/push/sub-key/s/devices/d?add=c&type=gcm',
    'GET /v1/push/sub-key/s/devices/d/remove?type=gcm',
    'GET /v2/push/sub-key/s/devices-apns2/d?topic=t',
    'GET /v2/push/sub-key/s/devices-apns2/d/remove?topic=t',
  ],
  'Message actions': [
    'GET /v1/message-actions/s/channel/c?limit=1',
    'POST /v1/message-actions/s/channel/c/message/1',
    'DELETE /v1/message-actions/s/channel/c/message/1/action/2',
  ],
  Functions: ['GET /v1/blocks/sub-key/s/f', 'POST /v1/blocks/sub-key/s/f'],
  'This call of the Access Manager': [
    'GET /v2/auth/audit/sub-key/s',
    'GET /v1/auth/audit/sub-key/s',
    'GET /v1/auth/grant/sub-key/s?r=1',
    'GET /v3/pam/s/grant/t',
  ],
} as const;

it.each(Object.entries(requests).flatMap(([name, lines]) => lines.map((line) => [line, name] as const)))(
  '%s is refused by the name of its service: %s',
  async (line, name) => {
    const [method = '', url = ''] = line.split(' ');
    const reply = await started.app.inject({
      method: method as 'GET',
      url,
      ...(method === 'POST' || method === 'PATCH'
        ? { payload: '{}', headers: { 'content-type': 'application/json' } }
        : {}),
    });
    expect(reply.statusCode).toBe(501);
    expect(reply.headers['content-type']).toBe('text/javascript; charset="UTF-8"');
    expect(reply.json()).toEqual({
      status: 501,
      error: 1,
      message: `${name} is not emulated by heartbeatd`,
      service: 'Presence',
    });
  },
);

it('the requests cover every service of the table', () => {
  expect(Object.keys(requests).sort()).toEqual(notEmulated.map(({ name }) => name).sort());
});
