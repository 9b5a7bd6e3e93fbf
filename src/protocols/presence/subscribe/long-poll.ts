/** The long poll: waits for the messages and presence events of a subscription after a timetoken. Source: REST API pages. */
import { makeTurns } from '../../../settings/turns.ts';
import { StoreUnavailable } from '../../../store/store.ts';
import type { PresenceContext } from '../context.ts';
import { endPresence } from '../membership/leave.ts';
import { beforeOwnJoins } from '../membership/own-joins.ts';
import { type Heartbeat, parseHeartbeat, renewAfterHold, renewPresence } from '../membership/renewal.ts';
import type { PresenceCall } from '../wire/call.ts';
import type { Query } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { channelErrors, channelSubject, commonErrors, permissionErrors } from '../wire/operation.ts';
import {
  channelGroup,
  commonParameters,
  heartbeatSeconds,
  keyedState,
  optionalText,
} from '../wire/parameters.ts';
import type { Delivery, Selection } from './deliveries.ts';
import { type Feed, openFeed } from './feed.ts';
import { type Filter, FilterError, FilterTooLarge, parseFilter } from './filter/filter.ts';
import type { Poll } from './polls.ts';
import { renewWhileHeld } from './renew-while-held.ts';
import { type OpenSubscription, openSubscription, type Subscription } from './subscription.ts';

/** Polls that fail in one turn of the event loop: some ten milliseconds of work. */
const failureTurns = makeTurns(100);

/** Parameters of both forms of subscribe. */
export const subscribeParameters = {
  ...commonParameters,
  'channel-group': channelGroup,
  heartbeat: heartbeatSeconds,
  state: keyedState,
  'filter-expr': optionalText('Only messages and events for which this holds'),
};

/** Errors of both forms of subscribe. */
export const subscribeErrors = [
  ...commonErrors,
  ...permissionErrors,
  ...channelErrors,
  'invalidTimetoken',
  'invalidUuid',
  'invalidHeartbeat',
  'invalidJson',
  'stateTooLarge',
  'invalidFilter',
  'filterTooLarge',
] as const;

export interface PollReply {
  /** The timetoken to continue from. */
  readonly timetoken: bigint;
  readonly deliveries: readonly Delivery[];
  /** The channel of a request that names exactly one. */
  readonly only: string | undefined;
  /** How long the request was held, ms. */
  readonly heldMs: number;
}

/**
 * Returns at once without a timetoken, and with what is new after one; otherwise holds the request until there is something, its
 * time is over, the client is gone or the server closes.
 *
 * A subscribe renews the presence of its uuid at the moment of its reply: while a poll is held nothing is renewed, unless a
 * setting asks for it. Without a uuid it renews nothing.
 */
export async function poll(context: PresenceContext, call: PresenceCall, after: bigint): Promise<PollReply> {
  const { settings, polls } = context;
  const { uuid: caller = '', 'channel-group': groups = '' } = call.query;
  const subject = { uuid: caller, channels: call.channels, groups };
  const current = polls.start(settings.presenceHoldSeconds * 1_000, call.connection, call.tenant, subject);
  try {
    const filter = parseFilterOf(call.query);
    const { uuid = '' } = call.query;
    const heartbeat = settings.presenceEnabled && uuid !== '' ? parseHeartbeat(call) : undefined;
    if (after === 0n) return await beginSubscription(context, call, heartbeat);
    const opened = await openSubscription(context, call);
    const known = knownTimetoken(after, opened.readAt.timetoken);
    return await holdPoll({ context, call, poll: current, filter, heartbeat, after: known, opened });
  } catch (error) {
    // All held polls fail together when the store does.
    if (error instanceof StoreUnavailable) await failureTurns();
    throw error;
  } finally {
    current.finish();
  }
}

/**
 * Returns the timetoken to continue from. One that is ahead of the tenant was handed out before a reset, or by a server that was
 * restarted after its clock had been moved: a client that keeps it would hear nothing until the clock is there again.
 */
const knownTimetoken = (asked: bigint, newest: bigint): bigint => (asked > newest ? newest : asked);

