/**
 * `extension/update`, `extension/add` and `extension/delete`: change the extensions of the emulated PBX, and report it. Settings that the
 * emulated PBX does not have are ignored.
 */
import { Value } from '@sinclair/typebox/value';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, success } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import type { Parameters } from '../api/parameters.ts';
import { namesIn } from '../api/select.ts';
import type { Report } from '../reports/catalog.ts';
import { changeModel } from './change-model.ts';
import { Extension, isTaken, type Model, maxExtensions } from './model.ts';

const changeable = ['username', 'callerid', 'agentid'] as const;

/** In v1 `extid`, in v2.0.0 `number`. Throws PbxError 10004 for none. */
function numberIn(parameters: Parameters): string {
  const number = (parameters.get('number') ?? parameters.get('extid') ?? '').trim();
  if (number === '') throw new PbxError(errnos.parameterBlank);
  return number;
}

function settingsIn(parameters: Parameters): Partial<Extension> {
  const sent = changeable.flatMap((name) => {
    const value = parameters.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(sent);
}

/** Throws PbxError 10017 for settings that no extension can have. */
function checked(extension: Extension): Extension {
  if (!Value.Check(Extension, extension)) throw new PbxError(errnos.extensionConfigurationFailed);
  return extension;
}

interface ExtensionChange {
  readonly extensions: readonly Extension[];
  /** Numbers of the extensions to report; none: the model stays as it is. */
  readonly changed: readonly string[];
}

/** Replaces the extensions by those that `change` returns, and reports each of the changed ones. */
async function changeExtensions(
  context: PbxContext,
  operation: 'add' | 'update' | 'del',
  change: (model: Model) => ExtensionChange,
): Promise<void> {
  await changeModel(context, async (model) => {
    const { extensions, changed } = change(model);
    const reports = changed.map(
      (name): Report => ({ report: 'ConfigChange', type: 'extension', name, operation }),
    );
    return {
      model: changed.length === 0 ? model : { ...model, extensions: [...extensions] },
      reports,
      result: undefined,
    };
  });
}

export function extensionUpdate(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxExtensionUpdate',
    summary: 'Changes the settings of an extension and reports it',
    path: 'extension/update',
    permission: 'extensions',
    parameters: ['extid', 'number', ...changeable],
    needsBody: true,
    reply: {},
    errors: [errnos.parameterBlank, errnos.noSuchExtension, errnos.extensionConfigurationFailed],
    async run(parameters) {
      const number = numberIn(parameters);
      await changeExtensions(context, 'update', ({ extensions }) => {
        const before = extensions.find((extension) => extension.number === number);
        if (before === undefined) throw new PbxError(errnos.noSuchExtension);
        const after = checked({ ...before, ...settingsIn(parameters) });
        return {
          extensions: extensions.map((extension) => (extension === before ? after : extension)),
          changed: Value.Equal(before, after) ? [] : [number],
        };
      });
      return success;
    },
  });
}

export function extensionAdd(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxExtensionAdd',
    summary: 'Adds an extension and reports it',
    path: 'extension/add',
    permission: 'extensions',
    parameters: ['extid', 'number', ...changeable],
    needsBody: true,
    reply: {},
    errors: [
      errnos.parameterBlank,
      errnos.extensionExists,
      errnos.tooManyExtensions,
      errnos.extensionConfigurationFailed,
    ],
    async run(parameters) {
      const number = numberIn(parameters);
      const added = checked({ number, type: 'SIP', status: 'Registered', ...settingsIn(parameters) });
      await changeExtensions(context, 'add', (model) => {
        if (isTaken(model, number)) throw new PbxError(errnos.extensionExists);
        if (model.extensions.length >= maxExtensions) throw new PbxError(errnos.tooManyExtensions);
        return { extensions: [...model.extensions, added], changed: [number] };
      });
      return success;
    },
  });
}

export function extensionDelete(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxExtensionDelete',
    summary: 'Deletes extensions and reports it',
    path: 'extension/delete',
    permission: 'extensions',
    parameters: ['extid', 'number'],
    needsBody: true,
    reply: {},
    errors: [errnos.parameterBlank, errnos.noSuchExtension],
    async run(parameters) {
      const numbers = new Set(namesIn(numberIn(parameters)));
      // "all" is documented for queries only.
      if (numbers.size === 0) throw new PbxError(errnos.noSuchExtension);
      await changeExtensions(context, 'del', (model) => {
        const extensions = model.extensions.filter(({ number }) => !numbers.has(number));
        if (extensions.length + numbers.size !== model.extensions.length)
          throw new PbxError(errnos.noSuchExtension);
        return { extensions, changed: [...numbers] };
      });
      return success;
    },
  });
}
