/**
 * Numbers and names that every driver uses alike. The Redis scripts get them from here as well: `redis/script-text.ts`
 * puts each one, under the same name, before the text of every script.
 */

/**
 * Maximum step of the lease clock between two ticks, ms. A longer pause (a stopped container, an outage, a clock jump)
 * counts as this much, so that it cannot expire all leases at once.
 */
export const maxClockStepMs = 2_000;

/** The last date that a clock may be moved to, ms since 1970 (the year 2200): timetokens after it would not be exact numbers. */
export const lastDateMs = 7_258_118_400_000;

/** Stands for a topic in the notification that a tenant's clock was moved; without a tenant, the clock of all. */
export const clockMovedTopic = 'clock-moved';

/** Stands for a topic in the notification that all of a tenant was removed or replaced. */
export const tenantResetTopic = 'tenant-reset';

/** Maximum number of leases, documents and entries of topics together in a dump. */
export const maxDumpItems = 20_000;

/** Maximum size of values, data and payloads together in a dump, bytes. */
export const maxDumpBytes = 33_554_432;

/**
 * What a tenant's bytes count for each lease, document, topic, entry of a topic and watch beside its names and contents: about what the stores
 * need for it.
 */
export const leaseOverheadBytes = 200;
export const documentOverheadBytes = 200;
export const topicOverheadBytes = 200;
export const entryOverheadBytes = 50;
export const watchOverheadBytes = 200;

/** TTL of a new lease if the beat names none, ms. */
export const defaultTtlMs = 60_000;

/** Maximum number of events of one group, made in one step, that a driver may keep as one entry of its topic. */
export const maxEventsPerEntry = 32;

/** Prefix of the topics that hold the events of a group; the group's name follows. */
export const leaseEventsPrefix = 'leases:';

/** Prefix of the topics that hold the events of all groups whose names start with a text; the text follows. */
export const leaseEventsBelowPrefix = 'leases-below:';

/** Maximum length of a prefix that is watched, bytes of UTF-8; a longer one matches no group. */
export const maxWatchedPrefixBytes = 512;

/** Maximum number of groups that one holder may be in at a time. */
export const maxGroupsPerHolder = 10_000;
