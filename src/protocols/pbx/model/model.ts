/**
 * The emulated PBX: its device, extensions and trunks, as the queries show them. It starts as the settings describe it; changes by
 * calls, reports and the operator are stored as a document.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { DocumentWrite } from '../../../store/store.ts';
import { documentKind, type Versioned } from '../../kit/documents.ts';
import { validator } from '../../kit/validate.ts';
import { Answering } from '../calls/play/answering.ts';
import type { PbxStore } from '../tenant.ts';
import { defaultServices, listServices, services } from './services.ts';

const Name = Type.String({ minLength: 1, maxLength: 256 });
const Text = Type.String({ maxLength: 256 });

export const extensionStatuses = [
  'Unavailable',
  'Registered',
  'Unregistered',
  'Ringing',
  'Busy',
  'Hold',
  'InUse',
  'Malfunction',
  'Idle',
  'Fxsnoport',
] as const;
export const ExtensionStatus = Type.Union(extensionStatuses.map((status) => Type.Literal(status)));

export const Extension = Type.Object(
  {
    number: Name,
    username: Type.Optional(Text),
    type: Type.Optional(Type.Union([Type.Literal('SIP'), Type.Literal('FXS')])),
    status: Type.Optional(ExtensionStatus),
    callerid: Type.Optional(Text),
    agentid: Type.Optional(Text),
  },
  { additionalProperties: false },
);
export type Extension = Static<typeof Extension>;

export const Trunk = Type.Object(
  {
    name: Name,
    type: Type.Optional(Name),
    status: Type.Optional(Name),
    port: Type.Optional(Text),
    host: Type.Optional(Type.String({ maxLength: 256, description: 'of a SIP trunk' })),
  },
  { additionalProperties: false },
);
export type Trunk = Static<typeof Trunk>;

const InboundRoute = Type.Object(
  {
    name: Name,
    did: Type.Optional(Text),
    callerid: Type.Optional(Text),
    trunks: Type.Optional(Type.Array(Name, { maxItems: 500 })),
    desttype: Type.String({ maxLength: 256, description: '"extension", "ivr", "queue", "hangup", …' }),
    dest: Type.Optional(Text),
  },
  { additionalProperties: false },
);
export type InboundRoute = Static<typeof InboundRoute>;

export const maxExtensions = 2_000;

export const Model = Type.Object(
  {
    device: Type.Object(
      { devicename: Text, sn: Name, hardwarever: Text, firmwarever: Text },
      { additionalProperties: false },
    ),
    extensions: Type.Array(Extension, { maxItems: maxExtensions }),
    trunks: Type.Array(Trunk, { maxItems: 500 }),
    ...services,
    inboundRoutes: Type.Optional(Type.Array(InboundRoute, { maxItems: 500 })),
    answering: Type.Optional(
      Type.Record(Type.String({ maxLength: 64 }), Answering, {
        description: 'by called number; absent: answer',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Model = Static<typeof Model>;
const models = documentKind('model', Model);
const validateModel = validator(Model);
const key = 'pbx';

/** The model without settings: four telephones, a SIP trunk and an analogue line. */
export const defaultModel: Model = {
  device: {
    devicename: 'heartbeatd PBX',
    sn: '369350000001',
    hardwarever: 'V1.00 0000-0000',
    firmwarever: '30.5.0.19',
  },
  extensions: [
    { number: '1000', username: 'Ann', type: 'SIP', status: 'Registered' },
    { number: '1001', username: 'Ben', type: 'SIP', status: 'Registered' },
    { number: '1002', username: 'Cleo', type: 'SIP', status: 'Registered' },
    { number: '1003', username: 'Door', type: 'FXS', status: 'Idle' },
  ],
  trunks: [
    { name: 'SIP-1', type: 'SIP', status: 'Registered' },
    { name: 'FXO1-1', type: 'FXO', status: 'Idle', port: 'Span1-Port1' },
  ],
  ...defaultServices,
  inboundRoutes: [{ name: 'Welcome', trunks: ['SIP-1', 'FXO1-1'], desttype: 'ivr', dest: '6500' }],
};

/** Parses the JSON text of a model. Throws Error that names what is wrong with it. */
export function parseModel(text: string): Model {
  const model = validateModel(
    JSON.parse(text),
    ({ path, message }) => new Error(`${path || 'file'}: ${message}`),
  );
  const numbers = [...model.extensions, ...listServices(model)].map(({ number }) => number);
  const number = duplicate(numbers);
  if (number !== undefined) throw new Error(`number ${number} appears twice`);
  const trunk = duplicate(model.trunks.map(({ name }) => name));
  if (trunk !== undefined) throw new Error(`trunk ${trunk} appears twice`);
  return model;
}

function duplicate(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at);
}

/** Returns the current model; `configured`, with version 0, until it is changed. */
export async function readModel(store: PbxStore, configured: Model): Promise<Versioned<Model>> {
  return (await models.read(store, store.tenant, key)) ?? { value: configured, version: 0 };
}

/** Returns the write of a model over the version that was read. */
export function writeModel(model: Model, version: number): DocumentWrite {
  return models.write(key, model, { version });
}

/** Returns the model with an extension in a state; the same content if there is no such extension. */
export function withExtensionStatus(
  model: Model,
  number: string,
  status: Extension['status'] & string,
): Model {
  return {
    ...model,
    extensions: model.extensions.map((extension) =>
      extension.number === number ? { ...extension, status } : extension,
    ),
  };
}

/** Returns the model with a trunk in a state; the same content if there is no such trunk. */
export function withTrunkStatus(model: Model, name: string, status: string): Model {
  return {
    ...model,
    trunks: model.trunks.map((trunk) => (trunk.name === name ? { ...trunk, status } : trunk)),
  };
}

/** Returns the state of an extension without a call: analogue telephones are idle, the others are registered. */
export function restingStatus(extension: Pick<Extension, 'type'> | undefined): 'Idle' | 'Registered' {
  return extension?.type === 'FXS' ? 'Idle' : 'Registered';
}

/** Returns true if an extension or something that the PBX answers itself has the number. */
export function isTaken(model: Model, number: string): boolean {
  return [...model.extensions, ...listServices(model)].some((known) => known.number === number);
}
