/** `POST /api/{version}/extension/list`: all extensions, as v2 lists them. */
import { Type } from '@sinclair/typebox';
import {
  endpoint,
  type PbxOperation,
  succeedWith,
  successWith,
  TokenQuery,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, tokenErrors } from '../api/errors.ts';
import { checkBody } from '../api/parameters.ts';
import { authorize } from '../users/authorize.ts';
import { ListedExtension, listedExtension } from './listed-extension.ts';
import { readModel } from './model.ts';

const Numbered = Type.Composite([Type.Object({ number: Type.String() }), ListedExtension]);

export function extensionList(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return {
    name: 'PbxExtensionList',
    summary: 'Lists all extensions with their states (v2)',
    ...endpoint('extension/list'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      replies: { 200: successWith({ extlist: Type.Array(Numbered) }) },
    },
    errors: [...tokenErrors, ...bodyErrors],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'extensions');
      checkBody(call.body);
      const { value: model } = await readModel(store, configuredModel);
      // Clients of v2 read `number`, those of v1 `extnumber`.
      const extlist = model.extensions.map((extension) => ({
        number: extension.number,
        ...listedExtension(extension),
      }));
      return succeedWith({ extlist });
    },
  };
}
