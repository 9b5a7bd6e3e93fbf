/** Subscribers that the server simulates: present in channels by their heartbeats. They do not read messages. */
import { type Static, Type } from '@sinclair/typebox';
import {
  type ActorKit,
  ActorRefused,
  type ActorReply,
  ActorTimeout,
  type Behaviour,
  type SendAsActor,
  type SimulatedClient,
} from '../../kit/actors/actor-kit.ts';
import { validator } from '../../kit/validate.ts';
import { limits } from '../wire/decode/limits.ts';
import { subscribeKeyOf } from '../wire/decode/values.ts';

const fields = {
  timeout: ActorTimeout,
  state: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Presence: state in every channel; a change of it is announced at once',
    }),
  ),
};
const Fields = Type.Object(fields, { additionalProperties: false });
type Fields = Static<typeof Fields>;
const checkFields = validator(Fields);

/** Part of the timeout after which a subscriber beats again. */
const beatsPerTimeout = 3;

/** Returns the subscribers that the server simulates. */
export function subscriberActors(defaultTimeoutSeconds: number): ActorKit {
  return {
    behaviours: {
      subscriber: 'is present: beats in time, with its state',
      flapping: 'leaves at every second beat, and joins again at the next',
      silent: 'stops beating: it times out',
    },
    fields,
    create(role, wanted, send) {
      const subscribeKey = subscribeKeyOf(role.tenant);
      if (subscribeKey === undefined)
        throw new ActorRefused(`tenant: ${role.tenant} is not presence/<subscribe key>`);
      const channels = role.group.split(',').filter((channel) => channel !== '');
      if (channels.length === 0) throw new ActorRefused('group: name a channel, or several with commas');
      const place = { subscribeKey, channels, uuid: role.name };
      return makeSubscriber(place, wanted, { send, defaultTimeoutSeconds });
    },
  };
}

interface Place {
  readonly subscribeKey: string;
  readonly channels: readonly string[];
  readonly uuid: string;
}

function makeSubscriber(
  { subscribeKey, channels, uuid }: Place,
  wanted: Behaviour,
  { send, defaultTimeoutSeconds }: { readonly send: SendAsActor; readonly defaultTimeoutSeconds: number },
): SimulatedClient {
  const list = channels.map(encodeURIComponent).join(',');
  const root = `/v2/presence/sub-key/${encodeURIComponent(subscribeKey)}/channel/${list}`;
  const call = async (path: string, query: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const reply = await send({ method: 'GET', url: `${root}${path}?${new URLSearchParams(query)}` });
    return reply === undefined ? undefined : refusalIn(reply);
  };
  let { behaviour } = wanted;
  let { timeout, state } = parseFields(wanted.fields);
  let isPresent = false;

  const leave = async (): Promise<string | undefined> => {
    isPresent = false;
    return call('/leave', { uuid });
  };
  return {
    get everyMs() {
      const seconds = Math.max(timeout ?? defaultTimeoutSeconds, limits.minTimeoutSeconds);
      return Math.floor((seconds * 1_000) / beatsPerTimeout);
    },
    async turn() {
      if (behaviour === 'flapping' && isPresent) return leave();
      isPresent = true;
      return call('/heartbeat', {
        uuid,
        ...(timeout === undefined ? {} : { heartbeat: String(timeout) }),
        ...(state === undefined
          ? {}
          : { state: JSON.stringify(Object.fromEntries(channels.map((channel) => [channel, state]))) }),
      });
    },
    async behave(change) {
      behaviour = change.behaviour;
      const changed = parseFields(change.fields);
      timeout = changed.timeout ?? timeout;
      if (changed.state === undefined) return;
      state = changed.state;
      await call(`/uuid/${encodeURIComponent(uuid)}/data`, { uuid, state: JSON.stringify(state) });
    },
    async leave() {
      await leave();
    },
    holds: (group, holder) => holder === uuid && channels.includes(group),
    view: () => ({ present: isPresent, channels, state: state ?? null }),
  };
}

function parseFields(given: Behaviour['fields']): Fields {
  return checkFields(given, ({ path, message }) => new ActorRefused(`${path.slice(1)}: ${message}`));
}

function refusalIn({ status, body }: ActorReply): string | undefined {
  return status === 200 ? undefined : `${status} ${body.slice(0, 200)}`;
}
