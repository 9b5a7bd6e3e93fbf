/** Asserts on what clients sent. */
import type { App } from '../../protocols/kit/protocol.ts';
import type { Journal } from '../journal/journal.ts';
import { refusals, tags } from '../schemas.ts';
import { Verdict, Verification, verify } from './verify.ts';

/** Registers `POST /verify`: 200 if the expectation holds, 422 with the closest requests if it does not. */
export function verifyRoutes(app: App, journal: Journal, monotonicMs: () => number): void {
  app.post(
    '/verify',
    {
      schema: {
        tags,
        operationId: 'verify',
        summary: 'Waits until requests were received, or not received, as expected',
        body: Verification,
        response: { 200: Verdict, ...refusals, 422: Verdict },
      },
    },
    async (request, reply) => {
      const verdict = await verify(journal, request.body, monotonicMs);
      return reply.code(verdict.satisfied ? 200 : 422).send(verdict);
    },
  );
}
