/** Every call that is emulated: its path, what it needs, and what answers it. */
import type { TSchema } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Access, Demand } from './access/access.ts';
import { grantV2, grantV3, revoke } from './access/grant-calls.ts';
import { bits } from './access/token.ts';
import { allGroups, registerChannels, removeGroup } from './channel-groups/registration.ts';
import { errors } from './errors.ts';
import { heartbeat, leaveChannels } from './membership/heartbeat.ts';
import { globalHereNow, hereNow, whereNow } from './membership/here-now.ts';
import type { Call } from './membership/places.ts';
import { putState, readState } from './membership/set-state.ts';
import { messageCounts } from './messages/message-counts.ts';
import {
  accessRefusals,
  messageInPath,
  type PublishKind,
  publish,
  publishRefusals,
  type Refusals,
  sent,
} from './messages/publish.ts';
import { type Answer, renderV1, renderV2, timetokenOf } from './subscribe.ts';
import { methodsAllowed, presenceHeaders, registryHeaders } from './wire/headers.ts';
import * as schemas from './wire/parameters.ts';
import { companion, decode, listeningTo, listeningToGroups } from './wire/request.ts';

const beaten = '{"status":200,"message":"OK","service":"Presence"}';
const left = '{"status":200,"action":"leave","message":"OK","service":"Presence"}';

