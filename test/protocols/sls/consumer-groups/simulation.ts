/**
 * Simulated histories of consumer groups: server nodes over one store, and clients that hold and release shards as the vendor's libraries
 * do. Faults: lost, late and repeated requests, crashes, pauses, clocks that differ or are set, splits and merges; dates of the
 * clients' own clocks, all of one second, or none. Everything follows from the seed. Invariants are checked at every step.
 */
import { defaultConfig } from '../../../../src/config.ts';
import { updateCheckpoint } from '../../../../src/protocols/sls/consumer-groups/consumer-group-update-check-point.ts';
import { createGroup } from '../../../../src/protocols/sls/consumer-groups/create-consumer-group.ts';
import { getCheckpoints } from '../../../../src/protocols/sls/consumer-groups/get-check-point.ts';
import { heartbeat } from '../../../../src/protocols/sls/consumer-groups/heartbeat.ts';
import { makeSlsContext, type SlsContext } from '../../../../src/protocols/sls/context.ts';
import { appendLogGroups } from '../../../../src/protocols/sls/logs/append-log-groups.ts';
import { encodeCursor } from '../../../../src/protocols/sls/logs/cursor.ts';
import { endsOf } from '../../../../src/protocols/sls/logs/shard-log.ts';
import {
  createLogstore,
  readLogstore,
} from '../../../../src/protocols/sls/resources/logstores/logstore-store.ts';
import { createProject } from '../../../../src/protocols/sls/resources/projects/project.ts';
import { reshape } from '../../../../src/protocols/sls/resources/shards/change-shards.ts';
import { ancestorsOf, merge, split } from '../../../../src/protocols/sls/resources/shards/shards.ts';
import { SlsError } from '../../../../src/protocols/sls/wire/error-entry.ts';
import { silentLog } from '../../../../src/settings/log.ts';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../../src/store/store.ts';

export interface Faults {
  /** Requests are lost, delayed and repeated. */
  readonly network: boolean;
  /** Clients crash, restart and pause. */
  readonly crashes: boolean;
  /** Shards are split and merged. */
  readonly reshapes: boolean;
  /** Clients' clocks are set. */
  readonly clocks: boolean;
  /** Clients' clocks differ from the server's and from each other, by up to a day. */
  readonly skews: boolean;
  /**
   * Dates of heartbeats: `own`, the time of their client's clock; `equal`, all the same second, at which the server's clock stands as well;
   * `absent`, none. If dates do not tell the order, no heartbeat overtakes another.
   */
  readonly dates: 'own' | 'equal' | 'absent';
}

/** Corrupts the server's state between two steps, to prove that the checks detect it. */
export type Poison = (store: Store, random: () => number) => Promise<void>;

export interface HistoryOptions {
  readonly seed: number;
  readonly faults: Faults;
  readonly poison?: Poison;
}

export interface HistoryResult {
  readonly heartbeats: number;
  readonly grants: number;
  readonly handOvers: number;
}

export const tenant = 'sls/sim';
const project = 'sim';
const logstore = 'logs';
const groupRef = { project, logstore, group: 'cg' };
const startMs = 1_700_000_000_000;
const intervalMs = 2_000;
const timeoutMs = 4_000;
/** Long enough for the longest paused client to return, give up, rejoin, and for every hand-over that follows to complete. */
const quietMs = 30_000;
const stormMs = 60_000;
const maxDelayMs = 1_500;
/** Short enough for copies whose date does not tell the order to arrive before the next heartbeat. */
const maxCopyDelayMs = { own: 3 * intervalMs, equal: 1_300, absent: 1_300 };
/** How long a client waits for a reply. */
const replyTimeoutMs = 1_900;

