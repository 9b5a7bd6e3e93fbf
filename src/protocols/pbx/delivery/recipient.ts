/** Whose reports a delivery queue holds: its tokens as they are now, which a delivered report renews. */
import type { AttemptResult } from '../callback/attempt-result.ts';
import type { DeliveryQueue, Recipient } from '../queues/delivery-queue.ts';
import { parseCallback } from '../tokens/token.ts';
import type { DeliveryContext } from './context.ts';
import { logSelf } from './delivery-log.ts';

/** Returns the newest token of a queue as it is now; undefined if it ended or moved. */
export async function readRecipient(
  { store }: Pick<DeliveryContext, 'store'>,
  { tokens, url }: Pick<DeliveryQueue, 'tokens' | 'url'>,
): Promise<Recipient | undefined> {
  const [first] = tokens;
  if (first === undefined) return undefined;
  const lease = await store.read({ tenant: store.tenant, group: first.user, holder: first.token });
  const callback = lease === null ? undefined : parseCallback(lease.data);
  if (callback?.callback !== url) return undefined;
  return { token: first.token, version: callback.version, peer: callback.peer ?? '' };
}

/**
 * Renews the tokens of a queue after a delivery (S-Series API v1.1.0). Not if this server replied itself: such a token would never
 * end; no document covers that case. Not on a Cloud PBX (`renewMs` undefined).
 */
export async function renewRecipients(
  context: DeliveryContext,
  queue: DeliveryQueue,
  result: AttemptResult,
): Promise<void> {
  const { store, renewMs: ttlMs } = context;
  if (result.kind === 'replied' && result.isSelf) {
    logSelf(context, queue);
    return;
  }
  if (ttlMs === undefined) return;
  await Promise.all(
    queue.tokens.map(({ token }) => store.beat({ tenant: store.tenant, holder: token, ttlMs, grant: false })),
  );
}