/** One request of an operation. */
export interface Asked {
  readonly call: Call;
  /** A segment of its path, still encoded. */
  segment(number: number): string;
  readonly subscribeKey: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface Operation {
  readonly path: string;
  readonly method?: HTTPMethods;
  readonly querystring: TSchema;
  readonly headers: Readonly<Record<string, string>>;
  /** Which segment is the subscribe key, which names channels, and which a JSONP callback (else a parameter does). */
  readonly keyAt: number;
  readonly channelsAt?: number;
  readonly callbackAt?: number;
  demand(asked: Asked): Demand;
  /** JSON text, or what becomes it; nothing: what is always answered. */
  // biome-ignore lint/suspicious/noConfusingVoidType: what does something only answers nothing
  run(asked: Asked): Promise<string | Readonly<Record<string, unknown>> | void>;
  /** JSON text that is answered where `run` has nothing to tell. */
  readonly done?: string;
}

const nothing = (): Demand => ({ kind: 'nothing' });
const signature = (): Demand => ({ kind: 'signature' });

/** A permission on the channels and groups of the request. */
function permission(bit: number, withCompanions = false): (asked: Asked) => Demand {
  return ({ call }) => {
    const channels = listeningTo(call.channels);
    const groups = listeningToGroups(call.query['channel-group']);
    const companions = (names: readonly string[]): string[] =>
      withCompanions ? names.map((name) => name + companion) : [];
    return {
      kind: 'permission',
      bit,
      channels: [...channels.names, ...companions(channels.companionsOf)],
      groups: [...groups.names, ...companions(groups.companionsOf)],
    };
  };
}

/** A permission on the group or channel that a segment names. */
function permissionOn(what: 'channels' | 'groups', at: number, bit: number): (asked: Asked) => Demand {
  return ({ segment }) => {
    const names = [decode(segment(at), errors.invalidChannel)];
    return { kind: 'permission', bit, channels: [], groups: [], [what]: names };
  };
}

/** What the operations use of the process that serves them. */
export interface Services {
  readonly access: Access;
  wallMs(): number;
  /** The text of a POST. */
  bodyOf(request: FastifyRequest, refusals: Refusals): Promise<string>;
  /** A subscribe, held until there is something to tell. */
  hold(asked: Asked, after: bigint): Promise<Answer>;
}

/** SDKs spell the same path both ways. */
const keyWords = ['sub-key', 'sub_key'];

export function operationsOf({ access, wallMs, bodyOf, hold }: Services): readonly Operation[] {
  const publishing = (kind: PublishKind, path: string, method: HTTPMethods): Operation => ({
    path,
    method,
    querystring: schemas.publishQuery,
    headers: methodsAllowed(method),
    keyAt: 2,
    callbackAt: 5,
    demand: permissionOn('channels', 4, bits.write),
    async run({ call, segment, subscribeKey, request }) {
      access.checkPublishKey(subscribeKey, decode(segment(1), errors.publishInvalidKey));
      const json =
        method === 'POST' ? await bodyOf(request, publishRefusals) : messageInPath(request.raw.url ?? '');
      return sent(await publish(call, kind, segment(4), json));
    },
  });

  const operations = (word: string): Operation[] => {
    const root = `/v2/presence/${word}/:subscribeKey`;
    const inChannels = {
      path: `${root}/channel/:channels`,
      keyAt: 3,
      channelsAt: 5,
      headers: presenceHeaders,
    };
    const registration = {
      path: `/v1/channel-registration/${word}/:subscribeKey/channel-group`,
      keyAt: 3,
      headers: registryHeaders,
    };
    return [
      {
        ...inChannels,
        path: `${inChannels.path}/heartbeat`,
        querystring: schemas.heartbeatQuery,
        demand: permission(bits.read),
        run: ({ call }) => heartbeat(call),
        done: beaten,
      },
      {
        ...inChannels,
        path: `${inChannels.path}/leave`,
        querystring: schemas.leaveQuery,
        demand: nothing,
        run: ({ call }) => leaveChannels(call),
        done: left,
      },
      {
        ...inChannels,
        querystring: schemas.hereNowQuery,
        demand: permission(bits.read),
        run: ({ call }) => hereNow(call),
      },
      {
        path: root,
        keyAt: 3,
        headers: presenceHeaders,
        querystring: schemas.hereNowQuery,
        // Over all channels of a key: what is granted on single ones does not reach so far.
        demand: () => ({ kind: 'permission', bit: bits.read, channels: ['*'], groups: [] }),
        run: ({ call }) => globalHereNow(call),
      },
      {
        path: `${root}/uuid/:uuid`,
        keyAt: 3,
        headers: presenceHeaders,
        querystring: schemas.plainQuery,
        demand: nothing,
        run: ({ call, segment }) => whereNow(call, segment(5)),
      },
      {
        ...inChannels,
        path: `${inChannels.path}/uuid/:uuid/data`,
        querystring: schemas.setStateQuery,
        demand: permission(bits.read),
        run: ({ call, segment }) => putState(call, segment(7)),
      },
      {
        ...inChannels,
        path: `${inChannels.path}/uuid/:uuid`,
        querystring: schemas.getStateQuery,
        demand: permission(bits.read),
        run: ({ call, segment }) => readState(call, segment(7)),
      },
      {
        ...registration,
        path: `${registration.path}/:group`,
        querystring: schemas.registrationQuery,
        demand: permissionOn('groups', 5, bits.manage),
        run: ({ call, segment }) => registerChannels(call, segment(5)),
      },
      {
        ...registration,
        path: `${registration.path}/:group/remove`,
        querystring: schemas.plainQuery,
        demand: permissionOn('groups', 5, bits.manage),
        run: ({ call, segment }) => removeGroup(call, segment(5)),
      },
      {
        ...registration,
        querystring: schemas.plainQuery,
        demand: () => ({ kind: 'permission', bit: bits.manage, channels: [], groups: ['*'] }),
        run: ({ call }) => allGroups(call),
      },
      {
        path: `/v3/history/${word}/:subscribeKey/message-counts/:channels`,
        keyAt: 3,
        channelsAt: 5,
        headers: methodsAllowed('GET'),
        querystring: schemas.messageCountsQuery,
        demand: permission(bits.read),
        run: ({ call, segment }) => messageCounts(call, segment(5)),
      },
      {
        path: `/v2/auth/grant/${word}/:subscribeKey`,
        keyAt: 4,
        headers: methodsAllowed('GET'),
        querystring: schemas.grantQuery,
        demand: signature,
        run: ({ call, subscribeKey }) => grantV2(call, subscribeKey),
      },
    ];
  };

  const subscribeOperations: readonly Operation[] = [
    {
      path: '/v2/subscribe/:subscribeKey/:channels/:callback',
      keyAt: 2,
      channelsAt: 3,
      callbackAt: 4,
      headers: methodsAllowed('GET'),
      querystring: schemas.subscribeQuery,
      demand: permission(bits.read, true),
      run: async (asked) => renderV2(await hold(asked, timetokenOf(asked.call.query))),
    },
    {
      path: '/subscribe/:subscribeKey/:channels/:callback/:timetoken',
      keyAt: 1,
      channelsAt: 2,
      callbackAt: 3,
      headers: methodsAllowed('GET'),
      querystring: schemas.subscribeQuery,
      demand: permission(bits.read, true),
      async run(asked) {
        const answer = await hold(asked, timetokenOf({ tt: asked.segment(4) }));
        return renderV1(answer, (asked.call.query['channel-group'] ?? '') !== '');
      },
    },
  ];

  const grantV3Operations: readonly Operation[] = [
    {
      path: '/v3/pam/:subscribeKey/grant',
      method: 'POST',
      keyAt: 2,
      headers: methodsAllowed('POST'),
      querystring: schemas.plainQuery,
      demand: signature,
      run: async ({ subscribeKey, request }) =>
        grantV3(access.secretOf(subscribeKey), await bodyOf(request, accessRefusals), wallMs()),
    },
    {
      path: '/v3/pam/:subscribeKey/grant/:token',
      method: 'DELETE',
      keyAt: 2,
      headers: methodsAllowed('DELETE'),
      querystring: schemas.plainQuery,
      demand: signature,
      run: ({ call, segment, subscribeKey }) =>
        revoke(call, decode(segment(4), errors.unreadable), access.secretOf(subscribeKey), wallMs()),
    },
  ];

  const places = ':publishKey/:subscribeKey/:zero/:channel/:callback';
  return [
    ...keyWords.flatMap(operations),
    ...subscribeOperations,
    ...grantV3Operations,
    publishing('message', `/publish/${places}/*`, 'GET'),
    publishing('message', `/publish/${places}`, 'POST'),
    publishing('signal', `/signal/${places}/*`, 'GET'),
    publishing('signal', `/signal/${places}`, 'POST'),
  ];
}