export class Violation extends Error {
  override readonly name = 'Violation';
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A worker of one of the libraries: it reports every shard that it was assigned and has not shut down. */
interface Client {
  readonly name: string;
  isRunning: boolean;
  /** Number of its starts: events of earlier lives are ignored. */
  life: number;
  pausedUntilMs: number;
  clockOffsetMs: number;
  granted: ReadonlySet<number>;
  /** Shards it consumes or shuts down, with the epoch of the lease under which it was assigned each. */
  readonly holds: Map<number, number>;
  readonly closing: Set<number>;
  lastSuccessMs: number;
  beat: number;
  /** Number of its requests that have not arrived. */
  underWay: number;
}

class History {
  readonly #random: () => number;
  readonly #faults: Faults;
  readonly #poison: Poison | undefined;
  readonly #store: Store;
  readonly #nodes: SlsContext[];
  readonly #clients: Client[];
  readonly #epochs = new Map<string, number>();
  readonly #lastHeardMs = new Map<string, number>();
  readonly #idleSince = new Map<number, number>();
  readonly #events: { atMs: number; order: number; run: () => Promise<void> }[] = [];
  readonly #order: boolean;
  #now = 0;
  #scheduled = 0;
  #isQuiet = false;
  #violation: Violation | undefined;
  #result = { heartbeats: 0, grants: 0, handOvers: 0 };

  constructor({ seed, faults, poison }: HistoryOptions) {
    this.#random = randomFrom(seed);
    this.#faults = faults;
    this.#poison = poison;
    const wallMs = (): number => startMs + (faults.dates === 'equal' ? 0 : this.#now);
    this.#store = createStore(openEmbeddedDriver({ wallMs }));
    this.#order = this.#chance(0.4);
    const randomBytes = (size: number): Buffer =>
      Buffer.from(Array.from({ length: size }, () => this.#below(256)));
    this.#nodes = Array.from({ length: 1 + this.#below(3) }, () =>
      makeSlsContext({ store: this.#store, log: silentLog, wallMs, randomBytes }, defaultConfig()),
    );
    this.#clients = Array.from({ length: 1 + this.#below(5) }, (_, at) => ({
      name: `c${at}`,
      isRunning: false,
      life: 0,
      pausedUntilMs: 0,
      clockOffsetMs: faults.skews ? (this.#below(2 * 86_400) - 86_400) * 1_000 : 0,
      granted: new Set<number>(),
      holds: new Map(),
      closing: new Set(),
      lastSuccessMs: 0,
      beat: 0,
      underWay: 0,
    }));
    this.#store.observe(({ type, holder, epoch }) => {
      if (type === 'granted') this.#epochs.set(holder, epoch);
      else if (type !== 'changed') {
        this.#epochs.delete(holder);
        const silentMs = this.#now - (this.#lastHeardMs.get(holder) ?? 0);
        if (silentMs < timeoutMs) this.#violate(`${holder} expired after ${silentMs} ms of silence`);
      }
    });
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #node(): SlsContext {
    const node = this.#nodes[this.#below(this.#nodes.length)];
    if (node === undefined) throw new Error('there is a node');
    return node;
  }

  #violate(what: string): void {
    this.#violation ??= new Violation(`at ${this.#now} ms: ${what}`);
  }

