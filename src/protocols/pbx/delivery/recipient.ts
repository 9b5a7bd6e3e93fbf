/** Whose reports a delivery queue holds: its tokens as they are now, which a delivered report renews. */
import type { AttemptResult } from '../callback/attempt-result.ts';
import type { DeliveryQueue, Recipient } from '../queues/delivery-queue.ts';
import { type ActiveToken, parseCallback } from '../tokens/token.ts';
import type { DeliveryContext } from './context.ts';
import { logSelf } from './delivery-log.ts';

type Context = Pick<DeliveryContext, 'store'>;
type Queue = Pick<DeliveryQueue, 'tokens' | 'url'>;

/** Returns the newest token of a queue as it is now; undefined if it ended or moved. */
export async function readRecipient({ store }: Context, queue: Queue): Promise<Recipient | undefined> {
  const [first] = queue.tokens;
  if (first === undefined) return undefined;
  const lease = await store.read({ tenant: store.tenant, group: first.user, holder: first.token });
  return lease === null ? undefined : recipientOf(queue, lease.data);
}

/** Returns the newest token of a queue by the data of its lease; undefined if its callback moved. */
function recipientOf({ tokens: [first], url }: Queue, data: string | null): Recipient | undefined {
  const callback = parseCallback(data);
  if (first === undefined || callback?.callback !== url) return undefined;
  return { token: first.token, version: callback.version, peer: callback.peer ?? '' };
}

/**
 * Renews the tokens of a queue after a delivery (S-Series API v1.1.0), and returns the newest one as it is now, as `readRecipient` does:
 * both are one command of the store. `known`: the recipient of that delivery. Renews nothing if this server replied itself: such a token
 * would never end; no document covers that case. Nor on a Cloud PBX (`renewMs` undefined).
 */
export async function renewRecipients(
  context: DeliveryContext,
  queue: DeliveryQueue,
  result: AttemptResult,
  known?: Recipient,
): Promise<Recipient | undefined> {
  const isSelf = result.kind === 'replied' && result.isSelf;
  if (isSelf) logSelf(context, queue);
  const { renewMs: ttlMs } = context;
  if (isSelf || ttlMs === undefined) return readRecipient(context, queue);
  const [first] = await Promise.all(
    queue.tokens.map((token, at) =>
      renewToken(context, queue, { token, ttlMs, known: at === 0 ? known : undefined }),
    ),
  );
  return first;
}

interface Renewal {
  readonly token: ActiveToken;
  readonly ttlMs: number;
  readonly known: Recipient | undefined;
}

async function renewToken(
  { store }: Context,
  queue: Queue,
  { token: { user, token }, ttlMs, known }: Renewal,
): Promise<Recipient | undefined> {
  const knownVersion = known?.token === token ? known.dataVersion : undefined;
  const {
    leases: [lease],
  } = await store.beat({
    tenant: store.tenant,
    holder: token,
    groups: [{ group: user, ...(knownVersion !== undefined && { knownVersion }) }],
    ttlMs,
    grant: false,
    returning: 'data',
  });
  if (lease === undefined || lease.state === 'absent') return undefined;
  const { version: dataVersion, data } = lease;
  if (knownVersion !== undefined && dataVersion === knownVersion) return known;
  const recipient = recipientOf(queue, data);
  return recipient && { ...recipient, dataVersion };
}
