/** "UpdateLogStoreEncryption". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject, tenantOf } from '../projects/project.ts';
import { checkSettings } from './check-settings.ts';
import { changeLogstore } from './logstore-store.ts';

const Body = Type.Object({
  enable: Type.Boolean(),
  encryptType: Type.Optional(Type.String({ maxLength: 128 })),
  userCmkInfo: Type.Optional(
    Type.Object({
      keyId: Type.String({ maxLength: 1_024 }),
      roleArn: Type.String({ maxLength: 1_024 }),
      regionId: Type.String({ maxLength: 128 }),
    }),
  ),
});
const checkBody = validator(Body);

export function updateLogStoreEncryption(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateLogStoreEncryption',
    summary: 'Changes how a logstore is encrypted; kept and shown, nothing here is encrypted',
    method: 'PUT',
    path: '/logstores/:logstore/encryption',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...logstoreErrors, 'LogStoreInfoInvalid', 'PostBodyInvalid'],
    subject: projectSubject,
    async run(call) {
      const { enable, encryptType, userCmkInfo } = checkBody(withoutNulls(parseJson(call.body)), () =>
        errors.LogStoreInfoInvalid(),
      );
      // The logstore shows the same settings under other names.
      const encrypt_conf = {
        enable,
        ...(encryptType === undefined ? {} : { encrypt_type: encryptType }),
        ...(userCmkInfo === undefined
          ? {}
          : {
              user_cmk_info: {
                cmk_key_id: userCmkInfo.keyId,
                arn: userCmkInfo.roleArn,
                region_id: userCmkInfo.regionId,
              },
            }),
      };
      checkSettings({ encrypt_conf });
      const lastModifyTime = await context.nowSeconds(tenantOf(call.project));
      await changeLogstore(context, call, (before) => [
        { ...before, encrypt_conf, lastModifyTime },
        undefined,
      ]);
      return emptyReply;
    },
  };
}
