/** Settings of the operator API. */
import { choice, integer, listOf, type Setting, secret, text, toggle } from '../settings/setting.ts';

const port = integer(
  'OPERATOR_PORT',
  0,
  { min: 0, max: 65_535 },
  'port of the operator API, the console and /metrics, which PORT does not serve then; 0 picks a free port; "same" serves them on PORT',
);

const operatorPort: Setting<number | 'same'> = {
  ...port,
  fallback: 'same',
  expects: `${port.expects}, or "same"`,
  parse: (value) => (value === 'same' ? value : port.parse(value)),
};

export const operatorSettings = {
  operatorPort,
  operatorHost: text(
    'OPERATOR_HOST',
    '',
    '<address>',
    'address that OPERATOR_PORT listens on; empty: the one in HOST',
  ),
  operatorToken: secret(
    'OPERATOR_TOKEN',
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
  console: toggle('CONSOLE', true, 'page at /_heartbeatd/ that shows what is going on'),
  seed: text(
    'SEED',
    '',
    '<file>',
    'state that tenants without any begin with, and that a reset returns to: JSON as "heartbeatd export" writes it, or a module that exports it',
  ),
  faults: text(
    'FAULTS',
    '',
    '<file>',
    'fault rules that the server starts with, and that a reset to the seed returns to: a JSON list, or a module that exports it',
  ),
  exportOnExit: text(
    'EXPORT_ON_EXIT',
    '',
    '<file>',
    'file that the state of all tenants is written to when the server stops',
  ),
  journal: choice(
    'JOURNAL',
    'auto',
    ['auto', 'on', 'off'],
    'journal of vendor requests, for /_heartbeatd/journal and verify; "auto" keeps one with the embedded store only',
  ),
} as const;
