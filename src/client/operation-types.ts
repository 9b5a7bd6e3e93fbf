/** Written by `npm run docs` from the schemas of the operator API: what each operation takes and returns. */
// biome-ignore-all format: written by a program
// biome-ignore-all lint/style/noExcessiveLinesPerFile: written by a program

export interface ReadClockReply {
  /** absent: the clock of all tenants without one of their own */
  tenant?: string;
  /** the lease clock, ms; comparable only with itself */
  leaseMs: number;
  /** wall time of the store, ms since 1970 */
  wallMs: number;
  /** the date that clients see, ms since 1970: wall time, moved and frozen with the clock */
  dateMs: number;
  frozen: boolean;
  /** by how much the clock of this tenant is ahead of that of all others */
  offsetMs: number;
  /** without a tenant: the clocks that tenants have of their own */
  tenants?: readonly ReadClockReplyTenants[];
}

export interface ReadClockReplyTenants {
  /** absent: the clock of all tenants without one of their own */
  tenant?: string;
  /** the lease clock, ms; comparable only with itself */
  leaseMs: number;
  /** wall time of the store, ms since 1970 */
  wallMs: number;
  /** the date that clients see, ms since 1970: wall time, moved and frozen with the clock */
  dateMs: number;
  frozen: boolean;
  /** by how much the clock of this tenant is ahead of that of all others */
  offsetMs: number;
}

export interface MoveClockBodyBeating {
  /** sls, pbx or presence */
  protocol?: string;
  /** tenant, such as sls/<project> */
  tenant?: string;
  /** group: logstore and consumer group, API user, or channel */
  group?: string;
  /** holder: consumer, token, or uuid */
  holder?: string;
  /** the vendor's name of the call */
  operation?: string;
  /** type of an event, such as lease.expired */
  type?: string;
  /** status of the reply */
  status?: number;
  direction?: 'in' | 'out';
  /** whether a reply was sent */
  answered?: boolean;
  /** conditions by path into the request body, of events into the event, such as "shard" or "a.b.0" */
  body?: Readonly<Record<string, string | number | boolean | null | {
      matches: string;
    } | {
      absent: true;
    }>>;
}

export interface ListActorsReplyActors {
  id: string;
  /** when it was started, ISO 8601 */
  at: string;
  protocol: string;
  tenant: string;
  group: string;
  name: string;
  count: number;
  behaviour: string;
  /** of all its clients */
  beats: number;
  /** clients whose last beat was refused */
  problems: number;
  /** over Redis: the node that it runs on */
  node?: string;
}

export interface StartActorReply {
  id: string;
  /** when it was started, ISO 8601 */
  at: string;
  protocol: string;
  tenant: string;
  group: string;
  name: string;
  count: number;
  behaviour: string;
  /** of all its clients */
  beats: number;
  /** clients whose last beat was refused */
  problems: number;
  /** over Redis: the node that it runs on */
  node?: string;
  clients: readonly StartActorReplyClients[];
  /** clients that are missing here: all of them are too many to be read through another node than that of the actor */
  clientsLeftOut?: number;
}

/** a simulated client, with what it knows and did */
export interface StartActorReplyClients {
  name: string;
  beats: number;
  /** requests whose reply was lost */
  lost: number;
  /** why the last beat was refused */
  problem: string | null;
  [name: string]: unknown;
}

export interface ReadStateReplyTenants {
  clock?: {
    /** ms by which it is ahead of the common clock */
    offset?: number;
    frozen?: boolean;
  };
  /** by collection and key */
  documents?: Readonly<Record<string, Readonly<Record<string, ReadStateReplyTenantsDocuments>>>>;
  /** by group and holder */
  leases?: Readonly<Record<string, Readonly<Record<string, ReadStateReplyTenantsLeases>>>>;
  /** by group */
  revisions?: Readonly<Record<string, number>>;
  /** later ones are greater */
  timetoken?: string;
  topics?: Readonly<Record<string, {
      /** time until it ends */
      remaining?: number | string;
      entries: readonly ReadStateReplyTenantsTopicsEntries[];
    }>>;
}

export interface ReadStateReplyTenantsDocuments {
  /** JSON */
  value?: unknown;
  /** text that is not compact JSON */
  text?: string;
  /** time until it ends */
  remaining?: number | string;
  /** default: a new one */
  version?: number;
}

export interface ReadStateReplyTenantsLeases {
  /** default: 60s */
  ttl?: number | string;
  /** time until it ends */
  remaining?: number | string;
  /** fencing token; default: a new one */
  epoch?: number;
  /** JSON */
  data?: unknown;
  /** data that is not compact JSON */
  dataText?: string;
}

export interface ReadStateReplyTenantsTopicsEntries {
  /** default: a new timetoken */
  position?: string;
  /** JSON */
  value?: unknown;
  /** text that is not compact JSON */
  text?: string;
  base64?: string;
}

export interface ListSnapshotsReplySnapshots {
  name: string;
  at: string;
  /** absent: of all tenants */
  tenant?: string;
  tenants: readonly string[];
  /** characters of JSON */
  size: number;
}

export interface ListFaultsReplyFaults {
  id: string;
  match?: MoveClockBodyBeating;
  when?: ListFaultsReplyFaultsWhen;
  do: ListFaultsReplyFaultsDo;
  /** when it was added, ISO 8601 */
  at: string;
  matched: number;
  fired: number;
  /** requests that are held now */
  held: number;
  /** null: fires on every match */
  remaining: number | null;
}

export interface ListFaultsReplyFaultsWhen {
  /** matches to let pass first */
  skip?: number;
  /** how often to fire; default 1 */
  count?: number | 'all';
  /** share of matches to fire on */
  share?: number;
  seed?: number;
  /** a number of ms, or a number with a unit (ms, s, m, h, d) */
  for?: number | string;
  /** the clock of `for`; lease: that of `match.tenant`; default wall */
  clock?: 'wall' | 'lease';
}

export interface ListFaultsReplyFaultsDo {
  delay?: number | string | {
    /** a number of ms, or a number with a unit (ms, s, m, h, d) */
    median: number | string;
    sigma: number;
  };
  /** name of an error of the vendor's table */
  error?: string;
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** text as it is, anything else as JSON */
  body?: unknown;
  /** close the connection without a reply, before or after the request took effect */
  drop?: 'before' | 'after';
  /** reset the connection */
  reset?: true;
  /** share of the body to send before closing */
  truncate?: number;
  dribble?: {
    bytes: number;
    /** a number of ms, or a number with a unit (ms, s, m, h, d) */
    every: number | string;
  };
  /** send bytes that are not HTTP */
  garbage?: true;
  /** text as it is, anything else as JSON */
  answer?: unknown;
  /** hold the request until it is released */
  hold?: true;
  store?: 'away' | 'slow';
  /** do not send a report, and take it for delivered */
  lose?: true;
  /** how often to send a report */
  repeat?: number;
  /** send a report after the next one to the same callback */
  swapWithNext?: true;
}

