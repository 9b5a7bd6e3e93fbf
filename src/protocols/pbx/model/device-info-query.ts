/** `POST /api/{version}/deviceinfo/query`: the device. */
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
import { dateTime, duration } from './date-time.ts';
import { readModel } from './model.ts';

const down: ReadonlySet<string> = new Set(['Unavailable', 'Unregistered', 'Malfunction', 'Fxsnoport']);

export function deviceInfoQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel, wallMs, startedMs } = context;
  return {
    name: 'PbxDeviceInfoQuery',
    summary: 'Returns the name, versions, time and extension count of the device',
    ...endpoint('deviceinfo/query'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      replies: { 200: successWith({ deviceinfo: Type.Record(Type.String(), Type.String()) }) },
    },
    errors: [...tokenErrors, ...bodyErrors],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'device');
      checkBody(call.body);
      const { value: model } = await readModel(store, configuredModel);
      const { devicename, sn, hardwarever, firmwarever } = model.device;
      const up = model.extensions.filter(({ status = 'Registered' }) => !down.has(status)).length;
      return succeedWith({
        deviceinfo: {
          devicename,
          sn,
          hardwarever,
          firmwarever,
          systemtime: `${dateTime(wallMs())} UTC+0`,
          uptime: duration(Math.max(0, wallMs() - startedMs)),
          extensionstatus: `${up}/${model.extensions.length}`,
        },
      });
    },
  };
}
