/** Injects failures into vendor requests. */
import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageSchema, timedPageQuery } from '../../protocols/kit/operator/page.ts';
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { refusals, tags } from '../schemas.ts';
import { Effect, Fault, FaultId } from './fault.ts';
import type { Faults } from './faults.ts';
import type { Rule } from './rules/rule-book.ts';

export const RuleView = Type.Object({
  // Not an intersection: a fault is closed, and allows no members beside its own.
  ...Fault.properties,
  id: Type.String(),
  at: Type.String({ description: 'when it was added, ISO 8601' }),
  matched: Type.Integer(),
  fired: Type.Integer(),
  held: Type.Integer({ description: 'requests that are held now' }),
  remaining: Type.Union([Type.Integer(), Type.Null()], { description: 'null: fires on every match' }),
});
/** A rule with what became of it. */
export type RuleView = Static<typeof RuleView>;
const Rules = Type.Object({ faults: Type.Array(RuleView) });
const Id = Type.Object({ id: FaultId });
const Counted = Type.Object({ count: Type.Integer() });

function shown({ id, fault, createdMs, place: _place, ...counts }: Rule) {
  return { ...fault, id, at: new Date(createdMs).toISOString(), ...counts };
}

/** Registers `/faults`, `/faults/{id}` and `/faults/{id}/release`. */
export function faultRoutes(app: App, faults: Faults): void {
  listRoutes(app, faults);
  ruleRoutes(app, faults);
}

function listRoutes(app: App, faults: Faults): void {
  const all = { tags, response: { 200: Rules, ...refusals } };
  const list = async () => ({ faults: (await faults.list()).map(shown) });
  app.get(
    '/faults',
    {
      schema: {
        tags,
        operationId: 'listFaults',
        summary: 'Lists the fault rules in the order in which they match',
        querystring: Type.Object(timedPageQuery),
        response: { 200: pageSchema('faults', RuleView), ...refusals },
      },
    },
    async ({ query }) => {
      const placeOf = ({ place }: Rule) => place;
      const { items, next } = pageOf({ name: 'faults', items: await faults.list(), placeOf }, query);
      return { faults: items.map(shown), next };
    },
  );
  app.post(
    '/faults',
    {
      schema: {
        tags,
        operationId: 'addFault',
        summary: 'Adds a fault rule, which fires once unless it says otherwise',
        body: Fault,
        response: { 200: RuleView, ...refusals, 409: Failure },
      },
    },
    async (request) => shown(await faults.put(request.body)),
  );
  app.put(
    '/faults',
    {
      schema: {
        ...all,
        operationId: 'replaceFaults',
        summary: 'Replaces all fault rules',
        body: Type.Array(Fault, { maxItems: 1_000 }),
      },
    },
    async (request) => {
      await faults.replaceAll(request.body);
      return list();
    },
  );
  app.delete(
    '/faults',
    { schema: { ...all, operationId: 'removeFaults', summary: 'Removes all fault rules' } },
    async () => {
      await faults.replaceAll([]);
      return list();
    },
  );
}

function ruleRoutes(app: App, faults: Faults): void {
  const one = { tags, params: Id, response: { 200: RuleView, ...refusals, 404: Failure } };
  const known = (id: string, rule: Rule | undefined): Rule => {
    if (rule === undefined) throw new OperatorRefusal(404, `no fault rule ${id}`);
    return rule;
  };
  app.get(
    '/faults/:id',
    { schema: { ...one, operationId: 'readFault', summary: 'Returns a fault rule' } },
    async ({ params: { id } }) => shown(known(id, await faults.get(id))),
  );
  app.patch(
    '/faults/:id',
    {
      schema: {
        ...one,
        operationId: 'changeFault',
        summary: 'Changes members of a fault rule, and counts anew',
        body: Type.Partial(
          Type.Object({ match: Fault.properties.match, when: Fault.properties.when, do: Effect }),
          {
            additionalProperties: false,
          },
        ),
      },
    },
    async ({ params: { id }, body }) => {
      const { fault } = known(id, await faults.get(id));
      return shown(await faults.put({ ...fault, ...body, id }));
    },
  );
  app.delete(
    '/faults/:id',
    { schema: { ...one, operationId: 'removeFault', summary: 'Removes a fault rule' } },
    async ({ params: { id } }) => shown(known(id, await faults.remove(id))),
  );
  app.post(
    '/faults/:id/release',
    {
      schema: {
        tags,
        operationId: 'releaseFault',
        summary: 'Lets the requests go that a fault rule holds',
        params: Id,
        response: { 200: Counted, ...refusals, 404: Failure },
      },
    },
    async (request) => ({ count: await faults.release(request.params.id) }),
  );
}
