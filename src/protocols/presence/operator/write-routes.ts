/** Sets the state of a uuid and publishes a message, as a client would, without its keys. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../kit/protocol.ts';
import type { PresenceContext } from '../context.ts';
import { withPresence } from '../membership/presence-channels.ts';
import { writeState } from '../membership/state/state.ts';
import { appendMessage } from '../messages/append-message.ts';
import { parseState } from '../wire/decode/json.ts';
import { limits } from '../wire/decode/limits.ts';
import { checkChannel } from '../wire/decode/names.ts';
import { parseUuidParameter } from '../wire/decode/values.ts';
import { checkTenant, failures, refusing, TenantName, tags } from './refuse.ts';

const maxChannels = 100;
/** More than any name that a client can use. */
const Name = Type.String({ maxLength: 1_024 });

const NewState = Type.Object(
  {
    tenant: TenantName,
    uuid: Name,
    channels: Type.Array(Name, { minItems: 1, maxItems: maxChannels }),
    state: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

const NewMessage = Type.Object(
  {
    tenant: TenantName,
    channel: Name,
    message: Type.Unknown({ description: 'any JSON' }),
    uuid: Type.Optional(Type.String({ description: 'publisher', maxLength: 1_024 })),
    signal: Type.Optional(Type.Boolean({ description: 'send it as a signal; default: a message' })),
  },
  { additionalProperties: false },
);

/** Registers `POST /state` and `POST /publish`. */
export function writeRoutes(app: App, context: PresenceContext): void {
  const { store, settings, presenceChannels } = context;
  app.post(
    '/state',
    {
      schema: {
        tags,
        operationId: 'setState',
        summary: 'Sets the state of a uuid in channels, as SetState does',
        body: NewState,
        response: { 200: Type.Object({ channels: Type.Array(Type.String()) }), ...failures },
      },
    },
    async ({ body }) =>
      refusing(async () => {
        const named = body.channels.map((channel) => checkChannel(channel));
        const channels = withPresence(presenceChannels, named);
        await writeState(store, checkTenant(body.tenant), {
          uuid: parseUuidParameter(body.uuid),
          channels,
          state: JSON.stringify(parseState(JSON.stringify(body.state))),
          absentTtlMs: settings.presenceStrictState ? 0 : settings.presenceTimeoutSeconds * 1_000,
        });
        return { channels: [...channels] };
      }),
  );
  app.post(
    '/publish',
    {
      schema: {
        tags,
        operationId: 'publishMessage',
        summary: 'Publishes a message on a channel',
        body: NewMessage,
        response: { 200: Type.Object({ timetoken: Type.String() }), ...failures },
      },
    },
    async ({ body: { tenant, channel, message, uuid = 'operator', signal = false } }) =>
      refusing(async () => ({
        timetoken: await appendMessage(
          context,
          { tenant: checkTenant(tenant), query: { uuid } },
          {
            kind: signal ? 'signal' : 'message',
            channel: encodeURIComponent(channel),
            json: JSON.stringify(message),
            maxBytes: limits.messageBytes,
          },
        ),
      })),
  );
}