/** Returns where a subscription begins: before the uuid's own join, also if a heartbeat beside the request made it. */
async function beginSubscription(
  context: PresenceContext,
  call: PresenceCall,
  heartbeat: Heartbeat | undefined,
): Promise<PollReply> {
  const { store, ownJoins, wallMs } = context;
  // Before all else: a heartbeat that was read before this request has had its result when this reply arrives, and what comes
  // later is later than this.
  const begun = await store.now({ tenant: call.tenant });
  // Taken in any case: a later request must not begin before a join that this client did not ask for.
  const ownJoin = heartbeat === undefined ? undefined : ownJoins.take(heartbeat, wallMs());
  const { subscription } = await openSubscription(context, call, ownJoin?.since ?? begun.sequence);
  const { places, sources, only } = subscription;
  let { timetoken } = begun;
  if (heartbeat !== undefined) {
    const topics = [...sources].filter(([, { kind }]) => kind === 'events').map(([topic]) => topic);
    if (ownJoin !== undefined && topics.length > 0)
      timetoken = await beforeOwnJoins(store, heartbeat, topics, timetoken);
    await renewPresence(context, heartbeat, places);
  }
  return { timetoken, deliveries: [], only, heldMs: 0 };
}

interface HeldPoll {
  readonly context: PresenceContext;
  readonly call: PresenceCall;
  readonly poll: Poll;
  readonly filter: Filter | undefined;
  readonly heartbeat: Heartbeat | undefined;
  readonly after: bigint;
  readonly opened: OpenSubscription;
}

async function holdPoll(held: HeldPoll): Promise<PollReply> {
  const { context, call, poll, filter, heartbeat, after, opened } = held;
  const { store, settings } = context;
  const { tenant, subscribeKey } = call;
  const { signal } = poll;
  const heldSince = opened.readAt.sequence;
  let { subscription, readAt } = opened;
  const feed = openFeed(context, { tenant, subscribeKey, after, filter, signal });
  let selection = await read(feed, subscription);
  if (isEmpty(selection)) {
    logPoll(held, 'poll held');
    if (heartbeat !== undefined && settings.presenceRenewWhileHeld)
      void renewWhileHeld(context, { heartbeat, heldSince, signal, places: () => subscription.places });
  }
  while (isEmpty(selection) && !signal.aborted) {
    const { cursors, timeoutMs } = feed.nextRead();
    const changes = subscription.groupTopics.map((topic) => ({ topic, after: readAt.timetoken }));
    const isWoken = await poll.idle(
      store.wait({ tenant, topics: [...cursors, ...changes], timeoutMs, signal }),
    );
    if (signal.aborted) break;
    if (isWoken) logPoll(held, 'poll woken');
    if (isWoken && changes.length > 0) ({ subscription, readAt } = await openSubscription(context, call));
    selection = await read(feed, subscription);
  }
  await renewAtEnd(held, subscription, heldSince);
  const { deliveries, readTo } = selection;
  const timetoken = readTo ?? deliveries.at(-1)?.position ?? after;
  logPoll(held, 'poll answered', { timetoken: String(timetoken), deliveries: deliveries.length });
  return { timetoken, deliveries, only: subscription.only, heldMs: held.poll.heldMs };
}

/** Renews the presence of the uuid, unless its tenant was reset, or ends it if the client is gone and a setting takes that for a leave. */
async function renewAtEnd(
  { context, call, poll, heartbeat }: HeldPoll,
  { places }: Subscription,
  heldSince: number,
): Promise<void> {
  const { uuid = '' } = call.query;
  // What a client held before is gone; its next request makes it known again.
  if (poll.endedBy() === 'reset') return;
  if (poll.endedBy() !== 'disconnect') {
    if (heartbeat !== undefined) await renewAfterHold(context, heartbeat, places, heldSince);
  } else if (context.settings.presenceLeaveOnDisconnect && uuid !== '') {
    const channels = places.map(({ channel }) => channel);
    await endPresence(context, call.tenant, uuid, channels);
  }
}

const isEmpty = ({ deliveries, readTo }: Selection): boolean =>
  deliveries.length === 0 && readTo === undefined;

async function read(feed: Feed, subscription: Subscription): Promise<Selection> {
  try {
    return await feed.read(subscription);
  } catch (error) {
    throw filterErrorOf(error);
  }
}

function parseFilterOf(query: Query): Filter | undefined {
  const expression = query['filter-expr'];
  if (expression === undefined || expression === '') return undefined;
  try {
    return parseFilter(expression);
  } catch (error) {
    throw filterErrorOf(error);
  }
}

/** Returns the vendor's error for an error of a filter; others stay as they are. */
function filterErrorOf(error: unknown): unknown {
  if (error instanceof FilterTooLarge) return errors.filterTooLarge(error.message);
  return error instanceof FilterError ? errors.invalidFilter() : error;
}

function logPoll(
  { context, call }: HeldPoll,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): void {
  context.debug?.({ ...channelSubject(call), ...more }, message);
}
