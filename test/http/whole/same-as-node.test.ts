import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';
import { receiver } from './receiver.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe('a heartbeat', () => {
  let app: StartedApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  it.each([
    ['Presence', get('/v2/presence/sub-key/demo/channel/a/heartbeat?uuid=u')],
    ['the PBX API, refused', 'POST /api/v1.1.0/heartbeat?token=no HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'SLS, refused',
      'POST /logstores/a/consumergroups/b?type=heartbeat&consumer=c HTTP/1.1\r\nHost: p.cn-hangzhou.log.aliyuncs.com\r\nContent-Length: 2\r\n\r\n[]',
    ],
  ])("of %s has the same reply on a connection that is Node's", async (_, bytes) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    const received = receiver(socket);
    const exchange = async (replies: number): Promise<string> => {
      socket.write(bytes);
      const all = await received(new RegExp(`(?:\\r\\n\\r\\n[\\s\\S]*[}\\]][\\s\\S]*){${replies}}`));
      return all
        .slice(all.lastIndexOf('HTTP/1.1'))
        .replace(/^date:.*$/im, '')
        .replace(/^x-log-requestid: .*$/im, '');
    };
    const past = await exchange(1);
    socket.write(get('/time/0'));
    await received(/(?:\r\n\r\n[\s\S]*[}\]][\s\S]*){2}/);
    expect(await exchange(3)).toBe(past);
    socket.destroy();
  });
});
