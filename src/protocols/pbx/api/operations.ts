/** The table of the calls of the API. Names are the documents' paths in camel case behind `Pbx`, since ids are unique over all protocols. */
import { callQuery, extensionQueryCall } from '../calls/call-query.ts';
import { controllingCalls } from '../calls/control-calls.ts';
import { diallingCalls } from '../calls/dial-calls.ts';
import { inboundQuery, outboundQuery } from '../calls/trunk-calls-query.ts';
import { apply } from '../model/apply.ts';
import { deviceInfoQuery } from '../model/device-info-query.ts';
import { extensionList, extensionListQuery } from '../model/extension-list-query.ts';
import { extensionQuery } from '../model/extension-query.ts';
import { extensionAdd, extensionDelete, extensionUpdate } from '../model/extension-update.ts';
import { inboundRouteQuery } from '../model/inbound-route-query.ts';
import {
  queuePauseAgent,
  queueQuery,
  queueQueryStatus,
  queueStatusQuery,
  queueUnpauseAgent,
} from '../model/queue-calls.ts';
import { sipTrunkQuery, trunkList, trunkListQuery, trunkQuerySipTrunk } from '../model/trunk-list-query.ts';
import { cdrDownload, cdrGetRandom } from '../records/cdr-calls.ts';
import { recordingDownload, recordingGetRandom } from '../records/recording-calls.ts';
import { heartbeat } from '../tokens/heartbeat.ts';
import { logout } from '../tokens/logout.ts';
import { tokenRefresh } from '../tokens/token-refresh.ts';
import { login } from '../users/login.ts';
import type { PbxOperation } from './call.ts';
import { catchAlls } from './catch-all.ts';
import type { PbxContext } from './context.ts';

const everywhere = [
  heartbeat,
  login,
  logout,
  deviceInfoQuery,
  extensionListQuery,
  extensionList,
  extensionQuery,
  trunkListQuery,
  trunkList,
  sipTrunkQuery,
  trunkQuerySipTrunk,
  inboundRouteQuery,
  extensionUpdate,
  extensionAdd,
  extensionDelete,
  queueQuery,
  queueStatusQuery,
  queueQueryStatus,
  queuePauseAgent,
  queueUnpauseAgent,
  inboundQuery,
  outboundQuery,
  apply,
  ...diallingCalls,
  ...controllingCalls,
  callQuery,
  extensionQueryCall,
  cdrGetRandom,
  cdrDownload,
  recordingGetRandom,
  recordingDownload,
] as const;

const cloudOnly = [tokenRefresh] as const;

/** Returns the operations of the API, with their spellings that the document leaves out. */
export function pbxOperations(context: PbxContext): readonly PbxOperation[] {
  const makers = context.settings.pbxFlavour === 'cloud' ? [...everywhere, ...cloudOnly] : everywhere;
  const calls = makers.map((make) => make(context));
  return [...calls, ...calls.map(asGet), ...catchAlls(context)];
}

/** Real clients send GET where the documents have POST; the dialect decides whether it is refused. */
function asGet(operation: PbxOperation): PbxOperation {
  return { ...operation, method: 'GET', isHidden: true };
}
