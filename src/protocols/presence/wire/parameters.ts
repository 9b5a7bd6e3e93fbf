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

export const plainQuery = Type.Object(common);

export const setStateQuery = Type.Object({
  ...common,
  'channel-group': channelGroup,
  state: text('JSON object: the state in every channel named'),
});

export const getStateQuery = Type.Object({ ...common, 'channel-group': channelGroup });

export const subscribeQuery = Type.Object({
  ...common,
  'channel-group': channelGroup,
  tt: text('Timetoken to go on from; absent or 0: only answers where to begin'),
  tr: text('Region of the timetoken'),
  t: text('Both as one JSON object, as one SDK sends them'),
  heartbeat: text('Presence timeout in seconds'),
  state: text('JSON object keyed by channel or channel group'),
  'filter-expr': text('Only messages and events for which this holds'),
});

export const publishQuery = Type.Object({
  ...common,
  meta: text('JSON object that filters work on'),
  store: text('0: not counted among stored messages'),
  norep: text('1 or true: for nobody (fire)'),
  seqn: text('Sequence number of the publisher'),
  ortt: text('JSON object: the timetoken where it was first published'),
  ptto: text('Timetoken to answer'),
  custom_message_type: text('Type of the message'),
});

export const messageCountsQuery = Type.Object({
  ...common,
  timetoken: text('Count from here on, in all channels'),
  channelsTimetoken: text('The same for each channel, separated by commas'),
});

export const grantQuery = Type.Object({
  ...common,
  channel: text('Channels, separated by commas'),
  'channel-group': channelGroup,
  ttl: text('Minutes; 0: for ever'),
  ...Object.fromEntries(['r', 'w', 'm', 'd', 'g', 'u', 'j'].map((flag) => [flag, text('1: granted')])),
});

export const registrationQuery = Type.Object({
  ...common,
  add: text('Channels to add, separated by commas'),
  remove: text('Channels to remove, separated by commas'),
});
