/** `POST /api/{version}/extension/query`: the settings of some or all extensions. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos } from '../api/errors.ts';
import { selectNamed } from '../api/select.ts';
import { listedExtension } from './listed-extension.ts';
import { type Extension, readModel } from './model.ts';

export function extensionQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    name: 'PbxExtensionQuery',
    summary: 'Returns the settings of extensions',
    path: 'extension/query',
    permission: 'extensions',
    // Numbers with commas between them; v1 calls them `extid`.
    parameters: ['extid', 'number'],
    reply: { extinfos: Type.Array(Type.Record(Type.String(), Type.String())) },
    errors: [errnos.noSuchExtension],
    async run(parameters) {
      const { value: model } = await readModel(store, configuredModel);
      const selected = selectNamed(model.extensions, {
        asked: parameters.get('number') ?? parameters.get('extid'),
        name: ({ number }) => number,
        unknown: errnos.noSuchExtension,
      });
      return succeedWith({ extinfos: selected.map(extensionInfo) });
    },
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
