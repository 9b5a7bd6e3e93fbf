/** Changes that every node over a shared store obeys by the time the call that made them returns. */

import { type Log, silentLog } from '../../settings/log.ts';
import { serverSpace } from '../../store/server-space.ts';
import type { DocumentWrite, Store } from '../../store/store.ts';
import { type Announcement, makeAcks } from './acks.ts';
import { changesTopic, keptAnnouncements, makeExchange, type Part } from './exchange.ts';
import { makeRegister } from './register.ts';

export interface NodeChange {
  /** Name of the part that the nodes are to bring up to date. */
  readonly part: string;
  /** What its `apply` is given, as JSON. */
  readonly announced: unknown;
  /** Documents of `tenant`. */
  readonly writes?: readonly DocumentWrite[];
  /** Nodes that are not waited for. */
  readonly except?: ReadonlySet<string>;
}

export interface Nodes {
  /** Holds what the nodes share. */
  readonly tenant: string;
  readonly store: Store;
  /** Adds a part; before `start`. */
  add(name: string, part: Part): void;
  /**
   * Writes and announces a change in one step. Resolves when every live node has applied it, with their answers: a node that died, or
   * is cut off from the store, is waited for a second. Resolves to undefined if a version was stale and nothing changed. Rejects with StoreUnavailable.
   */
  change(change: NodeChange): Promise<readonly unknown[] | undefined>;
  /** Resolves to the ids of the nodes that live; one that crashed counts for some seconds more. */
  live(): Promise<readonly string[]>;
  /** Resolves when this node has applied what there is, or after a second. */
  start(): Promise<void>;
  /** Leaves: the others no longer wait for this node. */
  close(): Promise<void>;
}

export interface NodesOptions {
  readonly store: Store;
  /** Distinguishes this node from all others. */
  readonly nodeId: string;
  monotonicMs(): number;
  readonly log?: Log;
}

const tenant = `${serverSpace}nodes`;
/** Interval at which a node renews its document and reads everything again, ms. */
const refreshMs = 5_000;
const retryMs = 100;
const maxStartMs = 1_000;
const maxLeaveMs = 200;

/** Makes this process a node. Nothing is read or written before `start`. */
export function makeNodes({ store, nodeId, monotonicMs, log = silentLog }: NodesOptions): Nodes {
  const parts = new Map<string, Part>();
  const end = new AbortController();
  const register = makeRegister({ store, tenant, nodeId });
  const acks = makeAcks({ store, tenant, monotonicMs });
  const exchange = makeExchange({ store, tenant, nodeId, register, parts, log });
  let running: Promise<void> | undefined;

  const run = async (onFirst: () => void): Promise<void> => {
    while (!end.signal.aborted) {
      try {
        await exchange.sync();
        onFirst();
        const topics = [{ topic: changesTopic, after: exchange.cursor ?? 0n }];
        await store.wait({ tenant, topics, timeoutMs: refreshMs, signal: end.signal });
      } catch (err) {
        if (exchange.cursor !== undefined) log.debug({ err }, 'exchange with other nodes failed; retrying');
        await pause(retryMs, end.signal);
      }
    }
  };

  return {
    ...{ tenant, store },
    add(name, part) {
      parts.set(name, part);
    },
    async change({ part, announced, writes = [], except = new Set() }) {
      const payload = Buffer.from(JSON.stringify({ part, announced } satisfies Announcement));
      const append = { topic: changesTopic, payload, keepEntries: keptAnnouncements };
      const { committed, positions } = await store.commit({ tenant, writes, appends: [append] });
      if (!committed) return undefined;
      const [position = 0n] = positions;
      const live = await register.live();
      // This node answers as the others do.
      await exchange.sync();
      return acks.wait(position, new Set([...live, nodeId].filter((id) => !except.has(id))));
    },
    live: () => register.live(),
    start() {
      const { promise: first, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, maxStartMs);
      running = run(resolve);
      return first.finally(() => clearTimeout(timer));
    },
    async close() {
      end.abort();
      if (running === undefined) return;
      const left = running.then(() => register.leave()).catch(() => undefined);
      await Promise.race([left, pause(maxLeaveMs)]);
    },
  };
}

/** Resolves after so long, or when the signal aborts. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
