/** "GetLogStoreMeteringMode" and "UpdateLogStoreMeteringMode". Kept and shown; nothing here is charged. */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { emptyReply, jsonReply } from '../../wire/reply.ts';
import { parseJson } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject, tenantOf } from '../projects/project.ts';
import { changeLogstore, readLogstore } from './logstore-store.ts';

const path = '/logstores/:logstore/meteringmode';
const byFunction = 'ChargeByFunction';
const Body = Type.Object({
  meteringMode: Type.Union([Type.Literal(byFunction), Type.Literal('ChargeByDataIngest')]),
});
const checkBody = validator(Body);

export function getLogStoreMeteringMode(context: ResourceContext): SlsOperation {
  return {
    name: 'GetLogStoreMeteringMode',
    summary: 'Returns how the use of a logstore is charged',
    method: 'GET',
    path,
    schema: { replies: { 200: Body } },
    errors: logstoreErrors,
    subject: projectSubject,
    async run(call) {
      const { value } = await readLogstore(context, call);
      return jsonReply({ meteringMode: value.meteringMode ?? byFunction });
    },
  };
}

export function updateLogStoreMeteringMode(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateLogStoreMeteringMode',
    summary: 'Changes how the use of a logstore is charged; kept and shown, nothing depends on it',
    method: 'PUT',
    path,
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...logstoreErrors, 'MeteringModeNotSupported', 'PostBodyInvalid'],
    subject: projectSubject,
    async run(call) {
      const { meteringMode } = checkBody(parseJson(call.body), () =>
        errors.ParameterInvalid('meteringMode is invalid'),
      );
      const lastModifyTime = await context.nowSeconds(tenantOf(call.project));
      await changeLogstore(context, call, (before) => {
        const { mode = 'standard', telemetryType } = before;
        if (meteringMode !== byFunction && (mode !== 'standard' || telemetryType === 'Metrics'))
          throw errors.MeteringModeNotSupported();
        return [{ ...before, meteringMode, lastModifyTime }, undefined];
      });
      return emptyReply;
    },
  };
}
