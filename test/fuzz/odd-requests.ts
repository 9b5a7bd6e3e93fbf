/** Requests of every kind, as arbitraries: paths of all protocols with odd names, parameters, bodies and headers. */
import fc from 'fast-check';

const odd = fc.constantFrom(
  '',
  '%',
  '%00',
  '%FF',
  '%2F',
  '%2C',
  ',',
  '..',
  '*',
  '__proto__',
  'constructor',
  'a-pnpres',
  '{}',
  '[]',
  'null',
  '-1',
  '0',
  '1e400',
  '99999999999999999999',
  '{"__proto__":{"x":1}}',
  'heartbeat',
  'x'.repeat(200),
);
const text = fc.oneof(
  odd,
  odd,
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const encoded = text.map((part) => (part.startsWith('%') ? part : encodeURIComponent(part.toWellFormed())));
const raw = text.map((part) => part.replaceAll(/[\s\u0000-\u001f\u007f-\uffff?#]/gu, '_'));
const segment = fc.oneof(encoded, raw);

export const path = fc.oneof(
  fc
    .tuple(fc.constantFrom('sub-key', 'sub_key'), segment, segment, fc.constantFrom('heartbeat', 'leave', ''))
    .map(([word, key, channel, tail]) => `/v2/presence/${word}/${key}/channel/${channel}/${tail}`),
  fc
    .tuple(segment, segment, segment)
    .map(([key, channel, uuid]) => `/v2/presence/sub-key/${key}/channel/${channel}/uuid/${uuid}/data`),
  fc.tuple(segment, segment).map(([key, channel]) => `/v2/presence/sub-key/${key}/channel/${channel}`),
  fc.tuple(segment, segment).map(([key, uuid]) => `/v2/presence/sub-key/${key}/uuid/${uuid}`),
  fc
    .tuple(segment, segment)
    .map(([key, group]) => `/v1/channel-registration/sub-key/${key}/channel-group/${group}`),
  fc
    .tuple(segment, segment, segment)
    .map(([key, channels, callback]) => `/v2/subscribe/${key}/${channels}/${callback}`),
  fc
    .tuple(segment, segment, segment, fc.constantFrom('0', 'x', '%', '%20'))
    .map(([key, channels, callback, tt]) => `/subscribe/${key}/${channels}/${callback}/${tt}`),
  fc
    .tuple(fc.constantFrom('publish', 'signal'), segment, segment, segment, segment, segment)
    .map(
      ([word, publishKey, key, channel, callback, message]) =>
        `/${word}/${publishKey}/${key}/0/${channel}/${callback}/${message}`,
    ),
  fc
    .tuple(fc.constantFrom('publish', 'signal'), segment, segment)
    .map(([word, key, channel]) => `/${word}/p/${key}/0/${channel}/0`),
  fc
    .tuple(segment, segment)
    .map(([key, channels]) => `/v3/history/sub-key/${key}/message-counts/${channels}`),
  segment.map((key) => `/v2/auth/grant/sub-key/${key}`),
  fc.tuple(segment, segment).map(([key, token]) => `/v3/pam/${key}/grant/${token}`),
  segment.map((key) => `/v3/pam/${key}/grant`),
  fc
    .tuple(
      fc.constantFrom('v0.0.1', 'v1.1.0', 'v2.0.0', 'vx'),
      fc.constantFrom(
        'heartbeat',
        'login',
        'logout',
        'heartbeat/',
        'x',
        'extension/query',
        'deviceinfo/query',
      ),
    )
    .map(([version, name]) => `/api/${version}/${name}`),
  fc.tuple(segment, segment).map(([logstore, group]) => `/logstores/${logstore}/consumergroups/${group}`),
  segment.map((logstore) => `/logstores/${logstore}`),
  segment.map((logstore) => `/logstores/${logstore}/shards`),
  fc
    .tuple(
      fc.constantFrom('some-store', 'other'),
      fc.oneof(fc.constantFrom('0', '1', 'lb', 'route', '99'), segment),
    )
    .map(([logstore, shard]) => `/logstores/${logstore}/shards/${shard}`),
  fc.constantFrom('/logstores/some-store/consumergroups/cg', '/logstores/some-store/track'),
  fc.constantFrom(
    '/',
    '/logstores',
    '/logstores/some-store/consumergroups',
    '/time/0',
    '/_heartbeatd/leases',
    '/_heartbeatd/clock',
    '/_heartbeatd/pbx/events',
    '/_heartbeatd/pbx/calls',
    '/_heartbeatd/pbx/calls/1',
    '/_heartbeatd/pbx/extensions/1',
    '/_heartbeatd/pbx/trunks/1',
    '/_heartbeatd/pbx/dead-letters/replay',
    '/_heartbeatd/pbx/deliveries',
  ),
  fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
);
/** Only such as are answered at once: others are held for what never comes. */
const timetoken = fc.constantFrom(
  ['tt', '0'],
  ['tt', 'x'],
  ['tt', ''],
  ['t', '%7B%22t%22%3A0%7D'],
  ['t', '1'],
);
const anyParameter = fc.tuple(
  fc.constantFrom(
    'uuid',
    'heartbeat',
    'state',
    'channel-group',
    'callback',
    'limit',
    'offset',
    'add',
    'remove',
    'token',
    'ipaddr',
    'port',
    'url',
    'type',
    'consumer',
    'cursor',
    'size',
    'count',
    'end_cursor',
    'from',
    'key',
    'action',
    'shard',
    'shardCount',
    'forceSuccess',
    'filter-expr',
    'meta',
    'ortt',
    'seqn',
    'norep',
    'ttl',
    'r',
    'auth',
    'channel',
    'signature',
    'timestamp',
    'timetoken',
    'channelsTimetoken',
    '__proto__',
  ),
  fc.oneof(
    encoded,
    encoded,
    fc.constantFrom(
      'heartbeat',
      'checkpoint',
      'log',
      'cursor',
      'split',
      'merge',
      'begin',
      'true',
      'MTQ0NzMyOTQwMTEwMjEzMDkwNA%3D%3D',
      'u1',
      '20',
      '%7B%22a%22%3A%7B%7D%7D',
    ),
  ),
);
const parameter = fc.oneof({ weight: 12, arbitrary: anyParameter }, { weight: 1, arbitrary: timetoken });
export const query = fc
  .array(parameter, { maxLength: 5 })
  .map((all) => all.map(([name, value]) => `${name}=${value}`).join('&'));
export const body = fc.oneof(
  fc.constantFrom(
    '',
    '[]',
    '[0]',
    '[0,1,-1,"x"]',
    'null',
    '{}',
    '{',
    '<xml/>',
    'ipaddr=1&port=2',
    '{"username":"u","password":"p"}',
    '{"username":"u","password":"p","port":"8260","url":"//[","urltag":"1"}',
    '{"consumerGroup":"cg","timeout":60}',
    '{"logstoreName":"some-store","shardCount":3}',
    '{"projectName":"p"}',
    '{"shard":0,"checkpoint":"MQ=="}',
    '{"__logs__":[{"a":"1"}]}',
    '\n\u0002\b\u0001',
    '{"advanceMs":1}',
    '{"report":"BootUp"}',
    '{"from":"1000","to":"1001"}',
    '{"steps":["ring"]}',
  ),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
export const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/x-protobuf',
      'x',
      '',
      'multipart/form-data',
    ),
    host: fc.constantFrom(
      'p.cn-hangzhou.log.aliyuncs.com',
      'p.127.0.0.1',
      '127.0.0.1',
      '',
      '[::1]',
      'x..y',
      '-',
      'sls.local',
    ),
    date: fc.constantFrom('', 'yesterday', 'Sun, 06 May 2018 09:44:10 GMT', '20180506T094410Z'),
    authorization: fc.constantFrom('', 'LOG x', 'Bearer x'),
    'x-log-date': fc.constantFrom('', '20180506T094410Z', '99999999T999999Z'),
    'x-log-compresstype': fc.constantFrom('', 'lz4', 'deflate', 'zstd', 'snappy'),
    'x-log-bodyrawsize': fc.constantFrom('', '0', '4', '-1', '99999999999', 'x'),
    'content-encoding': fc.constantFrom('', 'deflate', 'gzip', 'x'),
    'accept-encoding': fc.constantFrom('lz4', 'zstd', 'deflate', 'gzip, deflate'),
  },
  { requiredKeys: [] },
);
