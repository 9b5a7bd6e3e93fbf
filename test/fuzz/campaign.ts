/** Sends generated requests to a server over several connections, and collects what is wrong. */
import { makeRandom, type Random } from '../random.ts';
import { type FuzzConnection, NoReply, openConnection } from './connection.ts';
import { type FuzzOperation, makeMatcher, type OpenApi, readOperations } from './document.ts';
import { makeGenerator } from './generate.ts';
import { minimise } from './minimise.ts';
import { rawBytes, sendRaw } from './raw-bytes.ts';
import { bytesOf, curlOf, type FuzzRequest } from './request.ts';
import { type FuzzServer, startFuzzServer } from './server.ts';
import { findFault } from './shapes.ts';

export interface CampaignOptions {
  readonly seed: string;
  readonly requests: number;
  /** Flags of the server, beside the usual ones. */
  readonly settings: readonly string[];
  /** Operations that take part. */
  readonly includes: (operation: FuzzOperation) => boolean;
  /** Share of connections that get bytes which are no request. */
  readonly rawShare: number;
  /** Aborted to end early, with what was found so far. */
  readonly stopped: AbortSignal;
  /** A reply that takes longer is a failure, ms. */
  readonly boundMs: number;
}

/** A failure, once however often it came up. */
export interface Failure {
  readonly what: string;
  readonly count: number;
  /** A shell command, or the bytes in base64. */
  readonly reproduce: string;
}

export interface CampaignResult {
  readonly requests: number;
  readonly operations: number;
  readonly statuses: ReadonlyMap<number, number>;
  readonly failures: readonly Failure[];
  /** The slowest reply that was not held on purpose. */
  readonly slowest: { readonly ms: number; readonly request: string };
}

const connections = 16;
/** Subscribes are held on purpose; such a reply may take this long, ms. */
const holdMs = 1_000;
/** After so many requests of a connection what others need is created again. */
const reseedEvery = 100;
/** Failures that are minimised and shown. */
const maxShown = 20;

/** Runs a campaign against a server of its own. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const server = await startFuzzServer(options.settings);
  try {
    const campaign = await prepare(server, options);
    let next = 0;
    const work = async (_: unknown, worker: number): Promise<void> => {
      const connection = openConnection({
        host: '127.0.0.1',
        port: server.port,
        timeoutMs: options.boundMs,
        isSecure: worker % 4 === 0,
      });
      for (
        let done = 0;
        next < options.requests && !options.stopped.aborted && server.exit === undefined;
        done += 1
      ) {
        if (done % reseedEvery === 0) await campaign.seed(connection);
        const number = next;
        next += 1;
        await campaign.step(connection, makeRandom(`${options.seed}/${number}`), number);
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: connections }, work));
    return await campaign.result(next);
  } finally {
    await server.stop();
  }
}

interface Found {
  count: number;
  readonly what: string;
  readonly request: FuzzRequest | Buffer;
}

async function prepare(server: FuzzServer, options: CampaignOptions) {
  const document = (await (await fetch(`${server.url}/_heartbeatd/openapi.json`)).json()) as OpenApi;
  const all = readOperations(document);
  const operations = all.filter(options.includes);
  const candidatesOf = makeMatcher(all);
  const tokens: string[] = [];
  const generate = makeGenerator({ operations, tokens: () => tokens });
  const found = new Map<string, Found>();
  const statuses = new Map<number, number>();
  let slowest = { ms: 0, request: '' };
  let errorsSeen = 0;

  const note = (kind: string, what: string, request: FuzzRequest | Buffer): void => {
    const key = `${kind}: ${what}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { count: 1, what: key, request });
    else known.count += 1;
  };
  /** Sends one request. Returns what is wrong with its reply. */
  const check = async (connection: FuzzConnection, request: FuzzRequest): Promise<string | undefined> => {
    try {
      const reply = await connection.send(bytesOf(request), request.method);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      const candidates = candidatesOf(request.method, request.target.split('?', 1)[0] ?? '');
      const isHeld = /\/subscribe\//.test(request.target) && reply.ms >= holdMs;
      if (!isHeld && reply.ms > slowest.ms) slowest = { ms: reply.ms, request: curlOf(request, server.url) };
      const token = /"token":"([0-9a-f]{32})"/.exec(reply.body.toString('latin1'))?.[1];
      if (token !== undefined)
        tokens.splice(0, Math.max(0, tokens.length - 20), ...tokens.splice(-20), token);
      return findFault({ request, reply, candidates });
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      return error.message.replace(/\d+ bytes/, 'some bytes');
    }
  };
  const labelOf = (request: FuzzRequest): string =>
    candidatesOf(request.method, request.target.split('?', 1)[0] ?? '')[0]?.id ??
    `${request.method} of no operation`;
  const noteErrors = (request: FuzzRequest | Buffer): void => {
    const errors = server.errors.slice(errorsSeen);
    errorsSeen = server.errors.length;
    for (const line of errors.filter((error) => !/"status":5\d\d.*"msg":"request"/.test(error)))
      note('log', line.replaceAll(/"(time|pid|reqId|requestId)":[^,}]+/g, '"$1":…').slice(0, 300), request);
  };
  return {
    async seed(connection: FuzzConnection): Promise<void> {
      for (const request of seeds) await check(connection, request);
    },
    async step(connection: FuzzConnection, random: Random, _number: number): Promise<void> {
      if (random.chance(options.rawShare)) {
        const bytes = rawBytes(random, generate);
        const wrong = await sendRaw(bytes, { port: server.port, timeoutMs: options.boundMs });
        if (wrong !== undefined) note('raw bytes', wrong, bytes);
        noteErrors(bytes);
        return;
      }
      const request = generate(random);
      const wrong = await check(connection, request);
      if (wrong !== undefined) note(labelOf(request), wrong, request);
      noteErrors(request);
    },
    async result(requests: number): Promise<CampaignResult> {
      const failures: Failure[] = [];
      if (server.exit !== undefined)
        failures.push({
          what: `the server ended with ${server.exit}: ${server.errors.at(-1) ?? ''}`,
          count: 1,
          reproduce: '',
        });
      for (const { what, count, request } of [...found.values()].slice(0, maxShown))
        failures.push({ what, count, reproduce: await reproduce(server, { request, check, what, labelOf }) });
      return { requests, operations: operations.length, statuses, failures, slowest };
    },
  };
}

