/**
 * Histories of consumer groups: server nodes over one store, and clients that keep and let go of shards as the vendor's
 * libraries do, with requests that are lost, late or come twice, crashes, pauses, clocks that are set, splits and merges.
 * Everything follows from the seed. What must hold is checked at every step.
 */
import { defaultConfig } from '../../../src/config.ts';
import type { SlsContext } from '../../../src/protocols/sls/call.ts';
import { getCheckpoints, updateCheckpoint } from '../../../src/protocols/sls/checkpoints.ts';
import { encodeCursor } from '../../../src/protocols/sls/cursor.ts';
import { SlsError } from '../../../src/protocols/sls/errors.ts';
import { createGroup } from '../../../src/protocols/sls/groups.ts';
import { heartbeat } from '../../../src/protocols/sls/heartbeat.ts';
import { endsOf, putLogs } from '../../../src/protocols/sls/logs.ts';
import { reshape } from '../../../src/protocols/sls/reshape.ts';
import { createLogstore, createProject, readLogstore } from '../../../src/protocols/sls/resources.ts';
import { ancestorsOf } from '../../../src/protocols/sls/shards.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../src/store/store.ts';

export interface Faults {
  /** Requests are lost, late and repeated. */
  readonly network: boolean;
  /** Clients crash, come back, and are frozen for a while. */
  readonly crashes: boolean;
  /** Shards are split and merged. */
  readonly reshapes: boolean;
  /** Clients' clocks are set. */
  readonly clocks: boolean;
}

/** What somebody does to the server's state on purpose, between two steps, to see it caught. */
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
const group = 'cg';
const intervalMs = 2_000;
const timeoutMs = 4_000;
/** So that who was frozen longest is back, gave up, joined again, and every hand-over that follows is through. */
const quietMs = 30_000;
const stormMs = 60_000;
const maxDelayMs = 1_500;
/** How long a client waits for an answer. */
const patienceMs = 1_900;

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

