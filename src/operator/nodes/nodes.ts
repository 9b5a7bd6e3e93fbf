/** Changes that every node over a shared store obeys by the time the call that made them returns. */

import { makeSerialQueue } from '../../protocols/kit/serial-queue.ts';
import { type Log, silentLog } from '../../settings/log.ts';
import { serverSpace } from '../../store/server-space.ts';
import type { DocumentWrite, Store } from '../../store/store.ts';
import { type Ack, type Announcement, appendAck, makeAcks, readAnnouncement } from './acks.ts';
import { makeRegister } from './register.ts';

/** Something that nodes share. Its state is in documents; an announcement only says that they changed, or asks each node for something. */
export interface Part {
  /**
   * Brings this node to what the store holds, and does what was announced since the last call. Returns this node's answer to each
   * announcement, as JSON; a promise is an answer that follows later and holds up nothing. Also called with nothing announced, every few seconds: announcements are lost where Redis loses its newest writes.
   */
  apply(announced: readonly unknown[]): Promise<readonly unknown[]>;
}

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
const changesTopic = 'changes';
/** Announcements that are kept for nodes that are late. */
const keptAnnouncements = 1_000;
/** Interval at which a node renews its document and reads everything again, ms. */
const refreshMs = 5_000;
const retryMs = 100;
const maxStartMs = 1_000;
const maxLeaveMs = 200;

/** Makes this process a node. Nothing is read or written before `start`. */
export function makeNodes({ store, nodeId, monotonicMs, log = silentLog }: NodesOptions): Nodes {
  const parts = new Map<string, Part>();
  const serially = makeSerialQueue();
  const end = new AbortController();
  const register = makeRegister({ store, tenant, nodeId });
  const acks = makeAcks({ store, tenant, monotonicMs });
  /** Announcements up to here were applied; undefined before the first time. */
  let cursor: bigint | undefined;
  let running: Promise<void> | undefined;

  const sync = (): Promise<void> =>
    serially('sync', async () => {
      const { wallMs, timetoken } = await store.now({ tenant });
      // Registered before anything is read: what is changed from here on waits for this node.
      if (cursor === undefined) await register.renew(wallMs);
      cursor ??= timetoken;
      const topics = [{ topic: changesTopic, after: cursor }];
      const entries = await store.readTopics({ tenant, topics, limit: keptAnnouncements });
      const seen = entries.at(-1)?.position ?? cursor;
      const { answers, late } = await applyAll(parts, entries.map(readAnnouncement));
      for (const [position, answer] of late) void answerLate(position, answer);
      const ack: Ack = {
        node: nodeId,
        seen: String(seen),
        answers,
        late: late.map(([position]) => position),
      };
      await register.renew(wallMs, entries.length === 0 ? undefined : ack);
      cursor = seen;
    });

  const answerLate = async (position: string, answer: Promise<unknown>): Promise<void> => {
    try {
      const ack: Ack = { node: nodeId, seen: '0', answers: { [position]: (await answer) ?? null } };
      await store.commit({ tenant, writes: [], appends: [appendAck(ack)] });
    } catch (err) {
      log.debug({ err }, 'an answer to another node failed');
    }
  };

  const run = async (onFirst: () => void): Promise<void> => {
    while (!end.signal.aborted) {
      try {
        await sync();
        onFirst();
        const topics = [{ topic: changesTopic, after: cursor ?? 0n }];
        await store.wait({ tenant, topics, timeoutMs: refreshMs, signal: end.signal });
      } catch (err) {
        if (cursor !== undefined) log.debug({ err }, 'exchange with other nodes failed; retrying');
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
      await sync();
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

/** Brings all parts up to date. Returns the answers by the position of the announcement, and those that follow. */
async function applyAll(
  parts: ReadonlyMap<string, Part>,
  announcements: readonly (Announcement & { readonly position: bigint })[],
): Promise<{ answers: Record<string, unknown>; late: [position: string, answer: Promise<unknown>][] }> {
  const answers: Record<string, unknown> = {};
  const late: [string, Promise<unknown>][] = [];
  for (const [name, part] of parts) {
    const own = announcements.filter((each) => each.part === name);
    const given = await part.apply(own.map(({ announced }) => announced));
    for (const [at, { position }] of own.entries()) {
      const answer = given[at];
      if (answer instanceof Promise) late.push([String(position), answer]);
      else answers[String(position)] = answer ?? null;
    }
  }
  return { answers, late };
}

/** Resolves after so long, or when the signal aborts. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
