/** Subscribe: messages and presence events after a timetoken, held until there are any. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandSubscribe } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import type { Query } from '../wire/decode/target.ts';
import { parseTimetoken } from '../wire/decode/values.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { channelSubject, type PresenceOperation } from '../wire/operation.ts';
import { optionalText } from '../wire/parameters.ts';
import { textReply } from '../wire/reply.ts';
import { region } from './feed.ts';
import { type PollReply, poll, subscribeErrors, subscribeParameters } from './long-poll.ts';

const Envelope = Type.Object({
  c: Type.String({ description: 'Channel' }),
  b: Type.Optional(Type.String({ description: 'Subscribed name, where it is another' })),
  d: Type.Unknown({ description: 'Payload' }),
  p: Type.Object({ t: Type.String(), r: Type.Integer() }),
});

const SubscribeReply = Type.Object({
  t: Type.Object({
    t: Type.String({ description: 'Timetoken of the next request' }),
    r: Type.Integer(),
  }),
  m: Type.Array(Envelope),
});

export function subscribe(context: PresenceContext): PresenceOperation {
  return {
    name: 'Subscribe',
    summary: 'Waits for messages and presence events after a timetoken',
    method: 'GET',
    path: '/v2/subscribe/:subscribeKey/:channels/:callback',
    segments: { subscribeKey: 2, channels: 3, callback: 4 },
    schema: {
      query: Type.Object({
        ...subscribeParameters,
        tt: optionalText('Timetoken to continue from; absent or 0: returns where to begin'),
        tr: optionalText('Region of the timetoken'),
        t: optionalText('Both as one JSON object, as one SDK sends them'),
      }),
      replies: { 200: SubscribeReply },
    },
    errors: subscribeErrors,
    subject: channelSubject,
    demand: demandSubscribe,
    async run(call) {
      const reply = await poll(context, call, timetokenOf(call.query));
      return { ...textReply(call, replyHeaders.get, render(reply)), heldMs: reply.heldMs };
    },
  };
}

/** Returns the timetoken to continue from: `tt`, or in one SDK `t={"r":…,"t":…}`; 0 for the first request. */
function timetokenOf(query: Query): bigint {
  const text = query.tt ?? timetokenIn(query.t);
  return text === undefined || text === '' ? 0n : parseTimetoken(text);
}

function timetokenIn(json: string | undefined): string | undefined {
  if (json === undefined || json === '') return undefined;
  try {
    const { t } = JSON.parse(json) as { t?: unknown };
    return t === undefined ? undefined : String(t);
  } catch {
    throw errors.invalidTimetoken();
  }
}

/** Returns `{"t":{"t":"…","r":1},"m":[…]}`. */
function render({ timetoken, deliveries, only }: PollReply): string {
  const envelopes = deliveries.map((delivery) =>
    delivery.envelope(delivery.channel === only ? undefined : delivery.via),
  );
  return `{"t":{"t":"${timetoken}","r":${region}},"m":[${envelopes.join(',')}]}`;
}
