/** Shows where reports go, what waits there, and what operators should know about it. */
import { type Static, Type } from '@sinclair/typebox';
import type { App } from '../../kit/protocol.ts';
import type { PbxContext } from '../api/context.ts';
import { Diagnostic, listDiagnostics } from '../delivery/diagnostics.ts';
import { LastAttempt, listQueues, queueKey } from '../queues/stored-queue.ts';
import { newestReport } from '../reports/report-queue.ts';
import { listTokens } from '../tokens/token.ts';
import { failures, tags } from './update-model.ts';

const DeliveryView = Type.Object({
  user: Type.String(),
  tokens: Type.Array(Type.String()),
  url: Type.String({ description: 'where reports go' }),
  requested: Type.Object(
    { ipaddr: Type.String(), port: Type.Integer(), url: Type.String(), urltag: Type.String() },
    { description: 'the callback as the application sent it' },
  ),
  version: Type.String(),
  waiting: Type.Integer({ description: 'reports that were not delivered yet' }),
  attempts: Type.Integer({ description: 'at the next report' }),
  last: Type.Optional(LastAttempt),
});
type DeliveryView = Static<typeof DeliveryView>;

export function deliveryRoutes(app: App, context: PbxContext): void {
  app.get(
    '/deliveries',
    {
      schema: {
        tags,
        summary: 'Lists the callbacks of live tokens, and the reports that wait for them',
        response: { 200: Type.Object({ deliveries: Type.Array(DeliveryView) }), ...failures },
      },
    },
    async () => ({ deliveries: await listDeliveries(context) }),
  );
  app.get(
    '/diagnostics',
    {
      schema: {
        tags,
        summary: 'Lists refused callbacks and problems of deliveries, newest last',
        response: { 200: Type.Object({ diagnostics: Type.Array(Diagnostic) }), ...failures },
      },
    },
    async () => ({ diagnostics: await listDiagnostics(context.store) }),
  );
}

async function listDeliveries({ store, settings }: PbxContext): Promise<DeliveryView[]> {
  const [tokens, queues, newest] = await Promise.all([
    listTokens(store),
    listQueues(store),
    newestReport(store),
  ]);
  const views = new Map<string, DeliveryView>();
  for (const { user, token, callback } of tokens) {
    const { ipaddr, port, url, urltag, version, since = 0 } = callback;
    const key = queueKey(user, callback.callback);
    const known = views.get(key);
    if (known !== undefined) {
      known.tokens.push(token);
      continue;
    }
    const queue = queues.get(key);
    const waiting = newest - Math.max(queue?.cursor ?? 0, since);
    views.set(key, {
      user,
      tokens: [token],
      url: callback.callback,
      requested: { ipaddr, port, url, urltag },
      version,
      waiting: Math.max(0, Math.min(waiting, settings.pbxReportQueue)),
      attempts: queue?.attempts ?? 0,
      ...(queue?.last === undefined ? {} : { last: queue.last }),
    });
  }
  return [...views.values()];
}
