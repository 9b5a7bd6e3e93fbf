/** What a node does with the announcements of all nodes: applies those since the last time, and answers them. */
import { makeSerialQueue } from '../../protocols/kit/serial-queue.ts';
import type { Log } from '../../settings/log.ts';
import type { Store } from '../../store/store.ts';
import { type Ack, type Announcement, appendAck, readAnnouncement } from './acks.ts';
import type { Register } from './register.ts';

/** Topic of announcements. */
export const changesTopic = 'changes';
/** Announcements that are kept for nodes that are late. */
export const keptAnnouncements = 1_000;

/** Something that nodes share. Its state is in documents; an announcement only says that they changed, or asks each node for something. */
export interface Part {
  /**
   * Brings this node to what the store holds, and does what was announced since the last call. Returns this node's answer to each
   * announcement, as JSON; a promise is an answer that follows later and holds up nothing. Also called with nothing announced, every few seconds: announcements are lost where Redis loses its newest writes.
   */
  apply(announced: readonly unknown[]): Promise<readonly unknown[]>;
}

export interface ExchangeOptions {
  readonly store: Store;
  readonly tenant: string;
  readonly nodeId: string;
  readonly register: Register;
  /** What the nodes share, by name. */
  readonly parts: ReadonlyMap<string, Part>;
  readonly log: Log;
}

export interface Exchange {
  /** Announcements up to here were applied; undefined before the first time. */
  readonly cursor: bigint | undefined;
  /** Registers this node, applies what was announced since the last call, and answers it. Rejects with StoreUnavailable. */
  sync(): Promise<void>;
}

/** Makes the exchange of a node that has applied nothing yet. */
export function makeExchange({ store, tenant, nodeId, register, parts, log }: ExchangeOptions): Exchange {
  const serially = makeSerialQueue();
  let cursor: bigint | undefined;

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

  return {
    get cursor() {
      return cursor;
    },
    sync,
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
