/** What the operator API returns, as the page reads it. `test/console/replies.types.ts` compares these with the schemas of the routes. */

export interface SlsShard {
  id: number;
  state: 'not_alloc' | 'already_alloc' | 'transfer' | 'wait' | 'over';
  owner: string | null;
  next: string | null;
  checkpoint: string;
  updateTime: number;
}

export interface SlsOverwrites {
  count: number;
  last: { at: number; by: string; from: SlsGroupSettings; to: SlsGroupSettings };
}

interface SlsGroupSettings {
  timeout: number;
  order: boolean;
}

export interface SlsGroup {
  tenant: string;
  /** `<logstore>/<group>` */
  group: string;
  state: SlsGroupSettings & { overwrites: SlsOverwrites | null; shards: readonly SlsShard[] };
}

export interface Lease {
  protocol: string;
  tenant: string;
  group: string;
  holder: string;
  epoch: number;
  ttlMs: number;
  remainingMs: number;
  data: unknown;
}

/** `GET /leases`. */
export interface Leases<Group = unknown> {
  leases: readonly Lease[];
  next: string | null;
  isComplete?: boolean | undefined;
  groups: readonly Group[];
}

export interface ShardLag {
  checkpoint: string | null;
  updateTime: number | null;
  entries: number | null;
  seconds: number | null;
}

export interface LogShard {
  shardID: number;
  status: 'readwrite' | 'readonly';
  inclusiveBeginKey: string;
  exclusiveEndKey: string;
  createTime: number;
  parents: readonly number[];
  begin: string;
  end: string;
  entries: number;
  lag?: ShardLag | undefined;
}

/** `GET /sls/shards`. */
export interface LogShards {
  shards: readonly LogShard[];
}

/** `GET /why`. */
export interface Explanation<Facts = Record<string, unknown>> {
  sentences: readonly string[];
  facts: Facts;
}

/** `facts` of a consumer group. */
export interface GroupFacts {
  members: readonly { holder: string; remainingMs: number; reported?: readonly number[] | undefined }[];
}

/** An entry of `GET /journal`. */
export interface JournalEntry {
  seq: number;
  at: string;
  operation: string;
  holder: string | null;
  request: { body: unknown };
  reply: { status: number; body: unknown } | null;
}

/** `GET /journal`. */
export interface Journal {
  entries: readonly JournalEntry[];
}

/** `GET /overview`. */
export interface Overview {
  version: string;
  store: string;
  nodes: readonly { id: string; self: boolean }[];
  tenants: readonly { protocol: string; tenant: string; leases: number }[];
  leases: Record<string, number>;
  perSecond: { requests: readonly number[]; errors: readonly number[]; expiries: readonly number[] };
  latenessP99Ms: number | null;
}

/** `GET /clock`. */
export interface Clock {
  leaseMs: number;
  dateMs: number;
  frozen: boolean;
  offsetMs: number;
}

export interface FaultRule {
  id: string;
  match?: Record<string, unknown> | undefined;
  when?: Record<string, unknown> | undefined;
  do: Record<string, unknown>;
  matched: number;
  fired: number;
  held: number;
  remaining: number | null;
}

/** `GET /faults`. */
export interface FaultRules {
  faults: readonly FaultRule[];
}

export interface Setting {
  name: string;
  flag: string;
  value: string;
  source: string;
  help: string;
  section: string;
}

/** `GET /settings`. */
export interface Settings {
  settings: readonly Setting[];
}

/** `GET /pbx/dead-letters`. */
export interface DeadLetters {
  deadLetters: readonly unknown[];
}