  #at(delayMs: number, run: () => Promise<void>): void {
    this.#scheduled += 1;
    // In steps of 100 ms, so that events often coincide.
    const atMs = this.#now + Math.ceil(delayMs / 100) * 100;
    this.#events.push({ atMs, order: this.#scheduled, run });
  }

  async run(): Promise<HistoryResult> {
    try {
      await this.#begin();
      while (this.#events.length > 0) {
        await this.#step();
        if (this.#violation !== undefined) throw this.#violation;
      }
      await this.#checkSettled();
      return this.#result;
    } finally {
      await this.#store.close();
    }
  }

  async #begin(): Promise<void> {
    await this.#store.freezeClock();
    const node = this.#node();
    await createProject(node, project);
    await createLogstore(node, groupRef, { shardCount: 1 + this.#below(6) });
    await createGroup(node, groupRef, {
      consumerGroup: groupRef.group,
      timeout: timeoutMs / 1_000,
      order: this.#order,
    });
    for (const client of this.#clients) this.#at(this.#below(10_000), () => this.#start(client));
    for (let at = 1_000; at < stormMs; at += 1_000) this.#at(at, () => this.#disturb());
    this.#at(stormMs, async () => {
      this.#isQuiet = true;
      // At least one client runs.
      for (const client of this.#clients) {
        client.pausedUntilMs = Math.min(client.pausedUntilMs, this.#now);
      }
      const [first] = this.#clients;
      if (first !== undefined && !this.#clients.some(({ isRunning }) => isRunning)) await this.#start(first);
    });
  }

  /** Runs all events of the next moment concurrently. */
  async #step(): Promise<void> {
    const atMs = Math.min(...this.#events.map((event) => event.atMs));
    const due = this.#events.filter((event) => event.atMs === atMs).sort((a, b) => a.order - b.order);
    this.#events.splice(0, this.#events.length, ...this.#events.filter((event) => event.atMs !== atMs));
    const passedMs = atMs - this.#now;
    this.#now = atMs;
    if (passedMs > 0) await this.#store.advanceClock(passedMs);
    await Promise.all(due.map(({ run }) => run()));
    if (this.#poison !== undefined) await this.#poison(this.#store, this.#random);
    this.#checkOwners();
    this.#checkIdle();
  }

  async #disturb(): Promise<void> {
    if (this.#isQuiet) return;
    const client = this.#clients[this.#below(this.#clients.length)];
    if (client === undefined) return;
    const { crashes, reshapes, clocks } = this.#faults;
    if (crashes && this.#chance(0.12)) {
      // The client that a shard was meant for may be gone: the allowed idle time starts again.
      this.#idleSince.clear();
      if (!client.isRunning) await this.#start(client);
      else if (this.#chance(0.5)) this.#crash(client);
      else client.pausedUntilMs = this.#now + this.#below(10_000);
    }
    if (clocks && this.#chance(0.1)) this.#setClock(client);
    if (reshapes && this.#chance(0.08)) await this.#reshape();
    if (this.#chance(0.3))
      await appendLogGroups(this.#node(), groupRef, { groups: [Buffer.alloc(0)], clientIp: '' });
    if (this.#chance(0.3)) await this.#save(client);
  }

  /** Sets a clock back only while no request of the client is on its way: that one would seem to be sent later. */
  #setClock(client: Client): void {
    const byMs = (this.#below(41) - 20) * 1_000;
    if (byMs > 0 || client.underWay === 0) client.clockOffsetMs += byMs;
  }

  /** Returns the date of a client's next heartbeat. */
  #dateOf({ clockOffsetMs }: Client): number | undefined {
    const { dates } = this.#faults;
    if (dates === 'absent') return undefined;
    return Math.floor((startMs + (dates === 'own' ? this.#now + clockOffsetMs : 0)) / 1_000);
  }

  async #start(client: Client): Promise<void> {
    if (client.isRunning) return;
    if (this.#faults.dates !== 'own' && client.underWay > 0) {
      // Requests of its earlier life would overtake the new ones.
      this.#at(100, () => this.#start(client));
      return;
    }
    client.isRunning = true;
    client.life += 1;
    client.pausedUntilMs = 0;
    client.granted = new Set();
    client.holds.clear();
    client.closing.clear();
    client.lastSuccessMs = this.#now;
    await this.#beat(client, client.life);
  }

  #crash(client: Client): void {
    client.isRunning = false;
    client.life += 1;
    client.holds.clear();
    client.closing.clear();
  }

  async #reshape(): Promise<void> {
    const node = this.#node();
    const { shards } = (await readLogstore(node, groupRef)).value;
    if (shards.length > 12) return;
    const id = shards[this.#below(shards.length)]?.shardID ?? 0;
    const isSplit = this.#chance(0.6);
    const now = await node.nowSeconds(tenant);
    await reshape(node, groupRef, (before) =>
      isSplit ? split(before, id, { count: 2 }, now) : merge(before, id, now),
    ).catch(passSlsError);
  }

  /** Saves the end of a shard that the client consumes; sometimes sets a checkpoint back. */
  async #save(client: Client): Promise<void> {
    const [shard] = [...client.holds.keys()].filter(() => this.#chance(0.5));
    if (shard === undefined || !client.isRunning || client.pausedUntilMs > this.#now) return;
    await this.#saveEnd(client.name, shard, !this.#order && this.#chance(0.1));
  }

  async #saveEnd(consumer: string, shard: number, back: boolean): Promise<void> {
    const node = this.#node();
    const { value } = await readLogstore(node, groupRef);
    const found = value.shards.find(({ shardID }) => shardID === shard);
    if (found === undefined) return;
    const [end = 0n] = await endsOf(node, { project, logstore: value, shards: [found] });
    const checkpoint = back ? 'MQ==' : encodeCursor(end);
    const isForced = this.#chance(0.7);
    await updateCheckpoint(node, groupRef, { shard, checkpoint, consumer, isForced }).catch(passSlsError);
  }

  /** Sends a heartbeat of a client and schedules the next one. */
  async #beat(client: Client, life: number): Promise<void> {
    if (client.life !== life || !client.isRunning) return;
    if (client.pausedUntilMs > this.#now) {
      this.#at(client.pausedUntilMs - this.#now, () => this.#beat(client, life));
      return;
    }
    if (this.#isQuiet && this.#now > stormMs + quietMs) return;
    this.#giveUpIfForgotten(client);
    client.beat += 1;
    const { beat } = client;
    const held = [...client.holds.keys()];
    const sentAt = this.#dateOf(client);
    const network = this.#faults.network && !this.#isQuiet;
    const delay = (): number => (network && this.#chance(0.2) ? this.#below(maxDelayMs) : 0);
    const isLost = network && this.#chance(0.1);
    const isAnswerLost = network && this.#chance(0.1);
    const answered = (answer: readonly number[] | undefined, epoch: number): Promise<void> => {
      // A client that stopped waiting ignores the reply.
      if (client.life !== life || client.beat !== beat || !client.isRunning) return Promise.resolve();
      if (answer !== undefined) this.#listen(client, answer, epoch);
      return Promise.resolve();
    };
    const send = (delayMs: number, isHeard: boolean): void => {
      client.underWay += 1;
      const arrive = async (): Promise<void> => {
        client.underWay -= 1;
        const answer = await this.#serve(client.name, held, sentAt);
        const epoch = this.#epochs.get(client.name) ?? 0;
        if (!isHeard || isAnswerLost) return;
        const backMs = delay();
        if (delayMs + backMs >= replyTimeoutMs) return;
        if (backMs === 0) await answered(answer, epoch);
        else this.#at(backMs, () => answered(answer, epoch));
      };
      if (delayMs === 0) this.#inThisStep.push(arrive());
      else this.#at(delayMs, arrive);
    };
    if (!isLost) send(delay(), true);
    if (network && this.#chance(0.1)) send(500 + this.#below(maxCopyDelayMs[this.#faults.dates]), false);
    this.#at(intervalMs, () => this.#beat(client, life));
    await Promise.all(this.#inThisStep.splice(0));
  }

  readonly #inThisStep: Promise<void>[] = [];

  /** Returns the shards of the reply; undefined if the heartbeat was refused. */
  async #serve(
    consumer: string,
    held: readonly number[],
    sentAt: number | undefined,
  ): Promise<readonly number[] | undefined> {
    this.#result.heartbeats += 1;
    const heardMs = this.#now;
    try {
      const text = await heartbeat(this.#node(), groupRef, { consumer, held, sentAt });
      this.#lastHeardMs.set(consumer, heardMs);
      const answer = JSON.parse(text) as number[];
      if (this.#order) await this.#checkOrder(answer);
      return answer;
    } catch (error) {
      passSlsError(error as Error);
      return undefined;
    }
  }

  #listen(client: Client, answer: readonly number[], epoch: number): void {
    client.lastSuccessMs = this.#now;
    client.granted = new Set(answer);
    for (const id of answer) {
      if (!client.holds.has(id)) this.#result.grants += 1;
      // Assigned again, even while it is shutting the shard down.
      client.holds.set(id, epoch);
    }
    this.#closeOthers(client);
  }

  /** Shuts down shards that the reply no longer contains, which takes a while. */
  #closeOthers(client: Client): void {
    const { life } = client;
    for (const id of client.holds.keys()) {
      if (client.granted.has(id) || client.closing.has(id)) continue;
      client.closing.add(id);
      const close = async (): Promise<void> => {
        if (client.life !== life) return;
        if (client.pausedUntilMs > this.#now) {
          this.#at(client.pausedUntilMs - this.#now, close);
          return;
        }
        client.closing.delete(id);
        if (client.granted.has(id)) return;
        if (this.#chance(0.5)) await this.#saveEnd(client.name, id, false);
        if (client.granted.has(id) || client.life !== life) return;
        this.#result.handOvers += 1;
        client.holds.delete(id);
      };
      this.#at(100 + this.#below(1_500), close);
    }
  }

  /** Gives all shards up after a time without replies, as the libraries do: they may belong to another client by now. */
  #giveUpIfForgotten(client: Client): void {
    if (
      this.#now - client.lastSuccessMs <= timeoutMs + intervalMs ||
      client.granted.size + client.holds.size === 0
    )
      return;
    client.granted = new Set();
    this.#closeOthers(client);
  }

  /** A shard is held by at most one client whose lease has not ended since the assignment. */
  #checkOwners(): void {
    const owners = new Map<number, string>();
    for (const { name, isRunning, holds } of this.#clients) {
      if (!isRunning) continue;
      for (const [id, epoch] of holds) {
        if (this.#epochs.get(name) !== epoch) continue;
        const other = owners.get(id);
        if (other !== undefined) this.#violate(`shard ${id} is with ${other} and ${name}`);
        owners.set(id, name);
      }
    }
  }

  /** If every request arrives, no consumable shard is without a client for long. */
  #checkIdle(): void {
    if (this.#faults.network || this.#faults.reshapes || this.#order || this.#faults.clocks) return;
    const held = new Set(
      this.#clients.flatMap(({ isRunning, pausedUntilMs, holds }) =>
        isRunning && pausedUntilMs <= this.#now ? [...holds.keys()] : [],
      ),
    );
    const anybody = this.#clients.some(
      ({ isRunning, pausedUntilMs, lastSuccessMs }) =>
        // A client that ran all the time.
        isRunning && pausedUntilMs === 0 && this.#now - lastSuccessMs < intervalMs,
    );
    for (const id of this.#known) {
      if (held.has(id) || !anybody || !this.#idleSince.has(id)) this.#idleSince.set(id, this.#now);
      const idleMs = this.#now - (this.#idleSince.get(id) ?? this.#now);
      if (idleMs > timeoutMs + 2 * intervalMs + 200) this.#violate(`shard ${id} was idle for ${idleMs} ms`);
    }
    for (const id of held) this.#known.add(id);
  }

  readonly #known = new Set<number>();

  /** In a group with order, no reply contains a shard whose ancestors are not consumed to their ends. */
  async #checkOrder(answer: readonly number[]): Promise<void> {
    const unfinished = await this.#unfinished();
    const { shards } = (await readLogstore(this.#node(), groupRef)).value;
    const byId = new Map(shards.map((shard) => [shard.shardID, shard]));
    for (const id of answer) {
      const before = ancestorsOf(byId, id).find((ancestor) => unfinished.has(ancestor));
      if (before !== undefined) this.#violate(`shard ${id} was given before ${before} was over`);
    }
  }

  async #unfinished(): Promise<Set<number>> {
    const node = this.#node();
    const { value } = await readLogstore(node, groupRef);
    const ends = await endsOf(node, { project, logstore: value, shards: value.shards });
    const checkpoints = await getCheckpoints(node, groupRef);
    return new Set(
      value.shards
        .filter(
          ({ shardID, status }, at) =>
            status === 'readwrite' ||
            checkpoints.find(({ shard }) => shard === shardID)?.checkpoint !== encodeCursor(ends[at] ?? 0n),
        )
        .map(({ shardID }) => shardID),
    );
  }

  /** After a time without faults every consumable shard has one owner, and loads are even. */
  async #checkSettled(): Promise<void> {
    const unfinished = await this.#unfinished();
    const { shards } = (await readLogstore(this.#node(), groupRef)).value;
    const byId = new Map(shards.map((shard) => [shard.shardID, shard]));
    const consumable = [...unfinished].filter(
      (id) => !this.#order || ancestorsOf(byId, id).every((ancestor) => !unfinished.has(ancestor)),
    );
    const running = this.#clients.filter(({ isRunning }) => isRunning);
    const loads = running.map(({ holds }) => holds.size);
    const held = running.flatMap(({ holds }) => [...holds.keys()]).sort((a, b) => a - b);
    const wanted = consumable.sort((a, b) => a - b);
    if (held.join() !== wanted.join()) throw new Violation(`held are ${held}, not ${wanted}`);
    if (Math.max(...loads) - Math.min(...loads) > 1) throw new Violation(`the loads are ${loads}`);
  }
}

function passSlsError(error: Error): void {
  if (!(error instanceof SlsError) || error.status >= 500) throw error;
}

/** Throws a Violation of what must hold. */
export function runHistory(options: HistoryOptions): Promise<HistoryResult> {
  return new History(options).run();
}
