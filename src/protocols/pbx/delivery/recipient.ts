/** Who a line's reports are for: its tokens as they are now, which a delivered report keeps alive. */
import type { Store } from '../../../store/store.ts';
import type { Sent } from '../callback/send-report.ts';
import { type HeldToken, readCallback, tenant } from '../tokens/tokens.ts';
import { type DeliveryLog, type LoggedLine, logSelf } from './delivery-log.ts';

/** A token as it was a moment ago. */
export interface Recipient {
  readonly token: string;
  readonly version: string;
  readonly peer: string;
}

interface LineTokens {
  /** Newest first. */
  readonly tokens: readonly HeldToken[];
  readonly url: string;
}

/** The newest token of a line as it is now; undefined if it ended or moved. */
export async function recipientOf(store: Store, { tokens, url }: LineTokens): Promise<Recipient | undefined> {
  const [first] = tokens;
  if (first === undefined) return undefined;
  const lease = await store.read({ tenant, group: first.user, holder: first.token });
  const callback = lease === null ? undefined : readCallback(lease.data);
  if (callback?.callback !== url) return undefined;
  return { token: first.token, version: callback.version, peer: callback.peer ?? '' };
}

/**
 * A delivered report keeps the tokens that it was for (S-Series API v1.1.0), unless this server answered itself (ours: such
 * a token would never end). `prolongMs` undefined: nothing is kept.
 */
export async function prolongTokens(
  store: Store,
  line: LineTokens & LoggedLine,
  sent: Sent,
  prolongMs: number | undefined,
  log: DeliveryLog,
): Promise<void> {
  if (sent.kind === 'answered' && sent.fromSelf) {
    logSelf(log, line);
    return;
  }
  if (prolongMs === undefined) return;
  await Promise.all(
    line.tokens.map(({ token }) => store.beat({ tenant, holder: token, ttlMs: prolongMs, grant: false })),
  );
}
