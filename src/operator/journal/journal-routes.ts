/** Reads and clears the journal of vendor requests. */
import { Type } from '@sinclair/typebox';
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { version } from '../../version.ts';
import { refusals, tags } from '../schemas.ts';
import type { CheckSelector } from '../selector/check.ts';
import { parseSelector } from '../selector/parse.ts';
import { type Selector, selectorQuery } from '../selector/selector.ts';
import { JournalCursor } from './nodes/position.ts';
import type { SharedJournal } from './nodes/shared-journal.ts';
import { harOf, RenderedEntry } from './render.ts';

const JournalQuery = Type.Object(
  {
    ...selectorQuery,
    after: Type.Optional(JournalCursor),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    order: Type.Optional(Type.Union([Type.Literal('oldest'), Type.Literal('newest')])),
    format: Type.Optional(
      Type.Union([Type.Literal('json'), Type.Literal('ndjson'), Type.Literal('har'), Type.Literal('curl')]),
    ),
  },
  { additionalProperties: false },
);

const UnseenNodes = Type.Array(Type.String(), {
  description: 'nodes over the same Redis that did not answer, or keep no journal: their entries are missing',
});

export const JournalPage = Type.Object({
  entries: Type.Array(RenderedEntry),
  cursor: Type.Union([Type.Integer(), Type.String()], {
    description: 'where the next page begins; over Redis text, and with order=newest just before this page',
  }),
  gap: Type.Boolean({ description: 'whether entries after the cursor asked for were already dropped' }),
  unseenNodes: UnseenNodes,
});

const RemovalQuery = Type.Object(selectorQuery, { additionalProperties: false });
const Removed = Type.Object({ removed: Type.Integer(), unseenNodes: UnseenNodes });

/** Names the nodes of `unseenNodes` where the reply is not a page. */
const unseenHeader = 'heartbeatd-unseen-nodes';

/** Registers `GET /journal`, `GET /journal/{seq}` and `DELETE /journal`. */
export function journalRoutes(app: App, journal: SharedJournal, check: CheckSelector): void {
  const selectorIn = (members: Parameters<typeof parseSelector>[0]): Selector => {
    const selector = parseSelector(members);
    check(selector, { of: 'requests', where: '' });
    return selector;
  };
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
      const query = { selector: selectorIn(selector), after, limit, order };
      const page = await journal.page({ ...query, format: format === 'ndjson' ? 'json' : format });
      const { shown, cursor, gap, unseenNodes } = page;
      if (format === 'json')
        return { entries: shown as RenderedEntry[], cursor, gap, unseenNodes: [...unseenNodes] };
      if (unseenNodes.length > 0) reply.header(unseenHeader, unseenNodes.join(', '));
      if (format === 'har') return reply.type('application/json').send(harOf(shown, version));
      const lines = format === 'curl' ? shown : shown.map((entry) => JSON.stringify(entry));
      const type = format === 'curl' ? 'text/plain; charset=utf-8' : 'application/x-ndjson';
      return reply.type(type).send(lines.map((line) => `${line}\n`).join(''));
    },
  );
  entryRoute(app, journal);
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
    async (request) => {
      const { removed, unseenNodes } = await journal.remove(selectorIn(request.query));
      return { removed, unseenNodes: [...unseenNodes] };
    },
  );
}

function entryRoute(app: App, journal: SharedJournal): void {
  app.get(
    '/journal/:seq',
    {
      schema: {
        tags,
        operationId: 'readJournalEntry',
        summary: 'Returns one vendor request with its reply',
        params: Type.Object({ seq: Type.Integer({ minimum: 1 }) }),
        querystring: Type.Object(
          { node: Type.Optional(Type.String({ maxLength: 300, description: '`node` of the entry' })) },
          { additionalProperties: false },
        ),
        response: { 200: RenderedEntry, ...refusals, 404: Failure },
      },
    },
    async (request) => {
      const { node } = request.query;
      const { seq } = request.params;
      const [entry] = await journal.entries([{ seq, node }]);
      const where = node === undefined ? '' : ` of node ${node}, or it does not answer`;
      if (entry === undefined) throw new OperatorRefusal(404, `no journal entry ${seq}${where}`);
      return entry as RenderedEntry;
    },
  );
}