export interface AddFaultBody {
  id?: string;
  match?: MoveClockBodyBeating;
  when?: ListFaultsReplyFaultsWhen;
  do: ListFaultsReplyFaultsDo;
}

/** A request with its reply */
export interface ReadJournalReplyEntries {
  seq: number;
  /** wall time of receipt, with the body; ISO 8601 */
  at: string;
  /** the tenant's lease clock at receipt; null over Redis, and for requests without a tenant */
  leaseMs: number | null;
  direction: 'in' | 'out';
  state: 'pending' | 'answered' | 'aborted' | 'dropped';
  protocol: string;
  /** the vendor's name of the call */
  operation: string;
  tenant: string | null;
  group: string | null;
  holder: string | null;
  /** address of the client; null for what the server sent */
  client: string | null;
  /** the actor whose request it is, or to which the server sent; null: a real client */
  actor: string | null;
  request: ReadJournalReplyEntriesRequest;
  reply: ReadJournalReplyEntriesReply | null;
  /** time from the head of the request to the reply, so that a body which comes slowly counts */
  ms: number | null;
  /** what the call did, such as {"renewed": true, "held": [0, 1], "assigned": [], "revoked": [2]} */
  meaning: Readonly<Record<string, unknown>> | null;
  /** events of the same tenant and holder while the request was served */
  caused: readonly number[];
  /** the fault rule that fired on it */
  fault: string | null;
  notes: readonly string[];
  /** over Redis: the node that served or sent it */
  node?: string;
}

export interface ReadJournalReplyEntriesRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** decoded where that is possible, else as base64; secrets are masked */
  body: unknown;
  bodyBytes: number;
  bodyEncoding?: 'base64';
}

export interface ReadJournalReplyEntriesReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** decoded where that is possible, else as base64; secrets are masked */
  body: unknown;
  bodyBytes: number;
  bodyEncoding?: 'base64';
}

export interface SplitShardReplyShards {
  shardID: number;
  status: 'readwrite' | 'readonly';
  inclusiveBeginKey: string;
  exclusiveEndKey: string;
  createTime: number;
}

export interface ListCallsReplyCallsCaller {
  type: 'ext';
  number: string;
  channelid?: string;
  /** in the event shape; absent: as the report implies */
  memberstatus?: string;
  /** in the event shape: number of the IVR, queue, ring group or conference that was passed */
  callpath?: string;
}

export interface ListCallsReplyCallsCaller2 {
  type: 'inbound';
  from: string;
  to: string;
  trunk: string;
  /** inboundid or outboundid */
  id?: string;
  channelid?: string;
  /** in the event shape; absent: as the report implies */
  memberstatus?: string;
  /** in the event shape: number of the IVR, queue, ring group or conference that was passed */
  callpath?: string;
}

export interface ListCallsReplyCallsCaller3 {
  type: 'outbound';
  from: string;
  to: string;
  trunk: string;
  /** inboundid or outboundid */
  id?: string;
  channelid?: string;
  /** in the event shape; absent: as the report implies */
  memberstatus?: string;
  /** in the event shape: number of the IVR, queue, ring group or conference that was passed */
  callpath?: string;
}

export interface PlayCallBodySteps {
  step: 'transfer';
  to: string;
  by?: 'caller' | 'callee';
  /** false: as a transfer by the API, of which no report tells */
  reported?: boolean;
}

export interface ReadModelReplyExtensions {
  number: string;
  username?: string;
  type?: 'SIP' | 'FXS';
  status?: 'Unavailable' | 'Registered' | 'Unregistered' | 'Ringing' | 'Busy' | 'Hold' | 'InUse' | 'Malfunction' | 'Idle' | 'Fxsnoport';
  callerid?: string;
  agentid?: string;
}

export interface ReadModelReplyTrunks {
  name: string;
  type?: string;
  status?: string;
  port?: string;
  /** of a SIP trunk */
  host?: string;
}

export interface ListDeliveriesReplyDeliveriesLast {
  /** what the latest attempt came to */
  outcome: string;
  /** wall time, ms since 1970 */
  atMs: number;
  /** that the host of the callback resolved to */
  address?: string;
  /** what would make reports arrive */
  fix?: string;
}

