import { expect, it } from 'vitest';
import { type Served, welcome } from '../src/welcome.ts';

const served: Served = {
  host: '0.0.0.0',
  port: 8080,
  store: 'embedded, in memory',
  version: '1.0.0',
  operator: 'open',
  hasConsole: true,
  isReachable: false,
  tls: 'off',
};

it.each([
  [{}, 'open to this machine', "curl 'http://127.0.0.1:8080/_heartbeatd/leases'"],
  [{ operator: 'closed', isReachable: true }, 'closed', 'OPERATOR_TOKEN=<secret>'],
  [{ operator: 'closed', isReachable: true }, 'closed', 'OPERATOR_OPEN=true'],
  [{ operator: 'token', isReachable: true }, 'needs the token', 'Bearer $OPERATOR_TOKEN'],
  [{ isReachable: true }, 'open to every machine', "curl 'http://127.0.0.1:8080"],
  [{ tls: { trustPath: '/d/ca.pem' } }, 'HTTPS', "REQUESTS_CA_BUNDLE='/d/ca.pem'"],
  [{ tls: { trustPath: '' } }, 'HTTPS', 'HTTPS_PROXY=http://127.0.0.1:8080 python'],
] as [Partial<Served>, string, string][])(
  'the start-up text for %j says %s and %s',
  (changes, state, text) => {
    expect(welcome({ ...served, ...changes })).toContain(state);
    expect(welcome({ ...served, ...changes })).toContain(text);
  },
);

it('the start-up text says nothing of HTTPS while it is off', () => {
  expect(welcome(served)).not.toContain('HTTPS');
});
