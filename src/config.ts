/** Every setting once: its name, environment variable, type, default and help text. Nothing else reads `process.env`. */
import { parseArgs } from 'node:util';
import { choice, integer, list, listOf, type Setting, secretList, text, toggle } from './setting.ts';

const settings = {
  host: text('HOST', '127.0.0.1', '<address>', 'address to listen on'),
  port: integer('PORT', 8080, { min: 0, max: 65_535 }, 'port to listen on; 0 takes a free one'),
  redisUrl: text(
    'REDIS_URL',
    '',
    '<url>',
    'keep leases in Redis: redis://, rediss://, redis+sentinel://host:port[,host:port]/master, redis+cluster://host:port[,host:port]; empty: in this process',
  ),
  data: text('DATA', '', '<file>', 'keep the embedded store in this file; empty: in memory, gone at exit'),
  lenientFraming: choice(
    'LENIENT_FRAMING',
    'loopback',
    ['loopback', 'always', 'never'],
    'read requests that say both Content-Length and chunked, as the SLS client for C++ sends them; "loopback": while HOST is one',
  ),
  logLevel: choice(
    'LOG_LEVEL',
    'info',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'how much to log',
  ),
  operatorToken: text(
    'OPERATOR_TOKEN',
    '',
    '<secret>',
    'token that operator API requests must send as "Authorization: Bearer <secret>"; empty: no token, and the API is closed while HOST is beyond loopback',
  ),
  operatorOpen: toggle(
    'OPERATOR_OPEN',
    false,
    'keep the operator API open without a token while HOST is beyond loopback, for trusted networks',
  ),
  operatorHosts: listOf(
    'OPERATOR_HOSTS',
    /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?$/i,
    { placeholder: '<names>', formInWords: 'host names without scheme and port' },
    'host names by which clients reach the operator API without a token, besides localhost and IP addresses',
  ),
  operatorOrigins: listOf(
    'OPERATOR_ORIGINS',
    /^[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?\/?$/i,
    { placeholder: '<origins>', formInWords: 'origins such as "https://heartbeatd.example"' },
    'origins under which a reverse proxy serves the operator API, such as https://heartbeatd.example',
  ),
  sweepIntervalMs: integer(
    'SWEEP_INTERVAL_MS',
    10,
    { min: 1, max: 10_000 },
    'shortest pause between two looks for expired leases, ms',
  ),
  storeTimeoutMs: integer(
    'STORE_TIMEOUT_MS',
    2_000,
    { min: 50, max: 60_000 },
    'longest wait for an answer of Redis before a request gets its "server error", ms',
  ),
  shutdownTimeoutMs: integer(
    'SHUTDOWN_TIMEOUT_MS',
    10_000,
    { min: 0, max: 600_000 },
    'longest wait at SIGTERM for what is under way, ms',
  ),
  slsAutoCreate: toggle('SLS_AUTO_CREATE', false, 'SLS: make unknown projects and logstores on first use'),
  slsShardCount: integer(
    'SLS_SHARD_COUNT',
    2,
    { min: 1, max: 256 },
    'SLS: shards of a logstore that does not say how many',
  ),
  slsDefaultProject: text(
    'SLS_DEFAULT_PROJECT',
    '',
    '<name>',
    'SLS: the project of requests whose host names none; empty: they get InvalidHost',
  ),
  slsBaseDomains: list(
    'SLS_BASE_DOMAINS',
    ['*.log.aliyuncs.com', '*.sls.aliyuncs.com', 'sls.local'],
    '<domains>',
    'SLS: endpoints, which the project stands in front of; * is a region',
  ),
  slsMaxConsumerGroups: integer(
    'SLS_MAX_CONSUMER_GROUPS',
    30,
    { min: 1, max: 10_000 },
    'SLS: consumer groups of a logstore',
  ),
  slsMaxConsumers: integer(
    'SLS_MAX_CONSUMERS',
    10_000,
    { min: 1, max: 1_000_000 },
    'SLS: consumers of a consumer group',
  ),
  slsAuth: choice(
    'SLS_AUTH',
    'off',
    ['off', 'verify'],
    'SLS: whether signatures, request times and hashes of bodies are checked',
  ),
  slsKeys: secretList('SLS_KEYS', /^[^:]+:.+$/, '"id:secret"', 'SLS: access keys that "verify" knows'),
  slsMaxProjects: integer('SLS_MAX_PROJECTS', 1_000, { min: 1, max: 1_000_000 }, 'SLS: projects'),
  slsMaxLogstores: integer('SLS_MAX_LOGSTORES', 200, { min: 1, max: 10_000 }, 'SLS: logstores of a project'),
  slsMaxShards: integer(
    'SLS_MAX_SHARDS',
    256,
    { min: 1, max: 10_000 },
    'SLS: shards of a logstore, those included that take no more',
  ),
  slsMaxShardBytes: integer(
    'SLS_MAX_SHARD_BYTES',
    67_108_864,
    { min: 1_024, max: 1_099_511_627_776 },
    'SLS: logs kept of a shard, bytes; what is older is dropped, and its cursors become invalid',
  ),
  slsMaxShardLogGroups: integer(
    'SLS_MAX_SHARD_LOG_GROUPS',
    100_000,
    { min: 1, max: 100_000_000 },
    'SLS: log groups kept of a shard',
  ),
  slsMaxLogGroupBytes: integer(
    'SLS_MAX_LOG_GROUP_BYTES',
    10_485_760,
    { min: 1_024, max: 10_485_760 },
    'SLS: bytes of one log group, uncompressed',
  ),
  slsMaxLogsPerGroup: integer(
    'SLS_MAX_LOGS_PER_GROUP',
    4_096,
    { min: 1, max: 1_000_000 },
    'SLS: logs of one log group',
  ),
  pbxStrict: choice(
    'PBX_STRICT',
    'documented',
    ['documented', 'always', 'never'],
    'PBX: whether a heartbeat must name ipaddr and port; "documented" asks it of v0.0.1 only',
  ),
  pbxFlavour: choice(
    'PBX_FLAVOUR',
    'standard',
    ['standard', 'cloud'],
    'PBX: "cloud" gives refresh tokens, and nothing but them prolongs a token',
  ),
  pbxTokenTtlSeconds: integer(
    'PBX_TOKEN_TTL_SECONDS',
    1_800,
    { min: 1, max: 86_400 },
    'PBX: life of a token without any request, seconds',
  ),
  pbxExpiredErrno: choice(
    'PBX_EXPIRED_ERRNO',
    '20004',
    ['20004', '20006'],
    'PBX: errno for a token that timed out, for a day; unknown and logged-out ones get 20004 in any case',
  ),
  pbxTokenInBody: toggle(
    'PBX_TOKEN_IN_BODY',
    false,
    'PBX: a request with no token in its query may have it in its body',
  ),
  pbxMaxTokens: integer(
    'PBX_MAX_TOKENS',
    1_000,
    { min: 1, max: 100_000 },
    'PBX: live tokens of one user; one more ends the one nearest expiry',
  ),
  pbxUsers: text(
    'PBX_USERS',
    '',
    '<file>',
    'PBX: API users, their password hashes, permissions and networks, as JSON; empty: any user and password',
  ),
  pbxModel: text(
    'PBX_MODEL',
    '',
    '<file>',
    'PBX: device, extensions and trunks that queries answer, as JSON; empty: a small PBX',
  ),
  pbxReportQueue: integer(
    'PBX_REPORT_QUEUE',
    1_000,
    { min: 1, max: 10_000 },
    'PBX: reports that wait for one callback; one more drops the oldest',
  ),
  pbxReportAttempts: integer(
    'PBX_REPORT_ATTEMPTS',
    10,
    { min: 1, max: 1_000 },
    'PBX: attempts at a report that gets an answer other than 2xx, or none; then it is a dead letter',
  ),
  pbxReportTimeoutMs: integer(
    'PBX_REPORT_TIMEOUT_MS',
    10_000,
    { min: 50, max: 600_000 },
    'PBX: longest attempt at a report, ms; at most 3000 of it for the connection',
  ),
  pbxReportConcurrency: integer(
    'PBX_REPORT_CONCURRENCY',
    256,
    { min: 1, max: 10_000 },
    'PBX: reports under way at the same time, to all applications',
  ),
  pbxAllowTargets: list(
    'PBX_ALLOW_TARGETS',
    [],
    '<networks>',
    'PBX: networks (CIDR), addresses and host names that reports may go to; empty: all but link-local and metadata addresses',
  ),
  pbxDenyTargets: list(
    'PBX_DENY_TARGETS',
    [],
    '<networks>',
    'PBX: networks (CIDR) and addresses that reports may not go to',
  ),
  pbxSameAddressOnly: toggle(
    'PBX_SAME_ADDRESS_ONLY',
    false,
    'PBX: reports go only to the address that logged in',
  ),
  pbxRefuseSystemPorts: toggle(
    'PBX_REFUSE_SYSTEM_PORTS',
    false,
    'PBX: reports go to no port below 1024 but 80 and 443',
  ),
  pbxVerifyTls: toggle('PBX_VERIFY_TLS', true, 'PBX: check the certificates of https callbacks'),
  pbxCa: text(
    'PBX_CA',
    '',
    '<file>',
    'PBX: certificates (PEM) of authorities, or of applications themselves, that https callbacks are trusted by besides those that Node trusts',
  ),
  presenceEnabled: toggle(
    'PRESENCE_ENABLED',
    true,
    'Presence: whether the keys have presence at all; without it only messages pass',
  ),
  presenceChannels: list(
    'PRESENCE_CHANNELS',
    [],
    '<names>',
    'Presence: the only channels that have presence, if any are named: names and patterns such as "chat.*"',
  ),
  presenceTimeoutSeconds: integer(
    'PRESENCE_TIMEOUT_SECONDS',
    300,
    { min: 1, max: 86_400 },
    'Presence: timeout of a uuid that never said "heartbeat", seconds',
  ),
  presenceMaxChannels: integer(
    'PRESENCE_MAX_CHANNELS',
    1_000,
    { min: 1, max: 10_000 },
    'Presence: channels in one request, those of its groups included',
  ),
  presenceHoldSeconds: integer(
    'PRESENCE_HOLD_SECONDS',
    280,
    { min: 1, max: 3_600 },
    'Presence: how long a subscribe waits for something to tell, seconds; SDKs give up after 310',
  ),
  presenceRenewWhileHeld: toggle(
    'PRESENCE_RENEW_WHILE_HELD',
    false,
    'Presence: a uuid stays present for as long as its subscribe waits, whatever its timeout',
  ),
  presenceAnnounceMax: integer(
    'PRESENCE_ANNOUNCE_MAX',
    20,
    { min: 0, max: 1_000_000 },
    'Presence: occupants of a channel up to which each join, leave and timeout is an event of its own',
  ),
  presenceIntervalSeconds: integer(
    'PRESENCE_INTERVAL_SECONDS',
    10,
    { min: 1, max: 3_600 },
    'Presence: how often a channel with more occupants is told of, seconds',
  ),
  presenceDeltas: toggle(
    'PRESENCE_DELTAS',
    false,
    'Presence: interval events list who joined, left and timed out',
  ),
  presenceLeaveOnDisconnect: toggle(
    'PRESENCE_LEAVE_ON_DISCONNECT',
    false,
    'Presence: a client that drops the connection of its subscribe leaves at once',
  ),
  presenceStrictState: toggle(
    'PRESENCE_STRICT_STATE',
    false,
    'Presence: state set for somebody who is not there is dropped, not kept',
  ),
  presenceRequestsPerSecond: integer(
    'PRESENCE_REQUESTS_PER_SECOND',
    0,
    { min: 0, max: 1_000_000 },
    'Presence: requests of one uuid (else address) in a second, beyond which a node answers 429; 0: no limit',
  ),
  presenceKeys: secretList(
    'PRESENCE_KEYS',
    /^[^:]+:[^:]+:[^:]+$/,
    '"subscribe key:publish key:secret key"',
    'Presence: keysets; with any, other keys are refused and signatures are checked',
  ),
  presenceAuth: choice(
    'PRESENCE_AUTH',
    'off',
    ['off', 'verify'],
    'Presence: whether calls need a permission (a grant, a token or a signature)',
  ),
} as const;

export type Config = { readonly [N in keyof typeof settings]: (typeof settings)[N]['fallback'] };

/** A setting that cannot be used: one line for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const hasControl = /\p{Cc}/u;

const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Flags win over environment variables, and those over defaults. Throws ConfigError naming the setting. */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const options = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [
      flagOf(name),
      { type: 'placeholder' in setting ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  let flags: Record<string, unknown>;
  try {
    flags = parseArgs({ args: [...argv], options, allowNegative: true, strict: true }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message.split(/\.\s/)[0] ?? 'unreadable command line');
  }
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const flag = flags[flagOf(name)];
    const given = flag === undefined ? env[setting.env] : String(flag);
    // An empty environment variable is how compose files say "not set".
    if (given === undefined || (flag === undefined && given === '')) {
      config[name] = setting.fallback;
      continue;
    }
    const value = setting.parse(given);
    if (value === undefined) {
      const where = flag === undefined ? setting.env : `--${flagOf(name)}`;
      const what = setting.isSecret === true ? 'the value' : `"${given}"`;
      throw new ConfigError(`${where}: ${what} is not ${setting.expects}`);
    }
    config[name] = value;
  }
  const result = config as unknown as Config;
  // Node would take it for every address that there is.
  if (result.host === '') throw new ConfigError('HOST: no address; all of them are 0.0.0.0 or ::');
  // Clients could not send it, and nobody would get in.
  if (hasControl.test(result.operatorToken) || result.operatorToken !== result.operatorToken.trim()) {
    throw new ConfigError('OPERATOR_TOKEN: has characters that a header cannot carry, or spaces around it');
  }
  if (result.redisUrl !== '' && result.data !== '') {
    throw new ConfigError('DATA: cannot be combined with REDIS_URL; the store is either a file or Redis');
  }
  if (result.slsAuth === 'verify' && result.slsKeys.length === 0) {
    throw new ConfigError('SLS_AUTH: "verify" needs the access keys in SLS_KEYS');
  }
  if (result.presenceAuth === 'verify' && result.presenceKeys.length === 0) {
    throw new ConfigError('PRESENCE_AUTH: "verify" needs the keysets in PRESENCE_KEYS');
  }
  return result;
}

/** The defaults, for tests and for people who embed the server; `changes` are taken as they are. */
export function defaultConfig(changes: Partial<Config> = {}): Config {
  const fallbacks = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, setting.fallback]),
  );
  return { ...(fallbacks as unknown as Config), ...changes };
}

/** One row per setting, for `--help` and the README's table. */
export function describeSettings(): readonly { flag: string; env: string; fallback: string; help: string }[] {
  return (Object.entries(settings) as [string, Setting<unknown>][]).map(([name, setting]) => ({
    flag: `--${flagOf(name)}${setting.placeholder === undefined ? '' : ` ${setting.placeholder}`}`,
    env: setting.env,
    fallback: String(setting.fallback),
    help: setting.help,
  }));
}
