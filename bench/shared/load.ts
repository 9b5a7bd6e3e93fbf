/** Loads that wrk sends as fast as it can, from the second core. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** How many connections wrk has, unless a benchmark is told another number. */
export const connections = 64;

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string | Buffer;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly requests: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Bytes of the replies. */
  readonly readBytes: number;
}

const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const longString = (text: string): string => `[==[${text}]==]`;
const byteString = (bytes: Buffer): string =>
  `"${[...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

function headersOf({ body, host = '127.0.0.1', headers = {} }: Request): Readonly<Record<string, string>> {
  const type: Record<string, string> = typeof body === 'string' ? { 'Content-Type': 'application/json' } : {};
  return { Host: host, ...type, ...headers };
}

/** wrk sends these requests in turn on every connection. */
function script(requests: readonly Request[]): string {
  const quoted = requests.map((request) => {
    const { method, path, body } = request;
    const fields = Object.entries(headersOf(request)).map(([name, value]) => `["${name}"] = "${value}"`);
    const content =
      body === undefined ? 'nil' : typeof body === 'string' ? longString(body) : byteString(body);
    return `  wrk.format("${method}", ${longString(path)}, { ${fields.join(', ')} }, ${content}),`;
  });
  return `local requests = {}\nlocal at = 0\nfunction init()\n requests = {\n${quoted.join('\n')}\n }\n at = math.random(#requests)\nend\nfunction request()\n at = at % #requests + 1\n return requests[at]\nend\n`;
}

/** Returns the mean size of requests as wrk sends them, bytes. */
export function requestBytes(requests: readonly Request[]): number {
  const sizes = requests.map((request) => {
    const { method, path, body } = request;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    const fields = Object.entries({
      ...headersOf(request),
      ...(body === undefined ? {} : { 'Content-Length': String(length) }),
    });
    const head = `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
    return Buffer.byteLength(head) + length;
  });
  return sizes.reduce((total, size) => total + size, 0) / requests.length;
}

/** Returns the command that sends a load. */
function command(
  port: number,
  requests: readonly Request[] | string,
  { seconds, over }: { readonly seconds: number; readonly over: number },
): string[] {
  files += 1;
  const file = join(folder, `requests-${files % 16}.lua`);
  writeFileSync(file, typeof requests === 'string' ? requests : script(requests));
  const args = [`-c${over}`, `-d${seconds}s`, '--latency', '-s', file, `http://127.0.0.1:${port}/`];
  return ['-c', '1', 'wrk', '-t1', ...args];
}

const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };
const byteUnits: Readonly<Record<string, number>> = { B: 1, KB: 1_024, MB: 1_048_576, GB: 1_073_741_824 };

/** Parses what wrk prints. Throws unless every request was answered with a 2xx. */
export function parseSample(printed: string): Sample {
  if (/Non-2xx|Socket errors/.test(printed)) throw new Error(`not every request was answered:\n${printed}`);
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(printed);
  const read = /requests in [^,]+, ([\d.]+)(B|KB|MB|GB) read/.exec(printed);
  return {
    requests: Number(/(\d+) requests in/.exec(printed)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1]),
    p99Ms: Number(p99?.[1]) * (milliseconds[p99?.[2] ?? ''] ?? Number.NaN),
    readBytes: Number(read?.[1]) * (byteUnits[read?.[2] ?? ''] ?? Number.NaN),
  };
}

/**
 * Throws unless every request was answered with a 2xx. `requests`: in turn on every connection, or a wrk script. `over`: the number of
 * connections.
 */
export function load(
  port: number,
  requests: readonly Request[] | string,
  seconds: number,
  over = connections,
): Sample {
  const args = command(port, requests, { seconds, over });
  return parseSample(execFileSync('taskset', args, { encoding: 'utf8' }));
}

/** Sends the same requests to several servers at the same time, which share the connections. Rejects as `load` throws. */
export async function loadTogether(
  ports: readonly number[],
  requests: readonly Request[],
  seconds: number,
): Promise<readonly Sample[]> {
  const over = connections / ports.length;
  return Promise.all(
    ports.map(async (port) => {
      const args = command(port, requests, { seconds, over });
      const { stdout } = await promisify(execFile)('taskset', args, { encoding: 'utf8' });
      return parseSample(stdout);
    }),
  );
}

/** Ends the process with a line that says what to install. */
export function requireTools(): void {
  try {
    execFileSync('sh', ['-c', 'command -v wrk && command -v taskset'], { stdio: 'ignore' });
  } catch {
    console.error('the benchmark needs wrk and taskset on the PATH (Debian: apt-get install wrk util-linux)');
    process.exit(1);
  }
}
