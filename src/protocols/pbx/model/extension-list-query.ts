/** `POST /api/{version}/extensionlist/query`: all extensions, as v1 lists them. */
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

export function extensionListQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return {
    name: 'PbxExtensionListQuery',
    summary: 'Lists all extensions with their states (v1)',
    ...endpoint('extensionlist/query'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      replies: { 200: successWith({ extlist: Type.Array(ListedExtension) }) },
    },
    errors: [...tokenErrors, ...bodyErrors],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'extensions');
      checkBody(call.body);
      const { value: model } = await readModel(store, configuredModel);
      return succeedWith({ extlist: model.extensions.map(listedExtension) });
    },
  };
}
