/** Lists the subscribes that wait for something to answer, and the channel groups. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../kit/protocol.ts';
import { channelsOfGroups, listGroups } from '../channel-groups/channel-groups.ts';
import type { PresenceContext } from '../context.ts';
import {
  parseSubscribedChannels,
  parseSubscribedGroups,
  type SubscribedNames,
} from '../wire/decode/names.ts';
import { failures, TenantName, tags } from './refuse.ts';

const maxPolls = 1_000;
const maxGroups = 1_000;

const HeldPoll = Type.Object({
  tenant: Type.String(),
  uuid: Type.String({ description: 'empty: the subscribe names none' }),
  channels: Type.Array(Type.String(), { description: 'names and patterns that messages are received of' }),
  groups: Type.Array(Type.String()),
  presenceOf: Type.Array(Type.String(), { description: 'channels and groups whose events are received' }),
  heldMs: Type.Integer({ description: 'time since the request' }),
});

const Query = Type.Object({ tenant: Type.Optional(TenantName) }, { additionalProperties: false });
const GroupsQuery = Type.Object({ tenant: TenantName }, { additionalProperties: false });

/** Registers `GET /polls` and `GET /groups`. */
export function pollRoutes(app: App, { polls, store }: PresenceContext): void {
  app.get(
    '/polls',
    {
      schema: {
        tags,
        operationId: 'listPolls',
        summary: 'Lists the subscribes that this node holds, the longest held first, at most 1 000',
        querystring: Query,
        response: { 200: Type.Object({ held: Type.Integer(), polls: Type.Array(HeldPoll) }), ...failures },
      },
    },
    async ({ query: { tenant } }) => {
      const listed = polls.list().filter((poll) => tenant === undefined || poll.tenant === tenant);
      return {
        held: listed.length,
        polls: listed.slice(0, maxPolls).map(({ subject, ...poll }) => ({ ...poll, ...namesOf(subject) })),
      };
    },
  );
  app.get(
    '/groups',
    {
      schema: {
        tags,
        operationId: 'listChannelGroups',
        summary: 'Lists the channel groups of a subscribe key with their channels, at most 1 000',
        querystring: GroupsQuery,
        response: {
          200: Type.Object({
            groups: Type.Array(Type.Object({ group: Type.String(), channels: Type.Array(Type.String()) })),
          }),
          ...failures,
        },
      },
    },
    async ({ query: { tenant } }) => {
      const names = (await listGroups(store, tenant)).slice(0, maxGroups);
      const channels = await channelsOfGroups(store, tenant, names);
      return {
        groups: names.map((group, at) => ({ group, channels: [...(channels[at] ?? [])].sort() })),
      };
    },
  );
}

interface PollNames {
  readonly uuid: string;
  channels: string[];
  groups: string[];
  presenceOf: string[];
}

/** Reads the names of a subscribe only now: most polls are never listed. */
function namesOf({ uuid, channels, groups }: { uuid: string; channels: string; groups: string }): PollNames {
  const direct = namesOrNone(() => parseSubscribedChannels(channels));
  const grouped = namesOrNone(() => parseSubscribedGroups(groups));
  return {
    uuid,
    channels: [...direct.names],
    groups: [...grouped.names],
    presenceOf: [...direct.companionsOf, ...grouped.companionsOf],
  };
}

/** A poll that is about to be refused may have names that cannot be read. */
function namesOrNone(read: () => SubscribedNames): SubscribedNames {
  try {
    return read();
  } catch {
    return { names: [], companionsOf: [] };
  }
}
