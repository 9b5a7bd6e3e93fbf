/** Settings of the PBX protocol. */
import { choice, integer, list, listOf, text, toggle } from '../../settings/setting.ts';

export const pbxSettings = {
  pbxStrict: choice(
    'PBX_STRICT',
    'documented',
    ['documented', 'always', 'never'],
    'requirement that a heartbeat carries ipaddr and port; "documented" applies it to v0.0.1 only',
  ),
  pbxFlavour: choice(
    'PBX_FLAVOUR',
    'standard',
    ['standard', 'cloud'],
    'API variant; "cloud" issues refresh tokens, and only a refresh extends a token',
  ),
  pbxTokenTtlSeconds: integer(
    'PBX_TOKEN_TTL_SECONDS',
    1_800,
    { min: 1, max: 86_400 },
    'token lifetime without a request, seconds',
  ),
  pbxExpiredErrno: choice(
    'PBX_EXPIRED_ERRNO',
    '20004',
    ['20004', '20006'],
    'errno for an expired token during the first day; unknown and logged-out tokens always get 20004',
  ),
  pbxTokenInBody: toggle(
    'PBX_TOKEN_IN_BODY',
    false,
    'accept the token in the body of a request that has none in its query',
  ),
  pbxMaxTokens: integer(
    'PBX_MAX_TOKENS',
    1_000,
    { min: 1, max: 100_000 },
    'maximum live tokens per user; another login ends the token nearest expiry',
  ),
  pbxUsers: text(
    'PBX_USERS',
    '',
    '<file>',
    'JSON file of API users with password hashes, permissions and networks; empty: any user and password',
  ),
  pbxModel: text(
    'PBX_MODEL',
    '',
    '<file>',
    'JSON file of the device, extensions and trunks that queries return; empty: a small default PBX',
  ),
  pbxReportQueue: integer(
    'PBX_REPORT_QUEUE',
    1_000,
    { min: 1, max: 10_000 },
    'maximum queued reports per callback; another report drops the oldest',
  ),
  pbxReportAttempts: integer(
    'PBX_REPORT_ATTEMPTS',
    10,
    { min: 1, max: 1_000 },
    'maximum delivery attempts per report without a 2xx reply; then it becomes a dead letter',
  ),
  pbxCallRecords: integer(
    'PBX_CALL_RECORDS',
    10_000,
    { min: 1, max: 100_000 },
    'maximum call records that are kept for downloads; another one drops the oldest, and its recording',
  ),
  pbxReportTimeoutMs: integer(
    'PBX_REPORT_TIMEOUT_MS',
    10_000,
    { min: 50, max: 600_000 },
    'timeout of a delivery attempt, ms; at most 3000 of it for connecting',
  ),
  pbxReportConcurrency: integer(
    'PBX_REPORT_CONCURRENCY',
    512,
    { min: 1, max: 10_000 },
    'maximum concurrent deliveries to all applications, besides four times as many that last longer than 50 ms; half of them are kept for users and callbacks with few under way',
  ),
  pbxAllowTargets: list(
    'PBX_ALLOW_TARGETS',
    [],
    '<networks>',
    'networks (CIDR), addresses and host names that reports may be sent to; empty: all except link-local and metadata addresses',
  ),
  pbxDenyTargets: list(
    'PBX_DENY_TARGETS',
    [],
    '<networks>',
    'networks (CIDR) and addresses that reports must not be sent to',
  ),
  pbxCallbackHosts: listOf(
    'PBX_CALLBACK_HOSTS',
    /^[^\s=]+=[^\s=]+$/,
    { placeholder: '<host=target>', formInWords: 'host=target pairs' },
    'hosts of callbacks, each with the name or address that its reports are sent to instead, such as 127.0.0.1=host.docker.internal in a container',
  ),
  pbxSameAddressOnly: toggle(
    'PBX_SAME_ADDRESS_ONLY',
    false,
    'send reports only to the address that logged in',
  ),
  pbxRefuseSystemPorts: toggle(
    'PBX_REFUSE_SYSTEM_PORTS',
    false,
    'refuse callback ports below 1024 except 80 and 443',
  ),
  pbxAllowOwnAddress: toggle(
    'PBX_ALLOW_OWN_ADDRESS',
    false,
    'allow callbacks to this server itself; their reports do not renew the token',
  ),
  pbxVerifyTls: toggle('PBX_VERIFY_TLS', true, 'verify the certificates of https callbacks'),
  pbxCa: text(
    'PBX_CA',
    '',
    '<file>',
    'PEM file of certificates, of authorities or of applications, that https callbacks are trusted by in addition to the certificates trusted by Node',
  ),
} as const;
