/** The long poll: what a subscriber hears after a timetoken, held until there is something. Source: REST API pages. */
import type { Call } from './call.ts';
import { errors } from './errors.ts';
import { type Filter, FilterError, FilterTooLarge, parseFilter } from './filter.ts';
import { beaterOf } from './heartbeat.ts';
import { listen, region } from './listener.ts';
import type { Heard, Matching } from './matching.ts';
import { leave } from './occupants.ts';
import type { Hold } from './polls.ts';
import { renewUntil } from './renewal.ts';
import type { Query } from './request.ts';
import { type Subscription, subscriptionOf, watch } from './subscription.ts';

export interface Answer {
  /** Where to go on. */
  readonly timetoken: bigint;
  readonly heard: readonly Heard[];
  /** The channel of a request that names just that. */
  readonly only: string | undefined;
}

/** The timetoken to go on from: `tt`, or in one SDK `t={"r":…,"t":…}`; 0 for the first request. */
export function timetokenOf(query: Query): bigint {
  let text = query.tt;
  if (text === undefined && query.t !== undefined && query.t !== '') {
    try {
      const { t } = JSON.parse(query.t) as { t?: unknown };
      text = t === undefined ? undefined : String(t);
    } catch {
      throw errors.invalidTimetoken();
    }
  }
  if (text === undefined || text === '') return 0n;
  if (!/^\d{1,20}$/.test(text)) throw errors.invalidTimetoken();
  return BigInt(text);
}

function filterOf(query: Query): Filter | undefined {
  const expression = query['filter-expr'];
  if (expression === undefined || expression === '') return undefined;
  try {
    return parseFilter(expression);
  } catch (error) {
    throw filterRefused(error);
  }
}

/** The answer for an error of a filter; others stay as they are. */
function filterRefused(error: unknown): unknown {
  if (error instanceof FilterTooLarge) return errors.filterTooLarge(error.message);
  return error instanceof FilterError ? errors.invalidFilter() : error;
}

/**
 * Answers at once without a timetoken, and with what is new after one; otherwise holds. A subscribe is a heartbeat at the
 * moment of its answer: while a poll is held nothing is renewed, unless a setting says so. `uuid` may be missing, then
 * nobody is counted.
 */
export async function subscribe(
  call: Call,
  subscribeKey: string,
  after: bigint,
  hold: Hold,
): Promise<Answer> {
  const { store, tenant, query, settings } = call;
  const filter = filterOf(query);
  const { uuid = '' } = query;
  const beat = settings.presenceEnabled && uuid !== '' ? beaterOf(call) : undefined;
  let { subscription, readAt } = await subscribed(call);
  const heldSince = readAt;

  if (after === 0n) {
    await beat?.(subscription.places);
    return { timetoken: readAt, heard: [], only: subscription.only };
  }

  const listener = listen(call, { subscribeKey, after, filter, signal: hold.signal });
  const look = (): Promise<Matching> =>
    listener.look(subscription).catch((error: unknown) => {
      throw filterRefused(error);
    });
  let { heard, lookedTo } = await look();
  const isFruitless = (): boolean => heard.length === 0 && lookedTo === undefined;
  if (isFruitless() && beat !== undefined && settings.presenceRenewWhileHeld) {
    const renew = (places: Subscription['places']): Promise<void> => beat(places, heldSince);
    void renewUntil(hold.signal, call, uuid, () => subscription.places, renew);
  }
  while (isFruitless() && !hold.signal.aborted) {
    const { cursors, timeoutMs } = listener.nextLook();
    const changes = subscription.groupTopics.map((topic) => ({ topic, after: readAt }));
    const woken = await store.wait({
      tenant,
      topics: [...cursors, ...changes],
      timeoutMs,
      signal: hold.signal,
    });
    if (hold.signal.aborted) break;
    if (woken && changes.length > 0) ({ subscription, readAt } = await subscribed(call));
    ({ heard, lookedTo } = await look());
  }
  if (hold.why() === 'gone') {
    if (settings.presenceLeaveOnDisconnect && uuid !== '') {
      await leave(
        store,
        tenant,
        uuid,
        subscription.places.map(({ channel }) => channel),
      );
    }
  } else await beat?.(subscription.places, heldSince);
  return { timetoken: lookedTo ?? heard.at(-1)?.position ?? after, heard, only: subscription.only };
}

/**
 * What a request is subscribed to, and the timetoken before anything was looked at: changes of its groups after it may
 * not be in there. It comes first of all, for SDKs send a heartbeat beside the handshake and must hear of their own join.
 */
async function subscribed(call: Call): Promise<{ subscription: Subscription; readAt: bigint }> {
  const { store, tenant } = call;
  const { timetoken: readAt } = await store.now({ tenant });
  const subscription = await subscriptionOf(call);
  await watch(store, tenant, subscription.watched);
  return { subscription, readAt };
}

/** `{"t":{"t":"…","r":1},"m":[…]}`. */
export function renderV2({ timetoken, heard, only }: Answer): string {
  const envelopes = heard.map((one) => one.envelope(one.channel === only ? undefined : one.via));
  return `{"t":{"t":"${timetoken}","r":${region}},"m":[${envelopes.join(',')}]}`;
}

/** The older form: payloads, the timetoken, and where the request names several, what each came through and its channel. */
export function renderV1({ timetoken, heard, only }: Answer, hasGroups: boolean): string {
  const payloads = `[${heard.map(({ json }) => json).join(',')}]`;
  const lists = [
    ...(hasGroups ? [heard.map(({ via }) => via)] : []),
    ...(only === undefined && heard.length > 0 ? [heard.map(({ channel }) => channel)] : []),
  ];
  return `[${[payloads, `"${timetoken}"`, ...lists.map((names) => JSON.stringify(names.join(',')))].join(',')}]`;
}
