/** An extension as the lists of v1 and v2 show it. */
import { Type } from '@sinclair/typebox';
import { type Extension, restingStatus } from './model.ts';

export const ListedExtension = Type.Object({
  extnumber: Type.String(),
  status: Type.String(),
  type: Type.String(),
  username: Type.String(),
  agentid: Type.String(),
});

export function listedExtension(extension: Extension) {
  return {
    extnumber: extension.number,
    status: extension.status ?? restingStatus(extension),
    type: extension.type ?? 'SIP',
    username: extension.username ?? extension.number,
    agentid: extension.agentid ?? '',
  };
}
