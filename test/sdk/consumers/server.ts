/** Servers of the drills: whole processes, on ports that they keep when they are killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export interface Server {
  readonly url: string;
  /** Ends it without a goodbye, and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

export interface Address {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** Resolves when it listens. */
export async function startServer(
  args: readonly string[],
  { host, port: wanted }: Address = { host: '127.0.0.1', port: 0 },
): Promise<Server> {
  const port = wanted === 0 ? await freePort() : wanted;
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn(
      process.execPath,
      ['src/main.ts', '--host', host, '--port', String(port), '--request-log', 'failures', ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let printed = '';
    for await (const chunk of child.stdout ?? []) {
      printed += String(chunk);
      if (printed.includes('"listening"')) break;
    }
    child.stdout?.resume();
    if (!printed.includes('"listening"')) throw new Error(`the server ended: ${printed}`);
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  await start();
  return {
    url: `http://${host}:${port}`,
    async restart() {
      await kill();
      await start();
    },
    stop: kill,
  };
}
