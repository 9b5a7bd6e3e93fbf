/** How a process ends at a signal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { beat, patient } from './lobby.ts';
import { killAll, serve } from './serve.ts';

afterEach(killAll);

describe('the process', () => {
  it('ends with npm start, which is sent SIGTERM', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const url = `http://127.0.0.1:${port}`;
    const npm = spawn('npm', ['start', '--', '--port', `${port}`], { stdio: 'ignore' });
    const ended = once(npm, 'exit');
    const state = (): Promise<string> =>
      beat(url).then(
        () => 'up',
        () => 'down',
      );
    await expect.poll(state, patient).toBe('up');
    npm.kill('SIGTERM');
    await ended;
    await expect.poll(state, patient).toBe('down');
  });

  it('finishes what is under way at SIGTERM', async () => {
    const { url, child, ended } = await serve();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let heard = '';
    const answered = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('data', (chunk) => {
      heard += chunk.toString();
    });
    const body = '{"username":"api","password":"x"}';
    socket.write(
      `POST /api/v1.1.0/login HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    // The server has read the head and waits for the body when it is told to stop.
    await new Promise((resolve) => socket.once('data', resolve));
    child.kill('SIGTERM');
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('down');
    socket.write(body);
    await answered;
    expect(heard).toContain('"status":"Success"');
    expect(await ended).toBe(0);
  });

  it('does not wait at SIGTERM for a connection that never said anything', async () => {
    // A wait would be ended by the timeout, and that exits with 1.
    const { url, child, ended } = await serve(['--shutdown-timeout-ms', '5000']);
    const { hostname, port } = new URL(url);
    const silent = connect(Number(port), hostname);
    silent.on('error', () => {});
    await new Promise((resolve) => silent.once('connect', resolve));
    // Connections are accepted in order: once this is answered, the silent one is the server's.
    expect((await beat(url)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    silent.destroy();
  });

  it('ends at once at a second signal', async () => {
    const { url, child, ended } = await serve();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      'POST /api/v1.1.0/login HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
    );
    await new Promise((resolve) => socket.once('data', resolve));
    child.kill('SIGINT');
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('down');
    child.kill('SIGINT');
    expect(await ended).toBe(1);
  });

  it('ends no connection on SIGTERM whose next request is on its way', async () => {
    const { url, child, ended } = await serve();
    const clients = new Agent({ connections: 16 });
    let answered = 0;
    const askUntilRefused = async (): Promise<string | undefined> => {
      for (;;) {
        try {
          const { body } = await request(`${url}/v2/presence/sub-key/demo/channel/c/heartbeat?uuid=u`, {
            dispatcher: clients,
          });
          await body.dump();
          answered += 1;
          if (answered === 1_000) child.kill('SIGTERM');
        } catch (error) {
          return (error as { code?: string }).code;
        }
      }
    };
    const ends = await Promise.all(Array.from({ length: 16 }, askUntilRefused));
    expect([...new Set(ends)]).toEqual(['ECONNREFUSED']);
    expect(await ended).toBe(0);
    await clients.close();
  });
});
