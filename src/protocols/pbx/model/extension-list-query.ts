/** `POST /api/{version}/extensionlist/query`, in v2.0.0 `extension/list`: all extensions with their states. */
import { type TProperties, Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { ListedExtension, listedExtension } from './listed-extension.ts';
import { type Extension, readModel } from './model.ts';

export function extensionListQuery(context: PbxContext): PbxOperation {
  return listing(context, {
    name: 'PbxExtensionListQuery',
    summary: 'Lists all extensions with their states (v1)',
    path: 'extensionlist/query',
    item: ListedExtension.properties,
    show: listedExtension,
  });
}

export function extensionList(context: PbxContext): PbxOperation {
  return listing(context, {
    name: 'PbxExtensionList',
    summary: 'Lists all extensions with their states (v2)',
    path: 'extension/list',
    item: { number: Type.String(), ...ListedExtension.properties },
    // Clients of v2 read `number`, those of v1 `extnumber`.
    show: (extension) => ({ number: extension.number, ...listedExtension(extension) }),
  });
}

interface Listing {
  readonly name: string;
  readonly summary: string;
  readonly path: string;
  readonly item: TProperties;
  show(extension: Extension): Readonly<Record<string, string>>;
}

function listing(context: PbxContext, { item, show, ...rest }: Listing): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    ...rest,
    permission: 'extensions',
    reply: { extlist: Type.Array(Type.Object(item)) },
    async run() {
      const { value: model } = await readModel(store, configuredModel);
      return succeedWith({ extlist: model.extensions.map(show) });
    },
  });
}
