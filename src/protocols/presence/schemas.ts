/** What presence requests carry: the single source of validation, types and the OpenAPI document. */
import { Type } from '@sinclair/typebox';

const text = (description: string) => Type.Optional(Type.String({ description }));

/** Parameters that any request may carry. Others are ignored, as the real service does. */
const common = {
  uuid: text('Identifies the client; up to 92 characters of UTF-8'),
  auth: text('Access key or token'),
  callback: text('JSONP function that the answer is wrapped in'),
  signature: text('Signature with the secret key'),
  timestamp: text('Unix seconds, part of the signature'),
};

const channelGroup = text('Channel groups, separated by commas');

export const heartbeatQuery = Type.Object({
  ...common,
  'channel-group': channelGroup,
  heartbeat: text('Presence timeout in seconds'),
  state: text('JSON object keyed by channel or channel group'),
});

export const leaveQuery = Type.Object({ ...common, 'channel-group': channelGroup });

export const hereNowQuery = Type.Object({
  ...common,
  'channel-group': channelGroup,
  disable_uuids: text('1: occupancy only'),
  'disable-uuids': text('The same, as one SDK spells it'),
  state: text('1: with the state of each uuid'),
  limit: text('uuids per channel, 0 to 1000'),
  offset: text('uuids to pass over per channel'),
});

export const whereNowQuery = Type.Object(common);

export const setStateQuery = Type.Object({
  ...common,
  'channel-group': channelGroup,
  state: text('JSON object: the state in every channel named'),
});

export const getStateQuery = Type.Object({ ...common, 'channel-group': channelGroup });

export const registrationQuery = Type.Object({
  ...common,
  add: text('Channels to add, separated by commas'),
  remove: text('Channels to remove, separated by commas'),
});
