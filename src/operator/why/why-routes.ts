/** `GET /why`: explains a situation in sentences, from the same state that decides it. */
import { Type } from '@sinclair/typebox';
import { distinct, named, type UnknownName } from '../../protocols/kit/explain.ts';
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import { nearestNames, suggestion } from '../../settings/nearest.ts';
import type { Store } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Gather } from '../nodes/gather.ts';
import { refusals, tags } from '../schemas.ts';
import { answerFrom, type Memory, makeEvidence } from './evidence.ts';

const Name = (description: string) => Type.String({ description, minLength: 1, maxLength: 1_024 });

const WhyQuery = Type.Object({
  tenant: Name('sls/<project>, pbx/<name> (pbx/default) or presence/<subscribe key>'),
  group: Type.Optional(Name('logstore and consumer group, API user, or channel')),
  holder: Type.Optional(Name('consumer, token, or uuid')),
});

export const Why = Type.Object({
  sentences: Type.Array(Type.String(), { description: 'the explanation, one statement each' }),
  facts: Type.Record(Type.String(), Type.Unknown(), {
    description: 'the data that the sentences are made from',
  }),
});

/** Unknown names, with those that are known and most like them. */
export const UnknownReply = Type.Object({
  error: Type.String(),
  nearest: Type.Optional(Type.Array(Type.String(), { description: 'known names that are most like it' })),
});

const maxNearest = 5;

export interface WhyOptions extends Memory {
  readonly store: Pick<Store, 'tenants'>;
  readonly protocols: readonly Pick<Protocol, 'name' | 'explain' | 'time'>[];
  /** Returns a function that asks the other nodes for what `answer` returns there. */
  gather(name: string, answer: (question: unknown) => unknown): Gather;
}

/** Registers `GET /why`. */
export function whyRoutes(app: App, options: WhyOptions): void {
  const ask = options.gather('why', (question) => answerFrom(options, question));
  app.get(
    '/why',
    {
      schema: {
        tags,
        operationId: 'why',
        summary:
          'Explains in sentences why a group, a holder or a shard is as it is, with the data behind them',
        querystring: WhyQuery,
        response: { 200: Why, ...refusals, 404: UnknownReply },
      },
    },
    async (request, reply) => {
      const { tenant } = request.query;
      const [known, gathered] = await Promise.all([tenantsOf(options), ask(request.query)]);
      const evidence = makeEvidence(options, gathered);
      if (!known.includes(tenant) && evidence.leases({ tenant }).length === 0)
        return reply.code(404).send(describe({ unknown: 'tenant', name: tenant, known }));
      const explain = options.protocols.find(({ name }) => name === protocolOf(tenant))?.explain;
      if (explain === undefined)
        return reply.code(404).send({ error: `nothing explains ${protocolOf(tenant)}` });
      const found = await explain(request.query, evidence);
      if ('unknown' in found) return reply.code(404).send(describe(found));
      const { sentences, facts } = found;
      return { sentences: [...sentences, ...tellSilent(gathered.silent)], facts };
    },
  );
}

const tellSilent = (nodes: readonly string[]): string[] =>
  nodes.length === 0
    ? []
    : [
        `${named('Node', nodes)} did not answer: what only ${nodes.length === 1 ? 'it' : 'they'} served is missing here.`,
      ];

/** Returns the tenants that hold anything, and those that are there from the start. */
async function tenantsOf({ store, protocols }: WhyOptions): Promise<string[]> {
  const fixed = protocols.flatMap(({ time }) => [...(time?.tenants?.() ?? [])]);
  return distinct([...(await store.tenants()).map(({ tenant }) => tenant), ...fixed]);
}

/** Returns the reply for a name that is not known. */
export function describe({ unknown, name, known }: UnknownName): { error: string; nearest: string[] } {
  const nearest = [...nearestNames(name, known, maxNearest)];
  const more = known.length > nearest.length ? ', …' : '';
  const hint =
    nearest.length === 0
      ? `; no ${unknown} is known there`
      : suggestion(name, known, `known there: ${nearest.join(', ')}${more}`);
  return { error: `unknown ${unknown} ${JSON.stringify(name.slice(0, 100))}${hint}`, nearest };
}
