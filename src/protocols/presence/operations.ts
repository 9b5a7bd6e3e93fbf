/** The table of operations: every vendor call that is emulated, and the preflight requests of browsers. */
import { grant } from './access/grant.ts';
import { grantToken } from './access/grant-token.ts';
import { revokeToken } from './access/revoke-token.ts';
import { addChannelsToGroup } from './channel-groups/add-channels-to-group.ts';
import { listChannelsInGroup } from './channel-groups/list-channels-in-group.ts';
import { listGroups } from './channel-groups/list-groups.ts';
import { removeChannelsFromGroup } from './channel-groups/remove-channels-from-group.ts';
import { removeGroup } from './channel-groups/remove-group.ts';
import type { PresenceContext } from './context.ts';
import { globalHereNow } from './membership/global-here-now.ts';
import { heartbeat } from './membership/heartbeat.ts';
import { hereNow } from './membership/here-now.ts';
import { leave } from './membership/leave.ts';
import { getState } from './membership/state/get-state.ts';
import { setState } from './membership/state/set-state.ts';
import { whereNow } from './membership/where-now.ts';
import { messageCounts } from './messages/message-counts.ts';
import { publish, publishV2, publishWithPost, signal, signalWithPost } from './messages/publish.ts';
import { subscribe } from './subscribe/subscribe.ts';
import { subscribeV1 } from './subscribe/subscribe-v1.ts';
import type { PresenceOperation } from './wire/operation.ts';
import { preflight } from './wire/preflight.ts';
import { time } from './wire/time.ts';

/** Returns the operations of a created protocol. Of those that share a URL, the first that matches runs. */
export function presenceOperations(context: PresenceContext): readonly PresenceOperation[] {
  return [
    heartbeat(context),
    leave(context),
    hereNow(context),
    globalHereNow(context),
    whereNow(context),
    setState(context),
    getState(context),
    subscribe(context),
    subscribeV1(context),
    publish(context),
    publishWithPost(context),
    publishV2(context),
    signal(context),
    signalWithPost(context),
    messageCounts(context),
    addChannelsToGroup(context),
    removeChannelsFromGroup(context),
    listChannelsInGroup(context),
    listGroups(context),
    removeGroup(context),
    grant(context),
    grantToken(context),
    revokeToken(context),
    time(context),
    preflight,
  ];
}
