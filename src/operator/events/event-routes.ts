/** The stream of events. */
import { Type } from '@sinclair/typebox';
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { refusals, tags } from '../schemas.ts';
import type { CheckSelector } from '../selector/check.ts';
import { parseSelector } from '../selector/parse.ts';
import { selectorQuery } from '../selector/selector.ts';
import type { EventFeed, EventLog, OperatorEvent } from './events.ts';
import { namesRenewals, renewedType } from './renewals.ts';
import { isEventSelected } from './select-events.ts';
import { stream } from './stream.ts';

const maxStreams = 100;

const { type, protocol, tenant, group, holder, operation, status, body } = selectorQuery;
const EventsQuery = Type.Object(
  {
    ...{ type, protocol, tenant, group, holder, operation, status, body },
    since: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'sequence number after which events are sent; default: the newest',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Returns the cursor from which a reader starts. One beyond the newest event is of a server that has lost its events since. */
function startOf({ newest }: EventLog, cursor = newest): number {
  return cursor > newest ? 0 : cursor;
}

/** Registers `GET /events`. Streams end when the server stops. */
export function eventRoutes(app: App, feed: EventFeed, check: CheckSelector): void {
  const end = new AbortController();
  let streams = 0;
  app.addHook('preClose', async () => end.abort());
  app.get(
    '/events',
    {
      schema: {
        tags,
        operationId: 'streamEvents',
        summary:
          'Streams what happens, over Redis on all nodes: leases, requests, faults, the clock; resumes with Last-Event-ID or `since`',
        querystring: EventsQuery,
        response: {
          200: Type.String({ description: 'server-sent events, or NDJSON by Accept' }),
          ...refusals,
          429: Failure,
        },
      },
    },
    async (request, reply) => {
      // A stream without a body would never end, and the connection's next request would wait for it.
      if (request.method === 'HEAD') return reply.type('text/event-stream').send('');
      if (streams >= maxStreams) throw new OperatorRefusal(429, `there are ${maxStreams} streams already`);
      const { since, ...members } = request.query;
      const selector = parseSelector(members);
      check(selector, { of: 'events', where: '' });
      const isAskedForRenewals = namesRenewals([selector]);
      const lastId = Number(request.headers['last-event-id'] ?? Number.NaN);
      const format = request.headers.accept?.includes('ndjson') === true ? 'ndjson' : 'sse';
      streams += 1;
      try {
        const { events, close } = await feed.open({ withRenewals: isAskedForRenewals });
        const after = startOf(events, Number.isSafeInteger(lastId) ? lastId : since);
        // A gap concerns every reader. Renewals may be there because another reader asked for them.
        const isWanted = (event: OperatorEvent) =>
          event.type === 'gap' ||
          ((isAskedForRenewals || event.type !== renewedType) && isEventSelected(event, selector));
        await stream(reply, events, { format, after, isSelected: isWanted }, end.signal).finally(close);
      } finally {
        streams -= 1;
      }
    },
  );
}
