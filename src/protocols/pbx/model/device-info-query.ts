/** `POST /api/{version}/deviceinfo/query`: the device. */

import { Type } from '@sinclair/typebox';
import { dateOf } from '../../kit/date.ts';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { dateTime, duration } from './date-time.ts';
import { readModel } from './model.ts';

const down: ReadonlySet<string> = new Set(['Unavailable', 'Unregistered', 'Malfunction', 'Fxsnoport']);

export function deviceInfoQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel, startedMs } = context;
  return authorizedCall(context, {
    name: 'PbxDeviceInfoQuery',
    summary: 'Returns the name, versions, time and extension count of the device',
    path: 'deviceinfo/query',
    permission: 'device',
    reply: { deviceinfo: Type.Record(Type.String(), Type.String()) },
    async run() {
      const dateMs = await dateOf(store, store.tenant);
      const { value: model } = await readModel(store, configuredModel);
      const { devicename, sn, hardwarever, firmwarever } = model.device;
      const up = model.extensions.filter(({ status = 'Registered' }) => !down.has(status)).length;
      return succeedWith({
        deviceinfo: {
          devicename,
          sn,
          hardwarever,
          firmwarever,
          systemtime: `${dateTime(dateMs)} UTC+0`,
          uptime: duration(Math.max(0, dateMs - startedMs)),
          extensionstatus: `${up}/${model.extensions.length}`,
        },
      });
    },
  });
}
