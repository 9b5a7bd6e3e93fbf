/** Lists the subscribes that wait for something to answer, and the channel groups. */
import { Type } from '@sinclair/typebox';
import { Next, pageOf, pageQuery, pageSchema } from '../../kit/operator/page.ts';
import type { App } from '../../kit/protocol.ts';
import { channelsOfGroups, listGroups } from '../channel-groups/channel-groups.ts';
import type { PresenceContext } from '../context.ts';
import type { ListedPoll } from '../subscribe/polls.ts';
import {
  parseSubscribedChannels,
  parseSubscribedGroups,
  type SubscribedNames,
} from '../wire/decode/names.ts';
import { failures, TenantName, tags } from './refuse.ts';

const HeldPoll = Type.Object({
  tenant: Type.String(),
  uuid: Type.String({ description: 'empty: the subscribe names none' }),
  channels: Type.Array(Type.String(), { description: 'names and patterns that messages are received of' }),
  groups: Type.Array(Type.String()),
  presenceOf: Type.Array(Type.String(), { description: 'channels and groups whose events are received' }),
  heldMs: Type.Integer({ description: 'time since the request' }),
});

const HeldPolls = Type.Object({
  held: Type.Integer({ description: 'on all pages' }),
  polls: Type.Array(HeldPoll),
  next: Next,
});
const ChannelGroup = Type.Object({ group: Type.String(), channels: Type.Array(Type.String()) });

const Query = Type.Object(
  { tenant: Type.Optional(TenantName), ...pageQuery },
  { additionalProperties: false },
);
const GroupsQuery = Type.Object({ tenant: TenantName, ...pageQuery }, { additionalProperties: false });

/** Registers `GET /polls` and `GET /groups`. */
export function pollRoutes(app: App, { polls, store }: PresenceContext): void {
  app.get(
    '/polls',
    {
      schema: {
        tags,
        operationId: 'listPolls',
        summary: 'Lists the subscribes that this node holds, the longest held first',
        querystring: Query,
        response: { 200: HeldPolls, ...failures },
      },
    },
    async ({ query: { tenant, ...page } }) => {
      const items = polls.list().filter((poll) => tenant === undefined || poll.tenant === tenant);
      const list = { name: 'polls', items, placeOf: ({ order }: ListedPoll) => [order] };
      const { items: listed, next } = pageOf(list, page);
      const views = listed.map(({ subject, tenant: name, heldMs }) => ({
        ...{ tenant: name, heldMs },
        ...namesOf(subject),
      }));
      return { held: items.length, polls: views, next };
    },
  );
  app.get(
    '/groups',
    {
      schema: {
        tags,
        operationId: 'listChannelGroups',
        summary: 'Lists the channel groups of a subscribe key with their channels',
        querystring: GroupsQuery,
        response: {
          200: pageSchema('groups', ChannelGroup),
          ...failures,
        },
      },
    },
    async ({ query: { tenant, ...page } }) => {
      const items = await listGroups(store, tenant);
      const list = { name: 'groups', items, placeOf: (group: string) => [group] };
      const { items: names, next } = pageOf(list, page);
      const channels = await channelsOfGroups(store, tenant, names);
      return {
        groups: names.map((group, at) => ({ group, channels: [...(channels[at] ?? [])].sort() })),
        next,
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
