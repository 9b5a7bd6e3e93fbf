/**
 * The PBX that is emulated: its device, extensions and trunks, as the queries show them. It begins as the settings say and
 * changes when somebody plays with it; what changed is kept in the store.
 */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { DocumentWrite, Store } from '../../../store/store.ts';
import { tenant } from '../tokens/tokens.ts';

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
  { name: Name, type: Type.Optional(Name), status: Type.Optional(Name), port: Type.Optional(Text) },
  { additionalProperties: false },
);
export type Trunk = Static<typeof Trunk>;

export const Model = Type.Object(
  {
    device: Type.Object(
      { devicename: Text, sn: Name, hardwarever: Text, firmwarever: Text },
      { additionalProperties: false },
    ),
    extensions: Type.Array(Extension, { maxItems: 2_000 }),
    trunks: Type.Array(Trunk, { maxItems: 500 }),
  },
  { additionalProperties: false },
);
export type Model = Static<typeof Model>;
const isModel = TypeCompiler.Compile(Model);

/** What there is if no settings say otherwise: four telephones, a SIP trunk and an analogue line. */
export const smallPbx: Model = {
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
};

/** A model from JSON text. Throws Error saying what is wrong with it. */
export function parseModel(text: string): Model {
  const model: unknown = JSON.parse(text);
  if (isModel.Check(model)) {
    const twice = duplicate(model.extensions.map(({ number }) => number));
    if (twice !== undefined) throw new Error(`extension ${twice} is there twice`);
    const trunkTwice = duplicate(model.trunks.map(({ name }) => name));
    if (trunkTwice !== undefined) throw new Error(`trunk ${trunkTwice} is there twice`);
    return model;
  }
  const [first] = isModel.Errors(model);
  throw new Error(`${first?.path || 'it'}: ${first?.message ?? 'unreadable'}`);
}

function duplicate(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at);
}

const collection = 'model';
const key = 'pbx';

/** The model now, and the version of its document: 0 while it is what the settings say. */
export async function readModel(
  store: Store,
  configured: Model,
): Promise<{ readonly model: Model; readonly version: number }> {
  const [document] = await store.readDocuments({ tenant, documents: [{ collection, key }] });
  if (document == null) return { model: configured, version: 0 };
  const model: unknown = JSON.parse(document.value);
  return isModel.Check(model)
    ? { model, version: document.version }
    : { model: configured, version: document.version };
}

/** Null: what the settings say. */
export function writeModel(model: Model | null, version?: number): DocumentWrite {
  return {
    collection,
    key,
    value: model === null ? null : JSON.stringify(model),
    ...(version === undefined ? {} : { version }),
  };
}

/** The model with an extension in that state; unchanged if there is no such extension. */
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

/** The model with a trunk in that state; unchanged if there is no such trunk. */
export function withTrunkStatus(model: Model, name: string, status: string): Model {
  return {
    ...model,
    trunks: model.trunks.map((trunk) => (trunk.name === name ? { ...trunk, status } : trunk)),
  };
}

/** How an extension is when nobody uses it: only analogue telephones are idle, the others are registered. */
export function restingStatus(extension: Pick<Extension, 'type'> | undefined): 'Idle' | 'Registered' {
  return extension?.type === 'FXS' ? 'Idle' : 'Registered';
}
