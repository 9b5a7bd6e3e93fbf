/** A group of consumers without a store. */
import {
  applyHeartbeat,
  type ConsumerGroup,
  newGroup,
  ownedShards,
  reconcile,
} from '../../../../../src/protocols/sls/consumer-groups/rebalance/consumer-group.ts';

const shardIds = [0, 1, 2, 3];

/** A group and its members, without a store. */
export class World {
  group: ConsumerGroup = newGroup('id', 60, false);
  #revision = 0;
  readonly #live = new Set<string>();
  readonly #shardIds: readonly number[];

  constructor(ids: readonly number[] = shardIds) {
    this.#shardIds = ids;
  }

  #clock = 1_000;

  /** Advances the consumers' clocks by a second and returns the time. */
  now(): number {
    this.#clock += 1;
    return this.#clock;
  }

  /** `sentAt`: null for a heartbeat without a date. */
  beat(consumer: string, held: readonly number[], sentAt: number | null = this.now()): number[] {
    if (!this.#live.has(consumer)) {
      this.#live.add(consumer);
      this.#revision += 1;
    }
    const heartbeat = { consumer, held, sentAt: sentAt ?? undefined };
    this.group =
      this.group.revision === this.#revision
        ? applyHeartbeat(this.group, heartbeat)
        : reconcile(this.group, {
            consumers: [...this.#live],
            revision: this.#revision,
            logstoreVersion: 0,
            shards: this.#shardIds.map((id) => ({ id, parents: [], isFinished: false })),
            heartbeat,
          });
    return ownedShards(this.group, consumer);
  }

  crash(consumer: string): void {
    if (this.#live.delete(consumer)) this.#revision += 1;
  }

  isLive(consumer: string): boolean {
    return this.#live.has(consumer);
  }
}
