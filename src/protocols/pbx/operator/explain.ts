/** Explains the life of tokens and the way of their reports, from the leases and queues that decide it. */
import { spoken } from '../../../spoken.ts';
import type { Lease } from '../../../store/store.ts';
import {
  distinct,
  type Evidence,
  type Explanation,
  type PastLease,
  type UnknownName,
  type WhySubject,
} from '../../kit/explain.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos } from '../api/errors.ts';
import { listDeadLetters } from '../queues/dead-letters.ts';
import { shortToken, type TokenEnd } from '../tokens/token.ts';
import { type DeliveryView, listDeliveries } from './delivery-view.ts';

/** Callbacks that one explanation describes. */
const maxDescribed = 20;
const maxKnown = 1_000;

/** What is known of a token. */
export interface TokenSituation {
  readonly token: string;
  readonly user: string;
  readonly lease: Pick<Lease, 'ttlMs' | 'remainingMs'> | null;
  /** Its end, if this node saw it. */
  readonly ended?: { readonly type: PastLease['type']; readonly agoMs: number } | undefined;
  readonly reason?: TokenEnd | undefined;
  /** Whether requests extend a token. */
  readonly isExtended: boolean;
  /** The errno of requests with a token that is not live. */
  readonly errno: string;
}

const reasons: Readonly<Record<TokenEnd, string>> = {
  loggedOut: 'by a logout',
  replaced: 'by a newer login, because its user had as many live tokens as it may have (PBX_MAX_TOKENS)',
  refreshed: 'by a refresh, which replaced it by a new token',
};

/** Returns the sentences about a token. Pure. */
export function explainToken(situation: TokenSituation): string[] {
  const { token, user, lease, ended, reason, isExtended, errno } = situation;
  const name = `Token ${shortToken(token)} of ${user}`;
  if (lease !== null) {
    const usedAgo = spoken(lease.ttlMs - lease.remainingMs);
    return [
      isExtended
        ? `${name} is live: its last request was ${usedAgo} ago, and it ends in ${spoken(lease.remainingMs)} unless another arrives.`
        : `${name} is live: it was issued ${usedAgo} ago and ends in ${spoken(lease.remainingMs)}, because on a Cloud PBX only a refresh extends it.`,
    ];
  }
  const how =
    ended?.type === 'expired'
      ? `timed out ${spoken(ended.agoMs)} ago, because ${isExtended ? 'no request used it' : 'it was not refreshed'} in time`
      : ended?.type === 'released' || reason !== undefined
        ? `was ended${ended === undefined ? '' : ` ${spoken(ended.agoMs)} ago`} ${reason === undefined ? 'by an operator, or by another node' : reasons[reason]}`
        : 'is not live any more';
  return [
    `${name} ${how}.`,
    `Requests with it get errno ${errno}, and no reports are sent for it; the application has to log in again.`,
  ];
}

/** Returns the sentences about the reports of one callback. Pure. */
export function explainDelivery(view: DeliveryView, deadLetters: number): string[] {
  const { user, url, state, fix, retrying, waiting, last } = view;
  return [
    `Reports of ${user} go to ${url}: ${state}.`,
    ...(retrying === 0
      ? []
      : [
          `${retrying} ${retrying === 1 ? 'report was' : 'reports were'} not accepted and ${retrying === 1 ? 'is' : 'are'} sent again.`,
        ]),
    ...(fix === undefined ? [] : [`To mend it: ${fix}.`]),
    ...(deadLetters === 0
      ? []
      : [
          `${deadLetters} ${deadLetters === 1 ? 'report was' : 'reports were'} given up and ${deadLetters === 1 ? 'is' : 'are'} kept as dead letters, which can be replayed.`,
        ]),
    ...(waiting === 0 && last === undefined && view.rule === undefined
      ? [
          'Nothing that would be reported has happened since the login: a report is sent when something happens.',
        ]
      : []),
  ];
}

/** Explains all callbacks, those of an API user, or a token. */
export async function explain(
  context: PbxContext,
  { tenant, group, holder }: WhySubject,
  evidence: Evidence,
): Promise<Explanation | UnknownName> {
  const [deliveries, letters] = await Promise.all([listDeliveries(context), listDeadLetters(context.store)]);
  const past = evidence.leases({ tenant, group, holder });
  const deadOf = (name: string): number => [...letters.values()].filter(({ user }) => user === name).length;
  const tellOf = (view: DeliveryView): string[] => explainDelivery(view, deadOf(view.user));
  if (holder !== undefined) {
    const token = await tokenOf(context, { tenant, group, token: holder, past });
    if (token === undefined) {
      const known = deliveries.flatMap(({ tokens }) => tokens).slice(0, maxKnown);
      return { unknown: 'token', name: holder, known };
    }
    const delivery = deliveries.find(({ tokens }) => tokens.includes(holder));
    return {
      sentences: [...explainToken(token), ...(delivery === undefined ? [] : tellOf(delivery))],
      facts: { tenant, ...token, delivery: delivery ?? null },
    };
  }
  const views = deliveries.filter(({ user }) => group === undefined || user === group);
  if (views.length > 0)
    return { sentences: views.slice(0, maxDescribed).flatMap(tellOf), facts: { tenant, deliveries: views } };
  if (group === undefined || past.length > 0)
    return {
      sentences: [
        `No report is sent: no token of ${group ?? 'any user'} is live. An application receives reports from its login until its token ends.`,
      ],
      facts: { tenant, deliveries: [], past: past.slice(0, maxDescribed) },
    };
  const users = [
    ...deliveries.map(({ user }) => user),
    ...evidence.leases({ tenant }).map((one) => one.group),
  ];
  return { unknown: 'API user', name: group, known: distinct(users) };
}

interface AskedToken {
  readonly tenant: string;
  readonly group: string | undefined;
  readonly token: string;
  readonly past: readonly PastLease[];
}

/** Returns undefined for a token that was never issued, or that ended too long ago. */
async function tokenOf(
  { store, settings, tokenEnds }: PbxContext,
  { tenant, group, token, past }: AskedToken,
): Promise<TokenSituation | undefined> {
  const [live] = await store.groupsOf({ tenant, holder: token });
  const [newest] = past;
  const user = live ?? newest?.group;
  if (user === undefined || (group !== undefined && group !== user)) return undefined;
  const [lease, { dateMs }] = await Promise.all([
    store.read({ tenant, group: user, holder: token }),
    store.readClock(tenant),
  ]);
  const hasTimedOut = newest?.type === 'expired' && settings.pbxExpiredErrno === errnos.tokenTimedOut;
  return {
    token,
    user,
    lease,
    ended:
      newest === undefined || newest.type === 'granted'
        ? undefined
        : { type: newest.type, agoMs: Math.max(0, dateMs - newest.atMs) },
    reason: tokenEnds.get(token),
    isExtended: settings.pbxFlavour !== 'cloud',
    errno: hasTimedOut ? errnos.tokenTimedOut : errnos.unknownToken,
  };
}
