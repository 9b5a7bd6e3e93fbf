/** Settings of the Presence protocol. */
import { choice, integer, list, secretList, toggle } from '../../settings/setting.ts';

export const presenceSettings = {
  presenceEnabled: toggle('PRESENCE_ENABLED', true, 'enable presence; if off, only messages are delivered'),
  presenceChannels: list(
    'PRESENCE_CHANNELS',
    [],
    '<names>',
    'channels with presence, as names and patterns such as "chat.*"; empty: all channels',
  ),
  presenceTimeoutSeconds: integer(
    'PRESENCE_TIMEOUT_SECONDS',
    300,
    { min: 1, max: 86_400 },
    'presence timeout of a uuid that never sent a "heartbeat" value, seconds',
  ),
  presenceMaxChannels: integer(
    'PRESENCE_MAX_CHANNELS',
    1_000,
    { min: 1, max: 10_000 },
    'maximum channels per request, including those of its channel groups',
  ),
  presenceHoldSeconds: integer(
    'PRESENCE_HOLD_SECONDS',
    280,
    { min: 1, max: 3_600 },
    'maximum time a subscribe is held without events, seconds; SDKs give up after 310',
  ),
  presenceRenewWhileHeld: toggle(
    'PRESENCE_RENEW_WHILE_HELD',
    false,
    'keep a uuid present while its subscribe is held, regardless of its timeout',
  ),
  presenceAnnounceMax: integer(
    'PRESENCE_ANNOUNCE_MAX',
    20,
    { min: 0, max: 1_000_000 },
    'maximum occupants of a channel for individual join, leave and timeout events',
  ),
  presenceIntervalSeconds: integer(
    'PRESENCE_INTERVAL_SECONDS',
    10,
    { min: 1, max: 3_600 },
    'interval of the summary events of channels with more occupants, seconds',
  ),
  presenceDeltas: toggle(
    'PRESENCE_DELTAS',
    false,
    'list joined, left and timed-out uuids in interval events',
  ),
  presenceLeaveOnDisconnect: toggle(
    'PRESENCE_LEAVE_ON_DISCONNECT',
    false,
    'treat a closed subscribe connection as a leave',
  ),
  presenceStrictState: toggle(
    'PRESENCE_STRICT_STATE',
    false,
    'drop state that is set for a uuid that is not present, instead of keeping it',
  ),
  presenceRequestsPerSecond: integer(
    'PRESENCE_REQUESTS_PER_SECOND',
    0,
    { min: 0, max: 1_000_000 },
    'maximum requests per second and uuid (or address, without a uuid) before a node answers 429; 0: no limit',
  ),
  presenceKeys: secretList(
    'PRESENCE_KEYS',
    /^[^:]+:[^:]+:[^:]+$/,
    '"subscribe key:publish key:secret key"',
    'keysets; if any is set, other keys are refused and signatures are verified',
  ),
  presenceAuth: choice(
    'PRESENCE_AUTH',
    'off',
    ['off', 'verify'],
    'enforcement of permissions by grants, tokens and signatures',
  ),
} as const;
