/** Heartbeat: renews the presence of a uuid in channels. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import type { Reply } from '../../../http/reply.ts';
import { demandRead } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from '../wire/call.ts';
import { replyHeaders } from '../wire/headers.ts';
import { channelSubject, occupantErrors, type PresenceOperation } from '../wire/operation.ts';
import { channelGroup, commonParameters, heartbeatSeconds, keyedState } from '../wire/parameters.ts';
import { textReply } from '../wire/reply.ts';
import { placesOf } from './places.ts';
import { channelCall, okMembers } from './presence-service.ts';
import { parseHeartbeat, renewPresence } from './renewal.ts';

const json = '{"status":200,"message":"OK","service":"Presence"}';

export function heartbeat(context: PresenceContext): PresenceOperation {
  return {
    name: 'Heartbeat',
    summary: 'Renews the presence of a uuid in channels, or begins it',
    ...channelCall('/heartbeat'),
    isFrequent: true,
    schema: {
      query: Type.Object({
        ...commonParameters,
        'channel-group': channelGroup,
        heartbeat: heartbeatSeconds,
        state: keyedState,
      }),
      replies: { 200: Type.Object(okMembers) },
    },
    errors: [...occupantErrors, 'invalidHeartbeat', 'invalidJson', 'stateTooLarge'],
    subject: channelSubject,
    demand: demandRead,
    async run(call) {
      const request = parseHeartbeat(call);
      const places = placesOf(context, call);
      await renewPresence(context, request, places instanceof Promise ? await places : places, (since) =>
        context.ownJoins.add(request, { since, atMs: context.wallMs() }),
      );
      return heartbeatReply(call);
    },
  };
}

const plainReply: Reply = { status: 200, headers: replyHeaders.presence, body: json };

function heartbeatReply(call: PresenceCall): Reply {
  return call.callback === undefined ? plainReply : textReply(call, replyHeaders.presence, json);
}
