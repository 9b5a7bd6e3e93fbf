/** Reads and clears the journal of vendor requests. */
import { Type } from '@sinclair/typebox';
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { version } from '../../version.ts';
import { refusals, tags } from '../schemas.ts';
import { parseSelector } from '../selector/parse.ts';
import { selectorQuery } from '../selector/selector.ts';
import type { Entry } from './entry.ts';
import type { Journal } from './journal.ts';
import { RenderedEntry, renderCurl, renderEntry, renderHar } from './render.ts';

const JournalQuery = Type.Object(
  {
    ...selectorQuery,
    after: Type.Optional(Type.Integer({ minimum: 0, description: '`cursor` of the previous page' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    order: Type.Optional(Type.Union([Type.Literal('oldest'), Type.Literal('newest')])),
    format: Type.Optional(
      Type.Union([Type.Literal('json'), Type.Literal('ndjson'), Type.Literal('har'), Type.Literal('curl')]),
    ),
  },
  { additionalProperties: false },
);

export const JournalPage = Type.Object({
  entries: Type.Array(RenderedEntry),
  cursor: Type.Integer({ description: 'where the next page begins' }),
  gap: Type.Boolean({ description: 'whether entries after the cursor asked for were already dropped' }),
});

const RemovalQuery = Type.Object(selectorQuery, { additionalProperties: false });
const Removed = Type.Object({ removed: Type.Integer() });

/** Registers `GET /journal`, `GET /journal/{seq}` and `DELETE /journal`. */
export function journalRoutes(app: App, journal: Journal): void {
  app.get(
    '/journal',
    {
      schema: {
        tags,
        operationId: 'readJournal',
        summary: 'Lists vendor requests with their replies, in the order of receipt',
        querystring: JournalQuery,
        response: {
          200: Type.Union([JournalPage, Type.Record(Type.String(), Type.Unknown()), Type.String()]),
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { after = 0, limit = 100, order = 'oldest', format = 'json', ...selector } = request.query;
      const page = journal.read({ selector: parseSelector(selector), after, limit, order });
      const { entries, cursor, gap } = page;
      const render = (entry: Entry): RenderedEntry => renderEntry(entry, journal.reader);
      if (format === 'har')
        return reply.type('application/json').send(renderHar(entries, version, journal.reader));
      if (format === 'json') return { entries: entries.map(render), cursor, gap };
      const lines =
        format === 'curl' ? entries.map(renderCurl) : entries.map((entry) => JSON.stringify(render(entry)));
      const type = format === 'curl' ? 'text/plain; charset=utf-8' : 'application/x-ndjson';
      return reply.type(type).send(lines.map((line) => `${line}\n`).join(''));
    },
  );
  app.get(
    '/journal/:seq',
    {
      schema: {
        tags,
        operationId: 'readJournalEntry',
        summary: 'Returns one vendor request with its reply',
        params: Type.Object({ seq: Type.Integer({ minimum: 1 }) }),
        response: { 200: RenderedEntry, ...refusals, 404: Failure },
      },
    },
    async (request) => {
      const entry = journal.get(request.params.seq);
      if (entry === undefined) throw new OperatorRefusal(404, `no journal entry ${request.params.seq}`);
      return renderEntry(entry, journal.reader);
    },
  );
  app.delete(
    '/journal',
    {
      schema: {
        tags,
        operationId: 'clearJournal',
        summary: 'Removes the selected requests from the journal; without a selector, all',
        querystring: RemovalQuery,
        response: { 200: Removed, ...refusals },
      },
    },
    async (request) => ({ removed: journal.remove(parseSelector(request.query)) }),
  );
}