/** A worker of one of the libraries: what it says that it holds is all it was ever given and has not shut down. */
interface Client {
  readonly name: string;
  isRunning: boolean;
  /** Counts its lives: what belongs to an earlier one is forgotten. */
  life: number;
  pausedUntilMs: number;
  clockOffsetMs: number;
  granted: ReadonlySet<number>;
  /** Shards it consumes or is shutting down; with the epoch of the lease under which it was given each. */
  readonly holds: Map<number, number>;
  readonly closing: Set<number>;
  lastSuccessMs: number;
  beat: number;
  /** Requests of it that are on their way. */
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
    const wallMs = (): number => 1_700_000_000_000 + this.#now;
    this.#store = createStore(openEmbeddedDriver({ wallMs }));
    this.#order = this.#chance(0.4);
    this.#nodes = Array.from({ length: 1 + this.#below(3) }, () => ({
      store: this.#store,
      config: defaultConfig(),
      groups: new Map(),
      queues: new Map(),
      logstores: new Map(),
      turn: { next: 0 },
      nowSeconds: () => Math.floor(wallMs() / 1_000),
      nowMicros: () => wallMs() * 1_000,
      randomBytes: (size: number) => Buffer.from(Array.from({ length: size }, () => this.#below(256))),
    }));
    this.#clients = Array.from({ length: 1 + this.#below(5) }, (_, at) => ({
      name: `c${at}`,
      isRunning: false,
      life: 0,
      pausedUntilMs: 0,
      clockOffsetMs: 0,
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
    // Tenths of a second: things often happen at the same time.
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
    await createProject(node, project, '');
    await createLogstore(node, project, logstore, { shardCount: 1 + this.#below(6) });
    await createGroup(node, project, logstore, group, timeoutMs / 1_000, this.#order);
    for (const client of this.#clients) this.#at(this.#below(10_000), () => this.#start(client));
    for (let at = 1_000; at < stormMs; at += 1_000) this.#at(at, () => this.#disturb());
    this.#at(stormMs, async () => {
      this.#isQuiet = true;
      // Somebody is there to have the shards.
      for (const client of this.#clients) {
        client.pausedUntilMs = Math.min(client.pausedUntilMs, this.#now);
      }
      const [first] = this.#clients;
      if (first !== undefined && !this.#clients.some(({ isRunning }) => isRunning)) await this.#start(first);
    });
  }

  /** Everything that happens at the next moment, at the same time. */
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
      // Whom a shard was meant for may be gone too: the time that it may be idle begins anew.
      this.#idleSince.clear();
      if (!client.isRunning) await this.#start(client);
      else if (this.#chance(0.5)) this.#crash(client);
      else client.pausedUntilMs = this.#now + this.#below(10_000);
    }
    if (clocks && this.#chance(0.1)) this.#setClock(client);
    if (reshapes && this.#chance(0.08)) await this.#reshape();
    if (this.#chance(0.3)) await putLogs(this.#node(), project, logstore, undefined, Buffer.alloc(0));
    if (this.#chance(0.3)) await this.#save(client);
  }

  /** Back only while nothing that it sent is on its way: what it sent before would seem to be sent after. */
  #setClock(client: Client): void {
    const byMs = (this.#below(41) - 20) * 1_000;
    if (byMs > 0 || client.underWay === 0) client.clockOffsetMs += byMs;
  }

  async #start(client: Client): Promise<void> {
    if (client.isRunning) return;
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
    const { shards } = (await readLogstore(node, project, logstore)).value;
    if (shards.length > 12) return;
    const id = String(shards[this.#below(shards.length)]?.shardID ?? 0);
    const change = this.#chance(0.6)
      ? ({ action: 'split', at: { count: 2 } } as const)
      : ({ action: 'merge' } as const);
    await reshape(node, project, logstore, id, change).catch(passSlsError);
  }

  /** Some shard that it consumes is consumed to its end; now and then somebody sets a checkpoint back. */
  async #save(client: Client): Promise<void> {
    const [shard] = [...client.holds.keys()].filter(() => this.#chance(0.5));
    if (shard === undefined || !client.isRunning || client.pausedUntilMs > this.#now) return;
    await this.#saveEnd(client.name, shard, !this.#order && this.#chance(0.1));
  }

  async #saveEnd(consumer: string, shard: number, back: boolean): Promise<void> {
    const node = this.#node();
    const { value } = await readLogstore(node, project, logstore);
    const found = value.shards.find(({ shardID }) => shardID === shard);
    if (found === undefined) return;
    const [end = 0n] = await endsOf(node, project, value, [found]);
    const checkpoint = back ? 'MQ==' : encodeCursor(end);
    const force = this.#chance(0.7);
    await updateCheckpoint(node, project, logstore, group, { shard, checkpoint, consumer, force }).catch(
      passSlsError,
    );
  }

  /** One heartbeat of a client, and what it does until the next. */
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
    const sentAt = Math.floor((1_700_000_000_000 + this.#now + client.clockOffsetMs) / 1_000);
    const network = this.#faults.network && !this.#isQuiet;
    const delay = (): number => (network && this.#chance(0.2) ? this.#below(maxDelayMs) : 0);
    const isLost = network && this.#chance(0.1);
    const isAnswerLost = network && this.#chance(0.1);
    const answered = (answer: readonly number[] | undefined, epoch: number): Promise<void> => {
      // Who stopped waiting does not hear it.
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
        if (delayMs + backMs >= patienceMs) return;
        if (backMs === 0) await answered(answer, epoch);
        else this.#at(backMs, () => answered(answer, epoch));
      };
      if (delayMs === 0) this.#inThisStep.push(arrive());
      else this.#at(delayMs, arrive);
    };
    if (!isLost) send(delay(), true);
    if (network && this.#chance(0.1)) send(500 + this.#below(maxDelayMs), false);
    this.#at(intervalMs, () => this.#beat(client, life));
    await Promise.all(this.#inThisStep.splice(0));
  }

  readonly #inThisStep: Promise<void>[] = [];

  /** Undefined: refused. */
  async #serve(
    consumer: string,
    held: readonly number[],
    sentAt: number,
  ): Promise<readonly number[] | undefined> {
    this.#result.heartbeats += 1;
    const heardMs = this.#now;
    try {
      const text = await heartbeat(this.#node(), project, logstore, group, { consumer, held, sentAt });
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
      // Given anew, also where it was about to let go of it.
      client.holds.set(id, epoch);
    }
    this.#closeOthers(client);
  }

  /** Shuts down what it was not given any more, which takes a while. */
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

  /** Nobody answered for so long that the shards are somebody else's by now: the libraries' own rule. */
  #giveUpIfForgotten(client: Client): void {
    if (
      this.#now - client.lastSuccessMs <= timeoutMs + intervalMs ||
      client.granted.size + client.holds.size === 0
    )
      return;
    client.granted = new Set();
    this.#closeOthers(client);
  }

  /** Who holds a shard under a lease that never ended holds it alone. */
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

  /** Where every request arrives, no shard that may be consumed is without anybody for long. */
  #checkIdle(): void {
    if (this.#faults.network || this.#faults.reshapes || this.#order || this.#faults.clocks) return;
    const held = new Set(
      this.#clients.flatMap(({ isRunning, pausedUntilMs, holds }) =>
        isRunning && pausedUntilMs <= this.#now ? [...holds.keys()] : [],
      ),
    );
    const anybody = this.#clients.some(
      ({ isRunning, pausedUntilMs, lastSuccessMs }) =>
        // One that was there all the time.
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

  /** Where order counts, nobody is given a shard whose ancestors are not consumed to their ends. */
  async #checkOrder(answer: readonly number[]): Promise<void> {
    const unfinished = await this.#unfinished();
    const { shards } = (await readLogstore(this.#node(), project, logstore)).value;
    const byId = new Map(shards.map((shard) => [shard.shardID, shard]));
    for (const id of answer) {
      const before = ancestorsOf(byId, id).find((ancestor) => unfinished.has(ancestor));
      if (before !== undefined) this.#violate(`shard ${id} was given before ${before} was over`);
    }
  }

  async #unfinished(): Promise<Set<number>> {
    const node = this.#node();
    const { value } = await readLogstore(node, project, logstore);
    const ends = await endsOf(node, project, value, value.shards);
    const checkpoints = await getCheckpoints(node, project, logstore, group, undefined);
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

  /** After a while without faults, every shard that may be consumed has one owner, and loads are even. */
  async #checkSettled(): Promise<void> {
    const unfinished = await this.#unfinished();
    const { shards } = (await readLogstore(this.#node(), project, logstore)).value;
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