interface Reproduction {
  readonly request: FuzzRequest | Buffer;
  readonly what: string;
  readonly check: (connection: FuzzConnection, request: FuzzRequest) => Promise<string | undefined>;
  readonly labelOf: (request: FuzzRequest) => string;
}

/** Returns how to send the smallest request that still fails in the same way; as it was if it does not fail again. */
async function reproduce(
  server: FuzzServer,
  { request, what, check, labelOf }: Reproduction,
): Promise<string> {
  if (Buffer.isBuffer(request))
    return `echo ${request.toString('base64')} | base64 -d | nc -N 127.0.0.1 ${server.port}`;
  if (server.exit !== undefined) return curlOf(request, server.url);
  const connection = openConnection({ host: '127.0.0.1', port: server.port, timeoutMs: 5_000 });
  const fails = async (smaller: FuzzRequest): Promise<boolean> =>
    `${labelOf(smaller)}: ${await check(connection, smaller)}` === what;
  const isRepeatable = await fails(request);
  const smallest = isRepeatable ? await minimise(request, fails) : request;
  connection.close();
  return `${curlOf(smallest, server.url)}${isRepeatable ? '' : '   (does not fail alone)'}`;
}

/** Creates what most requests are about. */
const seeds: readonly FuzzRequest[] = [
  sls('POST', '/', { projectName: 'fuzz', description: '' }),
  sls('POST', '/logstores', { logstoreName: 'logs', ttl: 1, shardCount: 3 }),
  sls('POST', '/logstores/logs/consumergroups', { consumerGroup: 'cg', timeout: 60, order: false }),
  {
    method: 'POST',
    target: '/api/v2.0.0/login',
    headers: [
      ['host', '127.0.0.1'],
      ['content-type', 'application/json'],
    ],
    body: Buffer.from('{"username":"api","password":"x","version":"2.0.0"}'),
  },
];

function sls(method: string, target: string, body: unknown): FuzzRequest {
  const headers = [
    ['host', 'fuzz.cn-hangzhou.log.aliyuncs.com'],
    ['content-type', 'application/json'],
  ] as const;
  return { method, target, headers, body: Buffer.from(JSON.stringify(body)) };
}
