/** Asserts on what clients sent. */
import type { App } from '../../protocols/kit/protocol.ts';
import type { Events } from '../events/events.ts';
import type { Journal } from '../journal/journal.ts';
import { BadRequest, Failure, refusals, tags } from '../schemas.ts';
import { eventSource, journalSource } from './source.ts';
import { Verdict, Verification, verify } from './verify.ts';

/** Registers `POST /verify`: 200 if the expectation holds, 422 with the closest requests if it does not. */
export function verifyRoutes(
  app: App,
  { journal, events, monotonicMs }: { journal: Journal | undefined; events: Events; monotonicMs(): number },
): void {
  const requests = journal === undefined ? undefined : journalSource(journal);
  const happened = eventSource(events);
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
      const source = request.body.of === 'events' ? happened : requests;
      if (source === undefined)
        throw new BadRequest(
          409,
          'the journal is off (JOURNAL=on keeps it); {"of":"events"} works without it',
        );
      const verdict = await verify(source, request.body, monotonicMs);
      return reply.code(verdict.satisfied ? 200 : 422).send(verdict);
    },
  );
}
