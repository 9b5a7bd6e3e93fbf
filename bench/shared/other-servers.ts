/** Other servers that benchmarks compare with. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Request } from './load.ts';
import { freePort, residentMb, type ServerProcess, startProgram } from './processes.ts';

export interface OtherServer extends ServerProcess {
  readonly name: string;
  /** The same requests in every case; undefined: it takes those of any case. */
  readonly request?: readonly Request[];
  /** Resident memory after the start, MB. */
  readonly idleMb: number;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    console.error(`${program} is not installed: left out`);
    return false;
  }
}

/** Starts a server that does nothing: bare `node:http`, or Fastify. */
export async function startIdle(kind: 'bare' | 'fastify'): Promise<OtherServer> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'idle-server.ts');
  const server = await startProgram([process.execPath, script, kind, String(port)], {
    port,
    path: '/healthz',
  });
  return { name: kind === 'bare' ? 'node:http' : 'Fastify', ...server, idleMb: residentMb(server.pid) };
}

/** Starts etcd, if it is installed (Debian: etcd-server), with a lease to keep alive. */
export async function startEtcd(folder: string): Promise<OtherServer | undefined> {
  if (!isInstalled('etcd')) return undefined;
  const [port, peerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const server = await startProgram(
    [
      ...[
        'etcd',
        '--data-dir',
        join(folder, 'etcd'),
        '--listen-client-urls',
        url,
        '--advertise-client-urls',
        url,
      ],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `default=${peerUrl}`],
    ],
    { port, path: '/health' },
  );
  const granted = await fetch(`${url}/v3/lease/grant`, { method: 'POST', body: '{"TTL":3600}' });
  const { ID } = (await granted.json()) as { ID: string };
  const request: readonly Request[] = [
    { method: 'POST', path: '/v3/lease/keepalive', body: `{"ID":"${ID}"}` },
  ];
  return { name: 'etcd', ...server, request, idleMb: residentMb(server.pid) };
}

const instances = 1_000;
const instanceTimeoutSeconds = 3_600;

/**
 * Starts r-nacos (crates.io: rnacos), if its program is on the PATH or named by RNACOS, with ephemeral instances of fifty services. Their
 * beats are light ones, without the description of the instance, as clients send them once the server has asked for that.
 */
export async function startNacos(folder: string): Promise<OtherServer | undefined> {
  const program = process.env.RNACOS ?? 'rnacos';
  if (!isInstalled(program)) return undefined;
  const [port, grpcPort, consolePort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    RNACOS_HTTP_PORT: String(port),
    RNACOS_GRPC_PORT: String(grpcPort),
    RNACOS_HTTP_CONSOLE_PORT: String(consolePort),
    RNACOS_DATA_DIR: join(folder, 'rnacos'),
    RNACOS_NAMING_HEALTH_TIMEOUT_SECOND: String(instanceTimeoutSeconds),
    RNACOS_NAMING_INSTANCE_TIMEOUT_SECOND: String(instanceTimeoutSeconds),
    RUST_LOG: 'error',
  };
  const server = await startProgram([program], { port, path: '/nacos/v1/ns/operator/metrics', env });
  const idleMb = residentMb(server.pid);
  const request: Request[] = [];
  for (let at = 0; at < instances; at += 1) {
    const [ip, name] = [`10.0.${at >> 8}.${at & 255}`, `DEFAULT_GROUP@@service-${at % 50}`];
    const path = `/nacos/v1/ns/instance/beat?serviceName=${name}&ip=${ip}&port=8080&ephemeral=true`;
    const description = {
      ip,
      port: 8_080,
      serviceName: name,
      cluster: 'DEFAULT',
      weight: 1,
      scheduled: true,
    };
    const beat = encodeURIComponent(JSON.stringify(description));
    await checkBeat(`http://127.0.0.1:${port}${path}&beat=${beat}`);
    await checkBeat(`http://127.0.0.1:${port}${path}`);
    request.push({ method: 'PUT', path });
  }
  return { name: 'r-nacos', ...server, request, idleMb };
}

const nacosOk = 10_200;

/** Sends a beat. Rejects unless the server knows the instance. */
async function checkBeat(url: string): Promise<void> {
  const reply = await fetch(url, { method: 'PUT' });
  const { code } = (await reply.json()) as { readonly code: number };
  if (code !== nacosOk) throw new Error(`the beat ${url} was answered with ${code}`);
}
