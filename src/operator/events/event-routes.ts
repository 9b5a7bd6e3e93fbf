/** The stream of events. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../protocols/kit/protocol.ts';
import { BadRequest, Failure, refusals, tags } from '../schemas.ts';
import { parseSelector } from '../selector/parse.ts';
import { isSelected, selectorQuery } from '../selector/selector.ts';
import type { Events } from './events.ts';
import { stream } from './stream.ts';

const maxStreams = 100;

const { type, protocol, tenant, group, holder, operation, status } = selectorQuery;
const EventsQuery = Type.Object(
  {
    ...{ type, protocol, tenant, group, holder, operation, status },
    since: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'sequence number after which events are sent; default: the newest',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Registers `GET /events`. Streams end when the server stops. */
export function eventRoutes(app: App, events: Events): void {
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
          'Streams what happens: leases, requests, faults, the clock; resumes with Last-Event-ID or `since`',
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
      if (streams >= maxStreams) throw new BadRequest(429, `there are ${maxStreams} streams already`);
      const { since, ...members } = request.query;
      const selector = parseSelector(members);
      const lastId = Number(request.headers['last-event-id'] ?? Number.NaN);
      const format = request.headers.accept?.includes('ndjson') === true ? 'ndjson' : 'sse';
      streams += 1;
      try {
        const after = Number.isSafeInteger(lastId) ? lastId : (since ?? events.newest);
        await stream(
          reply,
          events,
          { format, after, isSelected: (event) => isSelected(event, selector) },
          end.signal,
        );
      } finally {
        streams -= 1;
      }
    },
  );
}
