/** `POST /api/{version}/extension/update`: changes the settings of an extension that the emulated PBX has, and reports it. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { endpoint, type PbxOperation, success, successWith, TokenQuery, VersionParams } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field } from '../api/parameters.ts';
import type { Report } from '../reports/catalog.ts';
import { authorize } from '../users/authorize.ts';
import { changeModel } from './change-model.ts';
import { Extension } from './model.ts';

const Body = Type.Object({
  extid: Field,
  /** The same as `extid`, in v2.0.0. */
  number: Field,
  username: Field,
  callerid: Field,
  agentid: Field,
});
const readBody = bodyReader(Body);
const changeable = ['username', 'callerid', 'agentid'] as const;

export function extensionUpdate(context: PbxContext): PbxOperation {
  return {
    name: 'PbxExtensionUpdate',
    summary: 'Changes the settings of an extension; those that the emulated PBX does not have are ignored',
    ...endpoint('extension/update'),
    schema: { params: VersionParams, query: TokenQuery, body: Body, replies: { 200: successWith({}) } },
    errors: [...tokenErrors, ...bodyErrors, errnos.dataBlank, errnos.parameterBlank, errnos.noSuchExtension],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'extensions');
      const parameters = readBody(call.body);
      if (parameters === undefined) throw new PbxError(errnos.dataBlank);
      const number = (parameters.get('number') ?? parameters.get('extid') ?? '').trim();
      if (number === '') throw new PbxError(errnos.parameterBlank);
      const sent = changeable.flatMap((name) => {
        const value = parameters.get(name);
        return value === undefined ? [] : [[name, value] as const];
      });
      await changeModel(context, async (model) => {
        const before = model.extensions.find((extension) => extension.number === number);
        if (before === undefined) throw new PbxError(errnos.noSuchExtension);
        const after = { ...before, ...Object.fromEntries(sent) };
        if (!Value.Check(Extension, after)) throw new PbxError(errnos.jsonOnly);
        if (Value.Equal(before, after)) return { model, reports: [], result: undefined };
        const extensions = model.extensions.map((extension) => (extension === before ? after : extension));
        const report: Report = {
          report: 'ConfigChange',
          type: 'extension',
          name: number,
          operation: 'update',
        };
        return { model: { ...model, extensions }, reports: [report], result: undefined };
      });
      return success;
    },
  };
}