export interface OperationTypes {
  /** Lists live leases, a page at a time, with the state of their groups */
  listLeases: {
    parameters: {
      /** sls, pbx or presence; * stands for any characters */
      protocol?: string;
      /** tenant, such as sls/<project>; * stands for any characters */
      tenant?: string;
      /** logstore and consumer group, API user, or channel; * stands for any characters */
      group?: string;
      /** consumer, token, or uuid; * stands for any characters */
      holder?: string;
      /** conditions by path into `data`, as JSON text such as {"mood":"fine"} */
      body?: string | object;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
      /** deadline: one page of the leases that end first; default: by tenant, group and age */
      order?: 'name' | 'deadline';
    };
    body: undefined;
    reply: {
      leases: readonly {
        protocol: string;
        tenant: string;
        group: string;
        holder: string;
        epoch: number;
        ttlMs: number;
        remainingMs: number;
        /** what the lease carries: a callback, a state, or null */
        data: unknown;
      }[];
      /** `after` of the next page, which may be followed by an empty one; null: this is the last */
      next: string | null;
      /** by deadline: whether all selected leases were compared, of at most 20 000 */
      isComplete?: boolean;
      groups: readonly {
        protocol: string;
        tenant: string;
        group: string;
        /** what the protocol knows of the group: for SLS its shards and checkpoints */
        state: unknown;
      }[];
    };
  };
  /** Ends the selected leases, at most 1 000, as expired or as released */
  endLeases: {
    parameters: {
      /** sls, pbx or presence; * stands for any characters */
      protocol?: string;
      /** tenant, such as sls/<project>; * stands for any characters */
      tenant?: string;
      /** logstore and consumer group, API user, or channel; * stands for any characters */
      group?: string;
      /** consumer, token, or uuid; * stands for any characters */
      holder?: string;
      /** conditions by path into `data`, as JSON text such as {"mood":"fine"} */
      body?: string | object;
      /** expired: as if its time had run out; released: as if its holder had left */
      as?: 'expired' | 'released';
    };
    body: undefined;
    reply: {
      ended: readonly {
        protocol: string;
        tenant: string;
        group: string;
        holder: string;
        epoch: number;
      }[];
      /** whether more leases match than one request ends */
      more: boolean;
    };
  };
  /** Hands a shard over to another consumer: first its owner is told, then the other receives it */
  moveShard: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** sls/<project> */
      tenant: string;
      /** logstore and consumer group: <logstore>/<group> */
      group: string;
      shard: number;
      /** a live consumer of the group */
      to: string;
    };
    reply: {
      /** the explanation, one statement each */
      sentences: readonly string[];
      /** the data that the sentences are made from */
      facts: Readonly<Record<string, unknown>>;
    };
  };
  /** Explains in sentences why a group, a holder or a shard is as it is, with the data behind them */
  why: {
    parameters: {
      /** sls/<project>, pbx/<name> (pbx/default) or presence/<subscribe key> */
      tenant: string;
      /** logstore and consumer group, API user, or channel */
      group?: string;
      /** consumer, token, or uuid */
      holder?: string;
    };
    body: undefined;
    reply: {
      /** the explanation, one statement each */
      sentences: readonly string[];
      /** the data that the sentences are made from */
      facts: Readonly<Record<string, unknown>>;
    };
  };
  /** Tells what is alive and how busy this node is */
  readOverview: {
    parameters: Readonly<Record<never, never>>;
    body: undefined;
    reply: {
      version: string;
      /** the store, without credentials */
      store: string;
      /** the nodes over the store that live, at most 100; one that crashed is listed for at most 15 seconds more */
      nodes: readonly {
        /** host name, process id and a random part */
        id: string;
        /** whether it is the node that replies */
        self: boolean;
      }[];
      /** tenants that hold anything, those with the most leases first, at most 1 000 */
      tenants: readonly {
        protocol: string;
        tenant: string;
        leases: number;
        /** names and contents of all that it holds (MAX_TENANT_BYTES) */
        bytes: number;
      }[];
      /** live leases by protocol */
      leases: Readonly<Record<string, number>>;
      /** counts of this node in each of the last 600 seconds, the oldest first */
      perSecond: {
        requests: readonly number[];
        errors: readonly number[];
        expiries: readonly number[];
      };
      /** of the last 1 000 expiries that this node recorded; null: none yet */
      latenessP99Ms: number | null;
    };
  };
  /** Lists the effective settings, and where each came from */
  readSettings: {
    parameters: Readonly<Record<never, never>>;
    body: undefined;
    reply: {
      settings: readonly {
        /** the environment variable */
        name: string;
        flag: string;
        /** *** for a secret that is set */
        value: string;
        /** flag, environment, file, code or default */
        source: string;
        help: string;
        section: string;
      }[];
    };
  };
  /** Reads the clock of a tenant, or that of all and those that tenants have of their own */
  readClock: {
    parameters: {
      tenant?: string;
    };
    body: undefined;
    reply: ReadClockReply;
  };
  /** Advances, freezes or thaws the clock of a tenant or of all, step by step, and tells what expired */
  moveClock: {
    parameters: Readonly<Record<never, never>>;
    body?: {
      /** moves the clock of this tenant alone */
      tenant?: string;
      /** moves the clock of each tenant that this protocol has now */
      protocol?: string;
      /** a number of ms, or a number with a unit (ms, s, m, h, d) */
      advance?: number | string;
      /** the same as advance, as a number of ms */
      advanceMs?: number;
      advanceTo?: string | number;
      /** over this many deadlines of leases */
      toNext?: number;
      freeze?: boolean;
      /** holders that beat at a third of their TTL meanwhile */
      beating?: readonly MoveClockBodyBeating[];
      until?: MoveClockBodyBeating;
      /** tells what would expire, and changes nothing */
      dryRun?: boolean;
    };
    reply: {
      clock: ReadClockReplyTenants;
      /** leases that expired, in the order of their deadlines */
      fired: readonly {
        /** the deadline, on the lease clock of the tenant */
        leaseMs: number;
        /** wall time at which it was recorded */
        at: string;
        /** the deadline as clients of the tenant see it */
        date: string;
        type: string;
        protocol: string;
        tenant: string;
        group: string;
        holder: string;
        epoch: number;
      }[];
      /** by how much the clock was advanced; less than asked if something ended it */
      advancedMs: number;
      /** everything reacted before the reply; false: an application did not answer in time, or there were too many steps */
      settled: boolean;
    };
  };
  /** Thaws the clock of a tenant and drops its offset; without a tenant, of all */
  followClock: {
    parameters: {
      tenant?: string;
    };
    body: undefined;
    reply: {
      clock: ReadClockReply;
    };
  };
  /** Lists actors, over Redis those of all nodes: clients that the server simulates */
  listActors: {
    parameters: {
      tenant?: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
      /** which comes first */
      order?: 'oldest' | 'newest';
    };
    body: undefined;
    reply: {
      actors: readonly ListActorsReplyActors[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
      /** nodes over the same Redis that did not answer: their actors are missing */
      unseenNodes: readonly string[];
    };
  };
  /** Starts a simulated client, or many, and returns after their first beats */
  startActor: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** default: actor-1, actor-2 and so on; over Redis with a part for the node */
      id?: string;
      /** default: that of the tenant */
      protocol?: string;
      /** tenant, such as sls/<project> */
      tenant: string;
      /** <logstore>/<consumer group>, API user, or channels with commas between them */
      group?: string;
      /** consumer or uuid; of a PBX application a label; default: the id */
      name?: string;
      /** clients; with count, their names are <name>-1, <name>-2 and so on */
      count?: number;
      /** default: the protocol's first */
      behaviour?: string;
      /** interval between beats on the lease clock; default: a third of the TTL */
      every?: number | string;
      /** seconds without a beat until the lease ends; SLS: of a consumer group that the actor creates, 60 by default */
      timeout?: number;
      /** SLS: where a shard without a checkpoint is read from; default: begin */
      from?: 'begin' | 'end';
      /** SLS: whether logs are read and checkpoints saved; default: true */
      reads?: boolean;
      /** SLS, slow: beats that still report a revoked shard; default: 3 */
      keepBeats?: number;
      /** SLS, slow: how long revoked shards are still reported, instead of keepBeats */
      keepSeconds?: number;
      /** PBX: version prefix of its calls; default: v1.1.0 */
      apiVersion?: string;
      /** Presence: state in every channel; a change of it is announced at once */
      state?: Readonly<Record<string, unknown>>;
    };
    reply: StartActorReply;
  };
  /** Ends the actors of a tenant, or all */
  endActors: {
    parameters: {
      tenant?: string;
      /** left: its clients say goodbye as real ones do; crashed: they fall silent */
      as?: 'left' | 'crashed';
    };
    body: undefined;
    reply: {
      count: number;
      /** nodes over the same Redis that did not answer: their actors are missing */
      unseenNodes: readonly string[];
    };
  };
  /** Returns an actor with what its clients hold, received and did */
  readActor: {
    parameters: {
      id: string | number;
    };
    body: undefined;
    reply: StartActorReply;
  };
  /** Switches an actor to another behaviour */
  changeActor: {
    parameters: {
      id: string | number;
    };
    body?: {
      /** default: the protocol's first */
      behaviour?: string;
      /** interval between beats on the lease clock; default: a third of the TTL */
      every?: number | string;
      /** seconds without a beat until the lease ends; SLS: of a consumer group that the actor creates, 60 by default */
      timeout?: number;
      /** SLS: where a shard without a checkpoint is read from; default: begin */
      from?: 'begin' | 'end';
      /** SLS: whether logs are read and checkpoints saved; default: true */
      reads?: boolean;
      /** SLS, slow: beats that still report a revoked shard; default: 3 */
      keepBeats?: number;
      /** SLS, slow: how long revoked shards are still reported, instead of keepBeats */
      keepSeconds?: number;
      /** PBX: version prefix of its calls; default: v1.1.0 */
      apiVersion?: string;
      /** Presence: state in every channel; a change of it is announced at once */
      state?: Readonly<Record<string, unknown>>;
    };
    reply: StartActorReply;
  };
  /** Ends an actor: its clients leave, or crash */
  endActor: {
    parameters: {
      /** left: its clients say goodbye as real ones do; crashed: they fall silent */
      as?: 'left' | 'crashed';
      id: string | number;
    };
    body: undefined;
    reply: ListActorsReplyActors;
  };
  /** Brings a tenant, or all, back to the seed or to nothing: leases, documents, topics, clock, faults, journal, actors, held polls */
  reset: {
    parameters: Readonly<Record<never, never>>;
    body?: {
      tenant?: string;
      /** default: the seed, if the server was given one, or faults */
      to?: 'seed' | 'empty';
    };
    reply: {
      /** tenants that were removed or set to the seed */
      tenants: readonly string[];
      to: 'seed' | 'empty';
      /** what is gone: of the store, rules of faults, entries of the journal, and actors */
      removed: {
        leases: number;
        documents: number;
        topics: number;
        faults: number;
        requests: number;
        actors: number;
      };
    };
  };
  /** Returns all that a tenant holds, or all tenants, as JSON with sorted keys */
  readState: {
    parameters: {
      tenant?: string;
    };
    body: undefined;
    reply: {
      tenants: Readonly<Record<string, ReadStateReplyTenants>>;
    };
  };
  /** Replaces all that a tenant holds, or all tenants, without events; each tenant in one step */
  replaceState: {
    parameters: {
      tenant?: string;
    };
    body: {
      tenants: Readonly<Record<string, ReadStateReplyTenants>>;
    };
    reply: {
      tenants: readonly string[];
    };
  };
  /** Lists the snapshots of this process */
  listSnapshots: {
    parameters: {
      limit?: number;
      /** `next` of the previous page */
      after?: string;
    };
    body: undefined;
    reply: {
      snapshots: readonly ListSnapshotsReplySnapshots[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Keeps the state of a tenant, or of all, under a name */
  takeSnapshot: {
    parameters: {
      tenant?: string;
      name: string | number;
    };
    body: undefined;
    reply: ListSnapshotsReplySnapshots;
  };
  /** Removes a snapshot */
  removeSnapshot: {
    parameters: {
      name: string | number;
    };
    body: undefined;
    reply: {
      name: string;
    };
  };
  /** Replaces the tenant of a snapshot, or all tenants, without events */
  restoreSnapshot: {
    parameters: {
      name: string | number;
    };
    body: undefined;
    reply: ListSnapshotsReplySnapshots;
  };
  /** Lists the fault rules in the order in which they match */
  listFaults: {
    parameters: {
      limit?: number;
      /** `next` of the previous page */
      after?: string;
      /** which comes first */
      order?: 'oldest' | 'newest';
    };
    body: undefined;
    reply: {
      faults: readonly ListFaultsReplyFaults[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Adds a fault rule, which fires once unless it says otherwise */
  addFault: {
    parameters: Readonly<Record<never, never>>;
    body: AddFaultBody;
    reply: ListFaultsReplyFaults;
  };
  /** Replaces all fault rules */
  replaceFaults: {
    parameters: Readonly<Record<never, never>>;
    body: readonly AddFaultBody[];
    reply: {
      faults: readonly ListFaultsReplyFaults[];
    };
  };
  /** Removes all fault rules */
  removeFaults: {
    parameters: Readonly<Record<never, never>>;
    body: undefined;
    reply: {
      faults: readonly ListFaultsReplyFaults[];
    };
  };
  /** Returns a fault rule */
  readFault: {
    parameters: {
      id: string | number;
    };
    body: undefined;
    reply: ListFaultsReplyFaults;
  };
  /** Changes members of a fault rule, and counts anew */
  changeFault: {
    parameters: {
      id: string | number;
    };
    body?: {
      match?: MoveClockBodyBeating;
      when?: ListFaultsReplyFaultsWhen;
      do?: ListFaultsReplyFaultsDo;
    };
    reply: ListFaultsReplyFaults;
  };
  /** Removes a fault rule */
  removeFault: {
    parameters: {
      id: string | number;
    };
    body: undefined;
    reply: ListFaultsReplyFaults;
  };
  /** Lets the requests go that a fault rule holds */
  releaseFault: {
    parameters: {
      id: string | number;
    };
    body: undefined;
    reply: {
      count: number;
    };
  };
  /** Streams what happens, over Redis on all nodes: leases, requests, faults, the clock; resumes with Last-Event-ID or `since` */
  streamEvents: {
    parameters: {
      /** type of an event, such as lease.expired */
      type?: string;
      /** sls, pbx or presence */
      protocol?: string;
      /** tenant, such as sls/<project> */
      tenant?: string;
      /** group: logstore and consumer group, API user, or channel */
      group?: string;
      /** holder: consumer, token, or uuid */
      holder?: string;
      /** the vendor's name of the call */
      operation?: string;
      /** status of the reply */
      status?: number;
      body?: string | object;
      /** sequence number after which events are sent; default: the newest */
      since?: number;
    };
    body: undefined;
    reply: string;
  };
  /** Lists vendor requests with their replies, in the order of receipt */
  readJournal: {
    parameters: {
      /** sls, pbx or presence */
      protocol?: string;
      /** tenant, such as sls/<project> */
      tenant?: string;
      /** group: logstore and consumer group, API user, or channel */
      group?: string;
      /** holder: consumer, token, or uuid */
      holder?: string;
      /** the vendor's name of the call */
      operation?: string;
      /** type of an event, such as lease.expired */
      type?: string;
      /** status of the reply */
      status?: number;
      direction?: 'in' | 'out';
      /** whether a reply was sent */
      answered?: boolean;
      body?: string | object;
      after?: number | string;
      limit?: number;
      order?: 'oldest' | 'newest';
      format?: 'json' | 'ndjson' | 'har' | 'curl';
    };
    body: undefined;
    reply: {
      entries: readonly ReadJournalReplyEntries[];
      /** where the next page begins; over Redis text, and with order=newest just before this page */
      cursor: number | string;
      /** whether entries after the cursor asked for were already dropped */
      gap: boolean;
      /** nodes over the same Redis that did not answer, or keep no journal: their entries are missing */
      unseenNodes: readonly string[];
    } | Readonly<Record<string, unknown>> | string;
  };
  /** Removes the selected requests from the journal; without a selector, all */
  clearJournal: {
    parameters: {
      /** sls, pbx or presence */
      protocol?: string;
      /** tenant, such as sls/<project> */
      tenant?: string;
      /** group: logstore and consumer group, API user, or channel */
      group?: string;
      /** holder: consumer, token, or uuid */
      holder?: string;
      /** the vendor's name of the call */
      operation?: string;
      /** type of an event, such as lease.expired */
      type?: string;
      /** status of the reply */
      status?: number;
      direction?: 'in' | 'out';
      /** whether a reply was sent */
      answered?: boolean;
      body?: string | object;
    };
    body: undefined;
    reply: {
      removed: number;
      /** nodes over the same Redis that did not answer, or keep no journal: their entries are missing */
      unseenNodes: readonly string[];
    };
  };
  /** Returns one vendor request with its reply */
  readJournalEntry: {
    parameters: {
      /** `node` of the entry */
      node?: string;
      seq: string | number;
    };
    body: undefined;
    reply: ReadJournalReplyEntries;
  };
  /** Waits until requests or events came, or did not come, as expected */
  verify: {
    parameters: Readonly<Record<never, never>>;
    body?: {
      match?: MoveClockBodyBeating;
      /** selectors that must match in this order */
      sequence?: readonly MoveClockBodyBeating[];
      times?: {
        atLeast?: number;
        atMost?: number;
        exactly?: number;
      };
      after?: number | string;
      /** a number of ms, or a number with a unit (ms, s, m, h, d) */
      within?: number | string;
      /** a number of ms, or a number with a unit (ms, s, m, h, d) */
      neverFor?: number | string;
      of?: 'journal' | 'events';
    };
    reply: {
      satisfied: boolean;
      count: number;
      /** false: entries that may have counted were already dropped, or are those of nodes that were not seen */
      complete: boolean;
      /** nodes over the same Redis whose requests were not looked at: they did not answer, keep no journal, or are gone */
      unseenNodes: readonly string[];
      entries: readonly (Readonly<Record<string, unknown>>)[];
      /** the entries that differ least */
      closest: readonly {
        seq: number;
        differs: readonly {
          path: string;
          expected: unknown;
          actual: unknown;
        }[];
        /** over Redis: the node that has the entry */
        node?: string;
      }[];
      /** for `after` of a later verification; over Redis, of requests, text */
      cursor: number | string;
      waitedMs: number;
      /** what was expected and what was found, for an assertion */
      message: string;
    };
  };
  /** The operator routes */
  listRoutes: {
    parameters: Readonly<Record<never, never>>;
    body: undefined;
    reply: {
      version: string;
      /** port of vendor clients; null: the same as of the operator API */
      vendorPort: number | null;
      routes: readonly {
        method: string;
        path: string;
        summary: string;
      }[];
    };
  };
  /** Returns the logs of a logstore, decoded */
  readLogs: {
    parameters: {
      /** project */
      project: string;
      /** logstore */
      logstore: string;
      /** default: all shards */
      shard?: number;
      /** received then or later, seconds since 1970 */
      from?: number;
      /** received before, seconds since 1970 */
      to?: number;
      limit?: number;
      /** ndjson: one log a line; also chosen by Accept: application/x-ndjson */
      format?: 'json' | 'ndjson';
    };
    body: undefined;
    reply: {
      /** shard by shard, each in the order of its cursors */
      logs: readonly {
        shard: number;
        /** of its log group */
        cursor: string;
        /** when the server received it, seconds since 1970 */
        receivedAt: number;
        topic: string;
        source: string;
        tags: Readonly<Record<string, string>>;
        /** as the client wrote it, seconds since 1970 */
        time: number;
        timeNs?: number;
        contents: Readonly<Record<string, string>>;
      }[];
      /** false: the limit, or that of the size of a reply, left some out */
      isComplete: boolean;
    };
  };
  /** Writes logs to a logstore, as one log group */
  writeLogs: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** project */
      project: string;
      /** logstore */
      logstore: string;
      /** default: the writable shards in turn */
      shard?: number;
      topic?: string;
      source?: string;
      tags?: Readonly<Record<string, string>>;
      /** written as one log group, in this order */
      logs: readonly {
        /** seconds since 1970; default: now */
        time?: number;
        contents: Readonly<Record<string, string>>;
      }[];
    };
    reply: {
      /** where the log group was appended */
      shard: number;
      /** of the log group */
      cursor: string;
      logs: number;
    };
  };
  /** Lists the shards of a logstore with their parents, and the lag of a consumer group */
  listShards: {
    parameters: {
      /** project */
      project: string;
      /** logstore */
      logstore: string;
      /** consumer group whose lag is wanted */
      group?: string;
    };
    body: undefined;
    reply: {
      shards: readonly ({
        shardID: number;
        status: 'readwrite' | 'readonly';
        inclusiveBeginKey: string;
        exclusiveEndKey: string;
        createTime: number;
        /** what it was split or merged from */
        parents: readonly number[];
        /** cursor of the oldest stored log group */
        begin: string;
        /** cursor behind the newest log group */
        end: string;
        /** stored log groups */
        entries: number;
        lag?: {
          /** null: none was saved */
          checkpoint: string | null;
          /** microseconds since 1970 */
          updateTime: number | null;
          /** log groups between the checkpoint and the end of the shard, all of them without a checkpoint; null: the checkpoint is no cursor of this shard */
          entries: number | null;
          /** since the first of them was received; 0 if there is none */
          seconds: number | null;
        };
      })[];
    };
  };
  /** Splits a shard; it becomes read-only, and its parts are its children */
  splitShard: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** project */
      project: string;
      /** logstore */
      logstore: string;
      shard: number;
      /** even parts */
      parts?: number;
      /** in place of parts: the hash key at which the second part begins; zeros at the end may be left out */
      key?: string;
    };
    reply: {
      /** the new shards, and those that became read-only */
      shards: readonly SplitShardReplyShards[];
    };
  };
  /** Merges a shard with its neighbour to the right; both become read-only */
  mergeShards: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** project */
      project: string;
      /** logstore */
      logstore: string;
      shard: number;
    };
    reply: {
      /** the new shards, and those that became read-only */
      shards: readonly SplitShardReplyShards[];
    };
  };
  /** Sets checkpoints of a consumer group; a consumer reads them when it receives the shard, not before */
  setCheckpoints: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** project */
      project: string;
      /** logstore */
      logstore: string;
      /** consumer group */
      group: string;
      /** default: every shard */
      shard?: number;
      /** begin, end, or a time: the first log group received then or later; seconds since 1970, or ISO 8601 */
      to: string | number;
    };
    reply: {
      checkpoints: readonly {
        shard: number;
        checkpoint: string;
      }[];
    };
  };
  /** Sends a report, or several in order, to all live applications */
  sendEvents: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
    };
    body: unknown;
    reply: {
      /** reports */
      queued: number;
    };
  };
  /** Lists the open calls by `callid` */
  listCalls: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
    };
    body: undefined;
    reply: {
      calls: readonly ({
        callid: string;
        type: 'Internal' | 'Inbound' | 'Outbound' | 'Callback';
        caller: ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3;
        callee: ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3 | {
          type: 'service';
          kind: 'ivr' | 'queue' | 'ringGroup' | 'conference' | 'voicemail';
          number: string;
        };
        phase: 'new' | 'invited' | 'ringing' | 'service' | 'answered' | 'held' | 'consulting';
        /** wall time, ms since 1970 */
        startedMs: number;
        ringSeconds: number;
        talkSeconds: number;
        recording: boolean;
        dialledBy?: 'api' | 'phone';
        control?: boolean;
        startedBy?: 'api' | 'operator';
        heldBy?: 'caller' | 'callee';
        callpath?: string;
        isQueued?: boolean;
        consultation?: {
          callid: string;
          by: 'caller' | 'callee';
          target: ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3;
          talksTo: 'target' | 'other';
        };
        third?: ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3;
        transferred: boolean;
        keys: string;
      })[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Plays a call; without steps it rings, is answered and ends */
  playCall: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
    };
    body: {
      from: string;
      to: string;
      /** of an inbound or outbound call; absent: the first one */
      trunk?: string;
      ringSeconds?: number;
      talkSeconds?: number;
      /** who dials an internal or outbound call: v1 reports RING and ALERT only for "api", which is the default */
      dialledBy?: 'api' | 'phone';
      /** whether applications decide on an inbound call: an Invite comes before it, and Incoming when it arrives */
      control?: boolean;
      /** whether the call record names a recording */
      recording?: boolean;
      steps?: readonly ({
        step: 'dial';
      } | {
        step: 'invite';
      } | {
        step: 'ring';
        to?: string;
      } | {
        step: 'answer';
      } | {
        step: 'ivr';
        number?: string;
      } | {
        step: 'queue';
        number?: string;
      } | {
        step: 'ringGroup';
        number?: string;
      } | {
        step: 'conference';
        number?: string;
      } | {
        step: 'voicemail';
      } | {
        step: 'prompt';
        prompt?: string;
      } | {
        step: 'dtmf';
        key: string;
      } | {
        step: 'survey';
        result: string;
      } | {
        step: 'hold';
        by?: 'caller' | 'callee';
      } | {
        step: 'resume';
      } | {
        step: 'forward';
        to: string;
      } | PlayCallBodySteps | {
        step: 'consult';
        to: string;
        by?: 'caller' | 'callee';
      } | {
        step: 'consultation';
        operate: 'abort' | 'complete' | 'threeway' | 'swap';
      } | {
        step: 'hangup';
        by?: 'caller' | 'callee';
      } | {
        step: 'fail';
        /** "486 Busy Here", "480 Temporarily unavailable", "DND"; default: busy */
        reason?: string;
      } | string)[];
    };
    reply: {
      callid: string;
      open: boolean;
      /** reports of these steps */
      reports: number;
    };
  };
  /** Plays further steps of an open call */
  stepCall: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      callid: string | number;
    };
    body: {
      steps: readonly ({
        step: 'dial';
      } | {
        step: 'invite';
      } | {
        step: 'ring';
        to?: string;
      } | {
        step: 'answer';
      } | {
        step: 'ivr';
        number?: string;
      } | {
        step: 'queue';
        number?: string;
      } | {
        step: 'ringGroup';
        number?: string;
      } | {
        step: 'conference';
        number?: string;
      } | {
        step: 'voicemail';
      } | {
        step: 'prompt';
        prompt?: string;
      } | {
        step: 'dtmf';
        key: string;
      } | {
        step: 'survey';
        result: string;
      } | {
        step: 'hold';
        by?: 'caller' | 'callee';
      } | {
        step: 'resume';
      } | {
        step: 'forward';
        to: string;
      } | PlayCallBodySteps | {
        step: 'consult';
        to: string;
        by?: 'caller' | 'callee';
      } | {
        step: 'consultation';
        operate: 'abort' | 'complete' | 'threeway' | 'swap';
      } | {
        step: 'hangup';
        by?: 'caller' | 'callee';
      } | {
        step: 'fail';
        /** "486 Busy Here", "480 Temporarily unavailable", "DND"; default: busy */
        reason?: string;
      } | string)[];
    };
    reply: {
      callid: string;
      open: boolean;
      /** reports of these steps */
      reports: number;
    };
  };
  /** Returns the device, extensions and trunks */
  readModel: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
    };
    body: undefined;
    reply: {
      device: {
        devicename: string;
        sn: string;
        hardwarever: string;
        firmwarever: string;
      };
      extensions: readonly ReadModelReplyExtensions[];
      trunks: readonly ReadModelReplyTrunks[];
      ivrs?: readonly {
        number: string;
        name?: string;
      }[];
      queues?: readonly {
        number: string;
        name?: string;
        agents?: readonly string[];
        /** agents who get no calls */
        paused?: readonly string[];
      }[];
      ringGroups?: readonly {
        number: string;
        name?: string;
        members?: readonly string[];
      }[];
      conferences?: readonly {
        number: string;
        name?: string;
      }[];
      inboundRoutes?: readonly {
        name: string;
        did?: string;
        callerid?: string;
        trunks?: readonly string[];
        /** "extension", "ivr", "queue", "hangup", … */
        desttype: string;
        dest?: string;
      }[];
      /** by called number; absent: answer */
      answering?: Readonly<Record<string, 'answer' | 'busy' | 'noAnswer' | 'unreachable' | 'ring'>>;
    };
  };
  /** Adds or changes an extension and reports it */
  putExtension: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      number: string | number;
    };
    body?: {
      username?: string;
      type?: 'SIP' | 'FXS';
      status?: 'Unavailable' | 'Registered' | 'Unregistered' | 'Ringing' | 'Busy' | 'Hold' | 'InUse' | 'Malfunction' | 'Idle' | 'Fxsnoport';
      callerid?: string;
      agentid?: string;
    };
    reply: ReadModelReplyExtensions;
  };
  /** Deletes an extension and reports it */
  removeExtension: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      number: string | number;
    };
    body: undefined;
    reply: {
      /** reports */
      queued: number;
    };
  };
  /** Adds or changes a trunk and reports it */
  putTrunk: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      name: string | number;
    };
    body?: {
      type?: string;
      status?: string;
      port?: string;
      /** of a SIP trunk */
      host?: string;
    };
    reply: ReadModelReplyTrunks;
  };
  /** Deletes a trunk and reports it */
  removeTrunk: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      name: string | number;
    };
    body: undefined;
    reply: {
      /** reports */
      queued: number;
    };
  };
  /** Says what a number does when the API dials it */
  setAnswering: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      number: string | number;
    };
    body: {
      /** what a called number does; "ring": it rings until a step or another call of the API ends that */
      does: 'answer' | 'busy' | 'noAnswer' | 'unreachable' | 'ring';
    };
    reply: {
      number: string;
      /** what a called number does; "ring": it rings until a step or another call of the API ends that */
      does: 'answer' | 'busy' | 'noAnswer' | 'unreachable' | 'ring';
    };
  };
  /** Lists the callbacks of live tokens by user and URL, and the reports that wait for them */
  listDeliveries: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
    };
    body: undefined;
    reply: {
      deliveries: readonly {
        user: string;
        tokens: readonly string[];
        /** where reports go */
        url: string;
        /** the callback as the application sent it */
        requested: {
          ipaddr: string;
          port: number;
          url: string;
          urltag: string;
        };
        version: string;
        /** whether reports may be sent there */
        allowed: boolean;
        /** the rule that refuses it */
        rule?: string;
        /** reports that were not delivered yet */
        waiting: number;
        /** reports that the application did not accept, and that are sent again */
        retrying: number;
        /** at the next report */
        attempts: number;
        last?: ListDeliveriesReplyDeliveriesLast;
        /** pause before the next attempt, ms of the lease clock */
        nextInMs?: number;
        /** how delivery stands, in words */
        state: string;
        /** what would make reports arrive */
        fix?: string;
      }[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Lists refused callbacks and problems of deliveries, the newest first */
  listDiagnostics: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
      /** which comes first */
      order?: 'oldest' | 'newest';
    };
    body: undefined;
    reply: {
      diagnostics: readonly {
        /** wall time, ms since 1970 */
        atMs: number;
        message: string;
        user?: string;
        url?: string;
        detail?: string;
      }[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Sends one report to the callback of a token at once, and returns what became of it */
  sendTestReport: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
    };
    body: {
      token: string;
      /** a report; absent: BootUp */
      report?: unknown;
    };
    reply: {
      /** where the report was sent */
      url: string;
      /** the report in the shape of the application */
      body: string;
      delivered: boolean;
      attempt: ListDeliveriesReplyDeliveriesLast;
      /** the first KiB of the body of the reply */
      reply?: string;
    };
  };
  /** Lists reports with what became of them at each application, and their latest attempts */
  listReports: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      user?: string;
      /** of the report, or of one of its attempts */
      token?: string;
      state?: 'waiting' | 'retrying' | 'delivered' | 'dead' | 'dropped';
      limit?: number;
      /** `next` of the previous page */
      after?: string;
      /** which report comes first; default: the newest */
      order?: 'oldest' | 'newest';
    };
    body: undefined;
    reply: {
      reports: readonly ({
        /** sorts in the order in which the reports happened */
        id: string;
        /** waiting: in the queue of its application; retrying: declined, and sent again beside the queue; dropped: its token ended first, or too many waited */
        state: 'waiting' | 'retrying' | 'delivered' | 'dead' | 'dropped';
        tenant: string;
        user: string;
        /** of the latest attempt; before the first: the newest of the application */
        token: string;
        url: string;
        /** name of the report */
        report: string;
        /** place in the order of all reports */
        position: number;
        /** wall time at which it happened, ISO 8601 */
        at: string;
        /** JSON in the shape of the application */
        body: string;
        /** the latest ones, oldest first */
        attempts: readonly {
          /** wall time of its end, ISO 8601 */
          at: string;
          /** live when the attempt was made */
          token: string;
          url: string;
          /** that the host of the URL resolved to */
          address?: string;
          /** such as "status 500" or "unreachable: ECONNREFUSED" */
          outcome: string;
          /** delivered; declined: this report is sent again beside the others; troubled or unreached: all reports of the application wait */
          verdict: string;
          /** HTTP status of the reply */
          status?: number;
          /** the beginning of the body of the reply */
          reply?: string;
        }[];
        /** pause before the next attempt, ms of the lease clock; 0: at once */
        nextInMs?: number;
      })[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Delivers a report again, to its application or to another one of its user */
  replayReport: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      id: string | number;
    };
    body: undefined;
    reply: {
      replayed: string;
    };
  };
  /** Lists the reports whose attempts are used up, in the order in which they happened */
  listDeadLetters: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
      /** which comes first */
      order?: 'oldest' | 'newest';
    };
    body: undefined;
    reply: {
      deadLetters: readonly ({
        key: string;
        user: string;
        token: string;
        /** where it was sent */
        url: string;
        /** place in the order of all reports */
        position: number;
        report: {
          report: 'BootUp';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'ConfigChange';
          type: 'trunk' | 'extension';
          name: string;
          operation: 'add' | 'del' | 'update';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'ExtensionStatus';
          extension: string;
          status: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'TrunkStatus';
          trunkname: string;
          status: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'SmsSend';
          status: string;
          smsid: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'UaCstaCall';
          operation: string;
          extnumber: string;
          cstacallid: string;
          ipaddress: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'Raw';
          body: Readonly<Record<string, unknown>>;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'RING';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** BYE: the member that is written first */
          hungUpBy?: 'caller' | 'callee';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'ALERT';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** BYE: the member that is written first */
          hungUpBy?: 'caller' | 'callee';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'ANSWER';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** BYE: the member that is written first */
          hungUpBy?: 'caller' | 'callee';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'ANSWERED';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** BYE: the member that is written first */
          hungUpBy?: 'caller' | 'callee';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'HOLD';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** BYE: the member that is written first */
          hungUpBy?: 'caller' | 'callee';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'BYE';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** BYE: the member that is written first */
          hungUpBy?: 'caller' | 'callee';
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'Transfer';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'Forward';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'CallFailed';
          /** as v1.1.0 spells it; the event shape has its own spelling of known reasons */
          reason: string;
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'Invite';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'Incoming';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'DTMF';
          callid: string;
          /** the caller first */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          info: string;
          infos?: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'PlayPromptEnd';
          callid: string;
          /** to which it was played; else `members` */
          extension?: string;
          /** the caller first */
          members?: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** file name; else `ivr` */
          prompt?: string;
          /** number of the IVR whose prompt it was */
          ivr?: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'ConferenceStatus';
          callid: string;
          number: string;
          name: string;
          /** who takes part now */
          members: readonly (ListCallsReplyCallsCaller | ListCallsReplyCallsCaller2 | ListCallsReplyCallsCaller3)[];
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'Satisfaction';
          callid: string;
          surveyresult: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        } | {
          report: 'NewCdr';
          callid: string;
          timestart: string;
          callfrom: string;
          callto: string;
          srctrunkname?: string;
          dsttrunkname?: string;
          callduration: string;
          talkduration: string;
          pincode?: string;
          status: string;
          type: string;
          recording?: string;
          didnumber?: string;
          agentringtime?: string;
          /** shapes whose applications receive the report; absent: all */
          shapes?: readonly ('legacy' | 'callList' | 'event' | 'openvox')[];
        };
        /** of the PBX */
        serial: string;
        /** wall time, ms since 1970 */
        reportedAtMs: number;
        attempts: number;
        /** what the last attempt came to */
        reason: string;
        /** wall time, ms since 1970 */
        deadAtMs: number;
      })[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Delivers dead letters again, to live tokens of their users; without keys all of them */
  replayDeadLetters: {
    parameters: {
      /** which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default */
      tenant?: string;
    };
    body?: {
      keys?: readonly string[];
    };
    reply: {
      replayed: readonly string[];
    };
  };
  /** Lists the addresses that failed to log in recently, and whether they are locked */
  listLoginFailures: {
    parameters: {
      limit?: number;
      /** `next` of the previous page */
      after?: string;
    };
    body: undefined;
    reply: {
      loginFailures: readonly {
        address: string;
        failures: number;
        locked: boolean;
      }[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Resets the failures of an address, which unlocks it */
  removeLoginFailures: {
    parameters: {
      address: string | number;
    };
    body: undefined;
    reply: unknown;
  };
  /** Lists the subscribes that this node holds, the longest held first */
  listPolls: {
    parameters: {
      /** presence/<subscribe key> */
      tenant?: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
    };
    body: undefined;
    reply: {
      /** on all pages */
      held: number;
      polls: readonly {
        tenant: string;
        /** empty: the subscribe names none */
        uuid: string;
        /** names and patterns that messages are received of */
        channels: readonly string[];
        groups: readonly string[];
        /** channels and groups whose events are received */
        presenceOf: readonly string[];
        /** time since the request */
        heldMs: number;
      }[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Lists the channel groups of a subscribe key with their channels */
  listChannelGroups: {
    parameters: {
      /** presence/<subscribe key> */
      tenant: string;
      limit?: number;
      /** `next` of the previous page */
      after?: string;
    };
    body: undefined;
    reply: {
      groups: readonly {
        group: string;
        channels: readonly string[];
      }[];
      /** `after` of the next page; null: this is the last */
      next: string | null;
    };
  };
  /** Sets the state of a uuid in channels, as SetState does */
  setState: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** presence/<subscribe key> */
      tenant: string;
      uuid: string;
      channels: readonly string[];
      state: Readonly<Record<string, unknown>>;
    };
    reply: {
      channels: readonly string[];
    };
  };
  /** Publishes a message on a channel */
  publishMessage: {
    parameters: Readonly<Record<never, never>>;
    body: {
      /** presence/<subscribe key> */
      tenant: string;
      channel: string;
      /** any JSON */
      message: unknown;
      /** publisher */
      uuid?: string;
      /** send it as a signal; default: a message */
      signal?: boolean;
    };
    reply: {
      timetoken: string;
    };
  };
  /** Decodes an access token, and checks its signature with the secret key of a subscribe key */
  decodeToken: {
    parameters: Readonly<Record<never, never>>;
    body: {
      token: string;
      /** presence/<subscribe key> */
      tenant?: string;
    };
    reply: {
      /** the only uuid that may use it; null: any */
      uuid: string | null;
      issuedAt: string;
      expiresAt: string;
      ttlMinutes: number;
      /** by the clock of the subscribe key; null: no `tenant` was given */
      isExpired: boolean | null;
      /** names or patterns with what is allowed on each, by kind: chan, grp, uuid, spc, usr */
      resources: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
      /** names or patterns with what is allowed on each, by kind: chan, grp, uuid, spc, usr */
      patterns: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
      meta: unknown;
      /** by the secret key of the subscribe key; unchecked: no `tenant` was given */
      signature: 'valid' | 'invalid' | 'unchecked';
    };
  };
}
