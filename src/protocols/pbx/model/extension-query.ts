/** `POST /api/{version}/extension/query`: the settings of some or all extensions. */
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
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field, noParameters } from '../api/parameters.ts';
import { authorize } from '../users/authorize.ts';
import { listedExtension } from './listed-extension.ts';
import { type Extension, type Model, readModel } from './model.ts';

const Body = Type.Object({
  /** v1: extension numbers with commas between them; absent, empty or "all": every extension. */
  extid: Field,
  /** v2: the same. */
  number: Field,
});
const readBody = bodyReader(Body);

export function extensionQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return {
    name: 'PbxExtensionQuery',
    summary: 'Returns the settings of extensions',
    ...endpoint('extension/query'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: Body,
      replies: {
        200: successWith({ extinfos: Type.Array(Type.Record(Type.String(), Type.String())) }),
      },
    },
    errors: [...tokenErrors, ...bodyErrors, errnos.noSuchExtension],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'extensions');
      const parameters = readBody(call.body) ?? noParameters;
      const { value: model } = await readModel(store, configuredModel);
      const numbers = parameters.get('number') ?? parameters.get('extid') ?? 'all';
      return succeedWith({ extinfos: selectExtensions(model, numbers).map(extensionInfo) });
    },
  };
}

/** Throws PbxError 10006 for an unknown number. */
function selectExtensions({ extensions }: Model, numbers: string): readonly Extension[] {
  const trimmed = numbers.trim();
  if (trimmed === '' || trimmed === 'all') return extensions;
  const known = new Map(extensions.map((extension) => [extension.number, extension]));
  return trimmed.split(',').map((number) => {
    const extension = known.get(number.trim());
    if (extension === undefined) throw new PbxError(errnos.noSuchExtension);
    return extension;
  });
}

function extensionInfo(extension: Extension): Record<string, string> {
  const { extnumber, username, status, type, agentid } = listedExtension(extension);
  return {
    extnumber,
    number: extnumber,
    username,
    status,
    type,
    callerid: extension.callerid ?? extnumber,
    registername: extnumber,
    maxregistrations: '1',
    email: '',
    mobile: '',
    language: 'System Default',
    hasvoicemail: 'off',
    enablevmtoemail: 'off',
    alwaysforward: 'off',
    noanswerforward: 'off',
    busyforward: 'off',
    ringsimultaneous: 'off',
    enablemobile: 'off',
    allowbeingmonitored: 'off',
    monitormode: 'Disabled',
    ringtimeout: '30',
    maxduration: 'Follow System',
    dnd: 'off',
    callrestriction: 'off',
    agentid,
  };
}
