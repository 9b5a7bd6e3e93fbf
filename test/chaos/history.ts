/**
 * The history of a chaos run: what clients sent and received, which faults happened, and what was read in quiet. Plain data; the checker
 * (`check/check.ts`) needs nothing else. All times are milliseconds of one steady clock of the harness.
 */

/** A request and the end of its wait. What it changed happened in between, or later if nobody acknowledged it. */
interface Exchanged {
  readonly sentMs: number;
  readonly doneMs: number;
}

/** A change that a client requested. Without acknowledgement it took effect, takes effect later, or never does. */
interface Requested extends Exchanged {
  readonly isAcknowledged: boolean;
}

/** A client asked for a lease, or for more time of it. */
export interface Renewal extends Requested {
  readonly kind: 'renewal';
  readonly lease: string;
  readonly ttlMs: number;
  /** False: the server grants nothing by it; an acknowledgement says that the lease was live. */
  readonly canGrant: boolean;
}

/** A client gave a lease up: leave, logout. */
export interface Ending extends Requested {
  readonly kind: 'ending';
  readonly lease: string;
}

/** The server said of a lease whether it is live. */
export interface Sighting extends Exchanged {
  readonly kind: 'sighting';
  readonly lease: string;
  readonly isLive: boolean;
}

/** A consumer received the shards that it owns. */
export interface Assignment extends Exchanged {
  readonly kind: 'assignment';
  readonly group: string;
  readonly consumer: string;
  readonly lease: string;
  readonly shards: readonly number[];
}

/** A consumer sent the first heartbeat that no longer reports these shards. */
export interface ShardRelease {
  readonly kind: 'release';
  readonly group: string;
  readonly consumer: string;
  readonly shards: readonly number[];
  readonly sentMs: number;
}

/** An entry was appended that subscribers or readers of `topic` have to get. */
export interface Publication extends Requested {
  readonly kind: 'publication';
  readonly topic: string;
  readonly id: string;
}

/** A reader got an entry. */
export interface Receipt {
  readonly kind: 'receipt';
  readonly reader: string;
  readonly topic: string;
  readonly id: string;
  readonly atMs: number;
}

/** A subscriber got an event of a lease. */
export interface LeaseReceipt {
  readonly kind: 'lease event';
  readonly reader: string;
  readonly channel: string;
  readonly lease: string;
  readonly action: 'join' | 'leave' | 'timeout';
  readonly occupancy: number;
  /** When the server recorded it; null: its clock was set, and does not tell. */
  readonly happenedMs: number | null;
  readonly atMs: number;
}

/** An application got a report. */
export interface ReportReceipt {
  readonly kind: 'report';
  readonly application: string;
  readonly id: string;
  readonly isAccepted: boolean;
  readonly atMs: number;
}

/** An application has logged in and gets the reports from now on, under this lease. */
export interface ReportSubscription {
  readonly kind: 'report subscription';
  readonly application: string;
  readonly lease: string;
  readonly atMs: number;
}

/** A value was written to a register; no two writes have the same value. */
export interface Save extends Requested {
  readonly kind: 'save';
  readonly register: string;
  readonly value: string;
}

/** A register was read; null: it has no value. */
export interface Load extends Exchanged {
  readonly kind: 'load';
  readonly register: string;
  readonly value: string | null;
}

/** Everything that a reader can get of a topic was read. */
export interface FullRead extends Exchanged {
  readonly kind: 'full read';
  readonly topic: string;
  readonly ids: readonly string[];
}

export interface FaultEntry {
  readonly kind: 'fault';
  readonly name: string;
  readonly startMs: number;
  /** When what was broken was whole again. */
  readonly healedMs: number;
  /** When every node answered every protocol again; null: not within the bound. */
  readonly recoveredMs: number | null;
  /** The documentation states that what was acknowledged shortly before may be lost. */
  readonly isLossy: boolean;
  /** How often a clock was set forward: each time leases may lose one step of the lease clock. */
  readonly forwardSteps: number;
  /** The lease clock kept running: it excuses no lease that lives longer. */
  readonly keepsTime: boolean;
}

/** The machine was too busy for times to mean anything. */
export interface Strain {
  readonly kind: 'strain';
  readonly startMs: number;
  readonly endMs: number;
}

/** A time without faults and changes, at the end of a round; messages are still published. */
export interface Quiet {
  readonly kind: 'quiet';
  readonly fromMs: number;
  readonly toMs: number;
}

/** After a time without faults and changes: which leases clients keep alive on a channel, and which the server lists. */
export interface QuietOccupancy extends Exchanged {
  readonly kind: 'quiet occupancy';
  readonly channel: string;
  readonly kept: readonly string[];
  readonly listed: readonly string[];
  readonly occupancy: number;
}

/** After a time without faults and changes: what each running consumer holds, and all shards. */
export interface QuietShards {
  readonly kind: 'quiet shards';
  readonly group: string;
  readonly holds: Readonly<Record<string, readonly number[]>>;
  readonly shards: readonly number[];
  readonly atMs: number;
}

/** A reply or a log line that no fault explains. */
export interface Oddity {
  readonly kind: 'oddity';
  readonly what: string;
  readonly atMs: number;
}

export type Entry =
  | Renewal
  | Ending
  | Sighting
  | Assignment
  | ShardRelease
  | Publication
  | Receipt
  | LeaseReceipt
  | ReportReceipt
  | ReportSubscription
  | Save
  | Load
  | FullRead
  | FaultEntry
  | Strain
  | Quiet
  | QuietOccupancy
  | QuietShards
  | Oddity;

export type EntryOf<K extends Entry['kind']> = Extract<Entry, { readonly kind: K }>;

/** Returns the entries of a kind, in the order in which they were recorded. */
export function entriesOf<K extends Entry['kind']>(history: readonly Entry[], kind: K): EntryOf<K>[] {
  return history.filter((entry): entry is EntryOf<K> => entry.kind === kind);
}
