/** What the PBX answers itself or rings several extensions for: IVRs, queues, ring groups and conferences. */
import { type Static, Type } from '@sinclair/typebox';
import type { ServiceKind } from '../calls/play/step.ts';

const Name = Type.String({ minLength: 1, maxLength: 256 });
const ServiceNumber = Type.String({ minLength: 1, maxLength: 64 });
const Numbers = Type.Array(ServiceNumber, { maxItems: 500 });

const Numbered = Type.Object(
  { number: ServiceNumber, name: Type.Optional(Name) },
  { additionalProperties: false },
);

export const Queue = Type.Object(
  {
    number: ServiceNumber,
    name: Type.Optional(Name),
    agents: Type.Optional(Numbers),
    paused: Type.Optional(
      Type.Array(ServiceNumber, { maxItems: 500, description: 'agents who get no calls' }),
    ),
  },
  { additionalProperties: false },
);
export type Queue = Static<typeof Queue>;

const RingGroup = Type.Object(
  { number: ServiceNumber, name: Type.Optional(Name), members: Type.Optional(Numbers) },
  { additionalProperties: false },
);

const maxServices = 200;
/** Members of a model. */
export const services = {
  ivrs: Type.Optional(Type.Array(Numbered, { maxItems: maxServices })),
  queues: Type.Optional(Type.Array(Queue, { maxItems: maxServices })),
  ringGroups: Type.Optional(Type.Array(RingGroup, { maxItems: maxServices })),
  conferences: Type.Optional(Type.Array(Numbered, { maxItems: maxServices })),
};

const ModelServices = Type.Object(services);
export type ModelServices = Static<typeof ModelServices>;

/** The services of the model without settings. The numbers are those of the documents' samples. */
export const defaultServices: ModelServices = {
  ivrs: [{ number: '6500', name: 'Welcome' }],
  queues: [{ number: '6700', name: 'Support', agents: ['1000', '1001'] }],
  ringGroups: [{ number: '6200', name: 'Sales', members: ['1001', '1002'] }],
  conferences: [{ number: '6400', name: 'Meeting' }],
};

/** Returns the services of a model with the kind of each. */
export function listServices({ ivrs = [], queues = [], ringGroups = [], conferences = [] }: ModelServices) {
  const ofKind = (kind: ServiceKind, list: readonly { readonly number: string }[]) =>
    list.map(({ number }) => ({ kind, number }));
  return [
    ...ofKind('ivr', ivrs),
    ...ofKind('queue', queues),
    ...ofKind('ringGroup', ringGroups),
    ...ofKind('conference', conferences),
  ];
}

/** Returns what the PBX does for callers of a number; undefined: it is no number of its own. */
export function serviceOf(model: ModelServices, number: string): ServiceKind | undefined {
  return listServices(model).find((service) => service.number === number)?.kind;
}

/** Returns the extensions that a queue or a ring group rings: those that are not paused. */
export function agentsOf({ queues = [], ringGroups = [] }: ModelServices, number: string): readonly string[] {
  const queue = queues.find((known) => known.number === number);
  if (queue !== undefined)
    return (queue.agents ?? []).filter((agent) => queue.paused?.includes(agent) !== true);
  return ringGroups.find((known) => known.number === number)?.members ?? [];
}
