/**
 * Redis servers of the tests' own: started on free ports in folders of their own, and gone with the test process. A Redis
 * that was running before is never touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ensureProgram } from './debian-package.ts';

export interface RedisServer {
  /** Of the process that runs now. */
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Stops answering without closing anything, as a machine does that lost its network. */
  freeze(): void;
  thaw(): void;
  /** Ends it without a goodbye. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Keep an append-only file, so that what was answered survives a kill. */
  readonly appendOnly?: boolean;
  readonly extra?: readonly string[];
  /** Starts a Sentinel with this configuration instead; it keeps what it learns in its folder. */
  readonly sentinelConfig?: string;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Makes sure that there is a `redis-server`. Throws one line that says what to do. */
export function ensureRedis(): void {
  ensureProgram({
    user: 'the tests',
    program: 'redis-server',
    versionFlag: '--version',
    packages: ['redis-server'],
    advice: 'need redis-server 6.2 or later on the PATH: install your system\'s "redis" package',
  });
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  ensureRedis();
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-redis-'));
  const port = await freePort();
  const configFile = join(folder, 'redis.conf');
  if (options.sentinelConfig !== undefined) writeFileSync(configFile, options.sentinelConfig);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const isSentinel = options.sentinelConfig !== undefined;
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    if (isSentinel) args.unshift(configFile, '--sentinel');
    else args.push('--save', '');
    // A write that waits for a slow fsync of the second before is lost with the process; without fsync each is made before it
    // is answered, and only a crash of the machine would lose it.
    if (options.appendOnly === true) args.push('--appendonly', 'yes', '--appendfsync', 'no');
    const started = spawn('redis-server', [...args, ...(options.extra ?? [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    running.add(started);
    started.once('exit', () => running.delete(started));
    await new Promise<void>((resolve, reject) => {
      let printed = '';
      started.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes(isSentinel ? '+monitor' : 'Ready to accept connections')) resolve();
      });
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${printed}`)));
    });
  };
  const kill = async (): Promise<void> => {
    const ended = child;
    child = undefined;
    if (ended === undefined || ended.exitCode !== null) return;
    const gone = new Promise((resolve) => ended.once('exit', resolve));
    ended.kill('SIGKILL');
    await gone;
  };

  await start();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    port,
    url: `redis://127.0.0.1:${port}`,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    kill,
    start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster {
  readonly url: string;
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

/**
 * Starts three masters that share all slots, in equal parts. One that is away takes only its own slots along. `replicas`: each has a replica as
 * well; those are the last three servers. `appendOnly`: the masters keep an append-only file.
 */
export async function startCluster({ replicas = false, appendOnly = false } = {}): Promise<RedisCluster> {
  const extra = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  extra.push('--cluster-require-full-coverage', 'no');
  const servers: RedisServer[] = [];
  try {
    for (let at = 0; at < 3; at += 1) servers.push(await startClusterNode(extra, appendOnly));
    await joinCluster(servers);
    if (replicas) for (const master of [...servers]) servers.push(await startReplica(extra, master));
  } catch (error) {
    for (const server of servers) await server.stop();
    throw error;
  }
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    async stop() {
      for (const server of servers) {
        server.thaw();
        await server.stop();
      }
    },
  };
}

/** Each node also listens on a bus port of its own, which must be free too. */
async function startClusterNode(extra: readonly string[], appendOnly = false): Promise<RedisServer> {
  return startRedis({ appendOnly, extra: [...extra, '--cluster-port', String(await freePort())] });
}

/** Starts a replica of a master of a cluster, and resolves when it has all of its data. */
async function startReplica(extra: readonly string[], master: RedisServer): Promise<RedisServer> {
  const replica = await startClusterNode([...extra, '--repl-diskless-sync-delay', '0']);
  const [client, ofMaster] = [replica, master].map(({ port }) => new Redis(port, '127.0.0.1')) as [
    Redis,
    Redis,
  ];
  try {
    const nodes = (await ofMaster.call('CLUSTER', 'NODES')) as string;
    const [, bus = ''] = /@(\d+)\S* myself/.exec(nodes) ?? [];
    await client.call('CLUSTER', 'MEET', '127.0.0.1', master.port, bus);
    const id = (await ofMaster.call('CLUSTER', 'MYID')) as string;
    const replicate = (): Promise<boolean> =>
      client.call('CLUSTER', 'REPLICATE', id).then(
        () => true,
        () => false,
      );
    // It has to have heard of its master.
    while (!(await replicate())) await client.wait(1, 20).catch(() => {});
    while (!String(await client.call('INFO', 'replication')).includes('master_link_status:up'))
      await client.call('PING');
    return replica;
  } catch (error) {
    await replica.stop();
    throw error;
  } finally {
    client.disconnect();
    ofMaster.disconnect();
  }
}

async function joinCluster(servers: readonly RedisServer[]): Promise<void> {
  const clients = servers.map(({ port }) => new Redis(port, '127.0.0.1'));
  try {
    const slots = 16_384;
    for (const [at, client] of clients.entries()) {
      const from = Math.floor((at * slots) / clients.length);
      const to = Math.floor(((at + 1) * slots) / clients.length) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
    }
    const bus = async (client: Redis): Promise<string> =>
      /@(\d+)/.exec((await client.call('CLUSTER', 'NODES')) as string)?.[1] ?? '';
    const [first] = clients;
    for (const [at, client] of clients.entries()) {
      if (at > 0)
        await first?.call('CLUSTER', 'MEET', '127.0.0.1', servers[at]?.port ?? 0, await bus(client));
    }
    // The nodes gossip until each knows that all slots are served.
    for (const client of clients) {
      const isReady = async (): Promise<boolean> => {
        const info = (await client.call('CLUSTER', 'INFO')) as string;
        return ['cluster_state:ok', 'cluster_slots_assigned:16384', 'cluster_known_nodes:3'].every((line) =>
          info.includes(line),
        );
      };
      while (!(await isReady())) await client.wait(1, 20);
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/**
 * Below the range from which outgoing connections get their ports: a server that is killed and started again would
 * otherwise find its port taken now and then. Each process tries ports of its own first.
 */
let candidate = 10_000 + (process.pid % 200) * 100;

async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    candidate = candidate >= 30_000 ? 10_000 : candidate + 1;
    // Its own from here on, also if another server looks for a port meanwhile.
    const port = candidate;
    if (await isFree(port)) return port;
  }
  throw new Error('no free port from 10000 to 30000');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
