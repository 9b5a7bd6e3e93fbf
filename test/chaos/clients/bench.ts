/** What every simulated client gets: a way to send requests, a clock, random numbers, and the history to write. */
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Random } from '../../random.ts';
import type { Entry } from '../history.ts';

/** Time to live of the leases of SLS consumers and Presence uuids, and of PBX tokens; heartbeats come about three times in it. */
export const ttlMs = { sls: 6_000, presence: 6_000, pbx: 8_000 } as const;

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Default: 1.5 s. */
  readonly timeoutMs?: number;
  /** Number of the node; default: any. */
  readonly node?: number;
}

/** A request and its reply. */
export interface Exchange {
  readonly sentMs: number;
  readonly doneMs: number;
  /** 0: no reply. */
  readonly status: number;
  readonly text: string;
}

/** What happens around the clients. */
export interface Surroundings {
  /** URLs of the nodes as clients reach them. */
  readonly urls: readonly string[];
  readonly random: Random;
  readonly record: (entry: Entry) => void;
  readonly stopped: AbortSignal;
}

export interface Bench {
  readonly nodes: number;
  readonly random: Random;
  readonly record: (entry: Entry) => void;
  readonly stopped: AbortSignal;
  /** In quiet, clients keep alive what they have and change nothing. */
  isQuiet: boolean;
  /** At the end of quiet nothing is published any more either. */
  isSilent: boolean;
  operations: number;
  /** Operations that got no reply, or the vendor's server error. */
  failed: number;
  /** Steady time, ms. */
  now(): number;
  /** Never rejects. */
  send(one: Request): Promise<Exchange>;
  /** Resolves after so long, or when the run stops. */
  pause(ms: number): Promise<void>;
  /** Runs a step again and again until the run stops, with this pause in between, ± a third. */
  repeat(everyMs: number, random: Random, step: () => Promise<void>): Promise<void>;
  /** Records a reply that nothing explains. */
  wonder(what: string): void;
  close(): Promise<void>;
}

/** Longest wait of a client for a reply, ms. Two heartbeats of a client have different seconds in their `Date`. */
const replyTimeoutMs = 1_500;

/** Opens the bench. */
export function openBench({ urls, random, record, stopped }: Surroundings): Bench {
  const agent = new Agent({ connections: 32, pipelining: 1, keepAliveTimeout: 2_000, connectTimeout: 1_000 });
  const spread = random.fork('nodes');
  const now = (): number => performance.now();
  const bench: Bench = {
    nodes: urls.length,
    random,
    record,
    stopped,
    isQuiet: false,
    isSilent: false,
    operations: 0,
    failed: 0,
    now,
    async send(one) {
      const url = urls[one.node ?? spread.below(urls.length)] ?? '';
      const sentMs = now();
      bench.operations += 1;
      const reply = await exchange(agent, `${url}${one.path}`, one);
      if (reply.status === 0 || reply.status >= 500) bench.failed += 1;
      return { ...reply, sentMs, doneMs: now() };
    },
    async pause(ms) {
      await wait(ms, undefined, { signal: stopped }).catch(() => {});
    },
    async repeat(everyMs, own, step) {
      while (!stopped.aborted) {
        await step();
        await bench.pause(everyMs * (0.67 + own.below(67) / 100));
      }
    },
    wonder(what) {
      record({ kind: 'oddity', what: what.slice(0, 500), atMs: now() });
    },
    close: () => agent.destroy(),
  };
  return bench;
}

async function exchange(
  dispatcher: Agent,
  url: string,
  { method, headers, body, timeoutMs = replyTimeoutMs }: Request,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const reply = await request(url, {
      dispatcher,
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: reply.statusCode, text: await reply.body.text() };
  } catch {
    return { status: 0, text: '' };
  }
}

/** Whether a reply says that the server cannot serve now, in any vendor's shape; also a connection that a stopping server ends. */
export function isUnavailable({ status }: Exchange): boolean {
  return status === 0 || status === 503 || status === 429;
}

/** Returns a body as JSON; undefined if it is none. */
export function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
