/** Asserts on what clients sent. */
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import type { EventFeed } from '../events/events.ts';
import { namesRenewals } from '../events/renewals.ts';
import { refusals, tags } from '../schemas.ts';
import type { CheckSelector } from '../selector/check.ts';
import { type Cursor, keptEvents, type Source, sourceHere } from './source.ts';
import type { Wanted } from './tally.ts';
import { Verdict, Verification, verify } from './verify.ts';

export interface VerifyOptions {
  /** Opens the journal for one assertion. Absent: the settings turn it off. */
  readonly openJournal: ((wanted: Wanted, after: Cursor) => Source) | undefined;
  readonly feed: EventFeed;
  monotonicMs(): number;
  readonly check: CheckSelector;
}

/** Registers `POST /verify`: 200 if the expectation holds, 422 with the closest requests if it does not. */
export function verifyRoutes(app: App, { openJournal, feed, monotonicMs, check }: VerifyOptions): void {
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
      checkSelectors(request.body, check);
      const verdict =
        request.body.of === 'events'
          ? await verifyEvents(feed, request.body, monotonicMs)
          : await verifyRequests(openJournal ?? refuse(), request.body, monotonicMs);
      return reply.code(verdict.satisfied ? 200 : 422).send(verdict);
    },
  );
}

/** Throws OperatorRefusal 400 for a selector that can match nothing: that nothing came would always hold. */
function checkSelectors({ match = {}, sequence = [], of }: Verification, check: CheckSelector): void {
  const selected = of === 'events' ? 'events' : 'requests';
  check(match, { of: selected, where: 'match.' });
  for (const selector of sequence) check(selector, { of: selected, where: 'sequence.' });
}

function verifyRequests(
  openJournal: (wanted: Wanted, after: Cursor) => Source,
  wanted: Verification,
  monotonicMs: () => number,
): Promise<Verdict> {
  const source = openJournal(wanted, wanted.after ?? 0);
  return verify(source, wanted, monotonicMs).finally(source.close);
}

async function verifyEvents(
  feed: EventFeed,
  wanted: Verification,
  monotonicMs: () => number,
): Promise<Verdict> {
  const { events, close } = await feed.open({
    withRenewals: namesRenewals([wanted.match ?? {}, ...(wanted.sequence ?? [])]),
  });
  try {
    const source = sourceHere(keptEvents(events), wanted, wanted.after ?? 0);
    return await verify(source, wanted, monotonicMs).finally(source.close);
  } finally {
    close();
  }
}

function refuse(): never {
  throw new OperatorRefusal(
    409,
    'the journal is off (JOURNAL=on keeps it); {"of":"events"} works without it',
  );
}
