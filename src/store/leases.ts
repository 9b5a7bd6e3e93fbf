/** Leases: what is stored of them, and what the commands that change and read them take and return. */

/**
 * The unit of atomicity and of placement, written `<space>/<name>`, where each protocol has a space of its own. All data
 * of a tenant is in one partition and changes in one atomic step.
 */
export type Tenant = string;

/** A lease that is live now. */
export interface Lease {
  readonly group: string;
  readonly holder: string;
  /** Fencing token: greater than that of every earlier lease of this tenant. */
  readonly epoch: number;
  readonly ttlMs: number;
  readonly remainingMs: number;
  readonly data: string | null;
}

/** One change of a group's membership. Event topics hold it as JSON, where the group is watched. */
export interface LeaseEvent {
  readonly type: 'granted' | 'released' | 'expired' | 'changed';
  readonly group: string;
  readonly holder: string;
  readonly epoch: number;
  /** The group's revision after this event. */
  readonly revision: number;
  /** Number of members after this event: replaying a group's events yields this number at every event. */
  readonly count: number;
  /** The tenant's date, ms since 1970. */
  readonly atMs: number;
  /** How long after its deadline an expiry was recorded, ms; 0 for every other type. */
  readonly lateMs: number;
  /** The lease's data after a grant or a change, or at its end. */
  readonly data: string | null;
}

/** An event, and the tenant that it belongs to. */
export interface TenantEvent extends LeaseEvent {
  readonly tenant: Tenant;
}

/** A condition of a beat or a commit: a document has this version; 0: it does not exist. */
export interface Guard {
  readonly collection: string;
  readonly key: string;
  readonly version: number;
}

export interface Beat {
  readonly tenant: Tenant;
  readonly holder: string;
  /** Absent: every group in which the holder is live; then nothing is granted. */
  readonly groups?: readonly BeatGroup[];
  /** Absent: the lease keeps its TTL, and a new one gets `defaultTtlMs`. */
  readonly ttlMs?: number | undefined;
  readonly defaultTtlMs?: number;
  /**
   * False: only live leases are renewed; a dead or unknown one is reported as `absent`. A beat that would grant its holder more than
   * `maxGroupsPerHolder` leases rejects with TooManyGroups.
   */
  readonly grant: boolean;
  /** If any of them fails, nothing changes and the result is `stale`. */
  readonly guards?: readonly Guard[];
  /**
   * Which fields of each lease to return: all but the version (the default); its state, data and the version of that; its state and
   * the group's revision; or its state alone. A field that is not returned may be 0 or null, except the epoch of a lease that was
   * granted.
   */
  readonly returning?: 'all' | 'data' | 'revision' | 'state';
}

export interface BeatGroup {
  readonly group: string;
  /** Set with the grant; on renewal, set if it differs, which is a `changed` event. Absent: unchanged. */
  readonly data?: string;
  /** A version that an earlier beat returned. The data may be left out if it still has that one. */
  readonly knownVersion?: number;
}

export interface BeatResult {
  readonly stale: boolean;
  /** In the order of the request; without groups, one for each group held. Empty if stale. */
  readonly leases: readonly BeatLease[];
}

export interface BeatLease {
  readonly group: string;
  readonly state: 'granted' | 'renewed' | 'absent';
  /** 0 if absent. */
  readonly epoch: number;
  /** The group's current revision; 0 for a group without members. */
  readonly revision: number;
  /** The data after this beat. */
  readonly data: string | null;
  /**
   * Of the data of this holder in this group: another one after each change, for as long as this process runs; 0 for no data. It may
   * come again after 16 383 changes.
   */
  readonly version?: number;
}

export interface Release {
  readonly tenant: Tenant;
  readonly holder: string;
  /** Absent: every group in which the holder is live. */
  readonly groups?: readonly string[];
  /** True: recorded as `expired` instead of `released`, for an operator who ends a lease early. */
  readonly asExpired?: boolean;
}

export interface SetData {
  readonly tenant: Tenant;
  readonly group: string;
  readonly holder: string;
  readonly data: string | null;
  /** False: no `changed` event. */
  readonly emitEvent?: boolean;
}

export interface MembersPage {
  readonly tenant: Tenant;
  readonly group: string;
  /** Oldest grant first, so that pages are stable while members are added and removed at the end. */
  readonly offset: number;
  readonly limit: number;
}

export interface Members {
  readonly count: number;
  readonly revision: number;
  readonly leases: readonly Lease[];
}
