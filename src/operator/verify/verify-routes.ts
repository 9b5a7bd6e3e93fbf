/** Asserts on what clients sent. */
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { StoreUnavailable } from '../../store/store.ts';
import type { EventFeed } from '../events/events.ts';
import { namesRenewals } from '../events/renewals.ts';
import type { Journal } from '../journal/journal.ts';
import { refusals, tags } from '../schemas.ts';
import { eventSource, journalSource } from './source.ts';
import { Verdict, Verification, verify } from './verify.ts';

export interface VerifyOptions {
  /** Absent: the settings turn it off. */
  readonly journal: Journal | undefined;
  readonly feed: EventFeed;
  /** Resolves to the ids of the nodes that live, this one first. */
  liveNodes(): Promise<readonly string[]>;
  monotonicMs(): number;
}

/** Registers `POST /verify`: 200 if the expectation holds, 422 with the closest requests if it does not. */
export function verifyRoutes(app: App, { journal, feed, liveNodes, monotonicMs }: VerifyOptions): void {
  app.post(
    '/verify',
    {
      schema: {
        tags,
        operationId: 'verify',
        summary: 'Waits until requests or events came, or did not come, as expected',
        body: Verification,
        response: { 200: Verdict, ...refusals, 409: Failure, 422: Verdict },
      },
    },
    async (request, reply) => {
      const verdict =
        request.body.of === 'events'
          ? await verifyEvents(feed, request.body, monotonicMs)
          : await verify(
              journalSource(journal ?? refuse(), await others(liveNodes)),
              request.body,
              monotonicMs,
            );
      return reply.code(verdict.satisfied ? 200 : 422).send(verdict);
    },
  );
}

async function verifyEvents(
  feed: EventFeed,
  wanted: Verification,
  monotonicMs: () => number,
): Promise<Verdict> {
  const { events, close } = await feed.open({
    withRenewals: namesRenewals([wanted.match ?? {}, ...(wanted.sequence ?? [])]),
  });
  return verify(eventSource(events), wanted, monotonicMs).finally(close);
}

/** Returns the other nodes that live. While the store is away nothing is known of them: none is ruled out. */
async function others(liveNodes: VerifyOptions['liveNodes']): Promise<readonly string[]> {
  try {
    return (await liveNodes()).slice(1);
  } catch (error) {
    if (error instanceof StoreUnavailable) return ['unknown'];
    throw error;
  }
}

function refuse(): never {
  throw new OperatorRefusal(
    409,
    'the journal is off (JOURNAL=on keeps it); {"of":"events"} works without it',
  );
}
