/**
 * Presence as leases: tenant = subscribe key, group = channel, holder = uuid, data = the state as JSON text. A heartbeat renews
 * them; so does a subscribe at the moment of its reply.
 */

import { maxGroupsPerHolder } from '../../../store/limits.ts';
import { type Beat, type BeatGroup, type BeatResult, TooManyGroups } from '../../../store/store.ts';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from '../wire/call.ts';
import { parseState, type State, stateOfName } from '../wire/decode/json.ts';
import { parseTimeoutSeconds, parseUuidParameter } from '../wire/decode/values.ts';
import { errors } from '../wire/errors.ts';
import { channelsLeft } from './leaves.ts';
import type { Place } from './places.ts';
import { adoptAbsentState } from './state/absent-state.ts';

/** What a request says about the presence of its uuid. */
export interface Heartbeat {
  readonly tenant: string;
  readonly uuid: string;
  readonly timeoutMs: number | undefined;
  /** Keyed by names of channels and channel groups. */
  readonly state: State | undefined;
}

/** Parses the heartbeat of a request. Throws for parameters that no heartbeat may have. */
export function parseHeartbeat({ tenant, query }: PresenceCall): Heartbeat {
  const uuid = parseUuidParameter(query.uuid);
  const timeoutSeconds = parseTimeoutSeconds(query.heartbeat);
  const state = query.state === undefined || query.state === '' ? undefined : parseState(query.state);
  return {
    tenant,
    uuid,
    timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000,
    state,
  };
}

/**
 * Renews or grants the leases of a uuid. One store operation, but for those that it grants: `onGrant` is called right after it,
 * if there are any, with a number of the store's sequence before them.
 */
export function renewPresence(
  context: PresenceContext,
  heartbeat: Heartbeat,
  places: readonly Place[],
  onGrant?: (since: number) => void,
): Promise<void> {
  const groups = leaseGroups(context, heartbeat, places);
  return groups.length === 0 ? Promise.resolve() : renewGroups(context, heartbeat, groups, onGrant);
}

/**
 * Renews the leases of a uuid after a poll that was held since a sequence number of the store, except where the uuid left meanwhile: SDKs that
 * cannot cancel a request leave while their poll is still held, and its reply must not bring them back.
 */
export async function renewAfterHold(
  context: PresenceContext,
  heartbeat: Heartbeat,
  places: readonly Place[],
  heldSince: number,
): Promise<void> {
  const { store } = context;
  const { tenant, uuid } = heartbeat;
  const groups = leaseGroups(context, heartbeat, places);
  if (groups.length === 0) return;
  const { leases } = await store.beat(beatOf(context, heartbeat, groups, { grant: false }));
  const absent = groups.filter((_, at) => leases[at]?.state === 'absent');
  if (absent.length === 0) return;
  const channels = absent.map(({ group }) => group);
  const left = await channelsLeft(store, { tenant, uuid, channels, since: heldSince });
  const expired = absent.filter(({ group }) => !left.has(group));
  if (expired.length > 0) await renewGroups(context, heartbeat, expired);
}

/** Returns the groups of the channels that have presence, with the state that the request has for each. */
function leaseGroups(
  { presenceChannels }: PresenceContext,
  { state }: Heartbeat,
  places: readonly Place[],
): readonly BeatGroup[] {
  const present =
    presenceChannels === undefined ? places : places.filter(({ channel }) => presenceChannels(channel));
  if (state === undefined) return present.map(({ channel }) => ({ group: channel }));
  return present.map(({ channel, knownAs = [channel] }) => {
    const data = stateOfFirst(state, knownAs);
    return data === undefined ? { group: channel } : { group: channel, data };
  });
}

function stateOfFirst(state: State, names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = stateOfName(state, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function beatOf(
  { settings }: PresenceContext,
  { tenant, uuid, timeoutMs }: Heartbeat,
  groups: readonly BeatGroup[],
  { grant }: { readonly grant: boolean },
): Beat {
  return {
    tenant,
    holder: uuid,
    groups,
    grant,
    returning: 'state',
    defaultTtlMs: settings.presenceTimeoutSeconds * 1_000,
    ttlMs: timeoutMs,
  };
}

const granting = { grant: true } as const;

/** Throws the vendor's error for a uuid that would be present in too many channels at a time. */
async function renewGroups(
  context: PresenceContext,
  heartbeat: Heartbeat,
  groups: readonly BeatGroup[],
  onGrant?: (since: number) => void,
): Promise<void> {
  let leases: BeatResult['leases'];
  try {
    // Not by `catch`: `onGrant` has to be called in the turn in which the result arrives, before a subscribe that came with the beat goes on.
    ({ leases } = await context.store.beat(beatOf(context, heartbeat, groups, granting)));
  } catch (error) {
    throw error instanceof TooManyGroups ? errors.tooManyChannels(maxGroupsPerHolder) : error;
  }
  if (context.debug !== undefined) logRenewal(context, heartbeat, leases);
  if (!leases.some(({ state }) => state === 'granted')) return;
  const epochs = leases.filter(({ state }) => state === 'granted').map(({ epoch }) => epoch);
  onGrant?.(Math.min(...epochs) - 1);
  const granted = groups.filter((_, at) => leases[at]?.state === 'granted');
  await adoptAbsentState(context.store, heartbeat.tenant, heartbeat.uuid, granted);
}

function logRenewal(
  { debug }: PresenceContext,
  { tenant, uuid }: Heartbeat,
  leases: BeatResult['leases'],
): void {
  for (const { group, state } of leases)
    debug?.({ tenant, group, holder: uuid }, state === 'granted' ? 'lease granted' : 'lease renewed');
}
