/** Where the reports of live tokens go and how that goes, in words: what operators read when reports do not arrive. */
import { type Static, Type } from '@sinclair/typebox';
import type { PbxContext } from '../api/context.ts';
import { bareHost, portOfUrl } from '../callback/address-policy.ts';
import { listRetries } from '../queues/retries.ts';
import { LastAttempt, listQueues, queueKey, type StoredQueue } from '../queues/stored-queue.ts';
import { newestReport } from '../reports/report-queue.ts';
import { type ActiveToken, listTokens } from '../tokens/token.ts';

export const DeliveryView = Type.Object({
  user: Type.String(),
  tokens: Type.Array(Type.String()),
  url: Type.String({ description: 'where reports go' }),
  requested: Type.Object(
    { ipaddr: Type.String(), port: Type.Integer(), url: Type.String(), urltag: Type.String() },
    { description: 'the callback as the application sent it' },
  ),
  version: Type.String(),
  allowed: Type.Boolean({ description: 'whether reports may be sent there' }),
  rule: Type.Optional(Type.String({ description: 'the rule that refuses it' })),
  waiting: Type.Integer({ description: 'reports that were not delivered yet' }),
  retrying: Type.Integer({
    description: 'reports that the application did not accept, and that are sent again',
  }),
  attempts: Type.Integer({ description: 'at the next report' }),
  last: Type.Optional(LastAttempt),
  nextInMs: Type.Optional(
    Type.Number({ description: 'pause before the next attempt, ms of the lease clock' }),
  ),
  state: Type.String({ description: 'how delivery stands, in words' }),
  fix: Type.Optional(Type.String({ description: 'what would make reports arrive' })),
});
export type DeliveryView = Static<typeof DeliveryView>;

/** Returns the callbacks of live tokens, one for each user and URL. Rejects with StoreUnavailable. */
export async function listDeliveries(context: PbxContext): Promise<DeliveryView[]> {
  const { store } = context;
  const [tokens, queues, newest, retries, { leaseMs }] = await Promise.all([
    listTokens(store),
    listQueues(store),
    newestReport(store),
    listRetries(store),
    store.now({ tenant: store.tenant }),
  ]);
  const retrying = new Map<string, number>();
  for (const { user, url } of retries.values()) {
    const key = queueKey(user, url);
    retrying.set(key, (retrying.get(key) ?? 0) + 1);
  }
  const views = new Map<string, DeliveryView>();
  for (const token of tokens) {
    const key = queueKey(token.user, token.callback.callback);
    const known = views.get(key);
    if (known !== undefined) {
      known.tokens.push(token.token);
      continue;
    }
    const facts = { queue: queues.get(key), newest, retrying: retrying.get(key) ?? 0, leaseMs };
    views.set(key, viewOf(context, token, facts));
  }
  return [...views.values()];
}

interface Facts {
  readonly queue: StoredQueue | undefined;
  readonly newest: number;
  readonly retrying: number;
  /** Reading of the lease clock. */
  readonly leaseMs: number;
}

function viewOf(
  context: PbxContext,
  { user, token, callback }: ActiveToken,
  { queue, newest, retrying, leaseMs }: Facts,
): DeliveryView {
  const { ipaddr, port, url, urltag, version, since = 0 } = callback;
  const behind = Math.max(0, newest - Math.max(queue?.cursor ?? 0, since));
  const rule = callback.refusal ?? ruleAgainst(context, callback, queue?.last?.address);
  const pauseMs = (queue?.notBeforeMs ?? 0) - leaseMs;
  const view = {
    user,
    tokens: [token],
    url: callback.callback,
    requested: { ipaddr, port, url, urltag },
    version,
    allowed: rule === undefined,
    ...(rule === undefined ? {} : { rule }),
    waiting: callback.refusal === undefined ? Math.min(behind, context.settings.pbxReportQueue) : 0,
    retrying,
    attempts: queue?.attempts ?? 0,
    ...(queue?.last === undefined ? {} : { last: queue.last }),
    ...(behind > 0 && pauseMs > 0 ? { nextInMs: pauseMs } : {}),
  };
  return { ...view, ...inWords(view, context.access.hasPermission(user, 'reports')) };
}

/** Returns the rule that refuses a callback as the settings are now; `address`: the last one that its host resolved to. */
function ruleAgainst(
  context: PbxContext,
  { callback, peer = '' }: ActiveToken['callback'],
  address: string | undefined,
): string | undefined {
  const url = new URL(callback);
  const policy = context.policyFor(peer);
  const rule = policy.refusalOfUrl(url);
  if (rule !== undefined || address === undefined) return rule;
  return policy.refusalOf({
    address,
    hostname: policy.targetOf(bareHost(url.hostname)),
    port: portOfUrl(url),
  });
}

function inWords(
  { rule, waiting, last, nextInMs }: Omit<DeliveryView, 'state'>,
  mayReceive: boolean,
): Pick<DeliveryView, 'state' | 'fix'> {
  if (!mayReceive)
    return {
      state: 'no reports are sent: the user has no permission for them',
      fix: 'add "reports" to the permissions of the user in the file of PBX_USERS',
    };
  if (rule !== undefined)
    return {
      state: `no reports are sent: ${rule}`,
      fix: 'name another callback in a heartbeat, or change the setting that the rule names',
    };
  const outcome = last === undefined ? '' : `; last attempt: ${last.outcome}`;
  const fix = last?.fix === undefined ? {} : { fix: last.fix };
  if (waiting === 0) return { state: `no report waits${outcome}`, ...fix };
  const next =
    nextInMs === undefined ? 'next attempt at once' : `next attempt in ${Math.ceil(nextInMs / 1_000)} s`;
  return {
    state: `${waiting} ${waiting === 1 ? 'report waits' : 'reports wait'}${outcome}; ${next}`,
    ...fix,
  };
}
