/** Calls of the documents that are not played. */
import { describe, expect, it } from 'vitest';
import { unsupportedCalls } from '../../../../src/protocols/pbx/api/unsupported.ts';
import { failed, useCrm } from '../crm.ts';

const minutes = 60_000;
const crm = useCrm();
const { api, inject } = crm;

describe('a call that is not supported', () => {
  it.each(['companycontacts/query', 'ivr/query', 'extension/listen', 'no/such_call'])(
    'renews the token, and reports one that is not live: %s',
    async (endpoint) => {
      await crm.started.store.advanceClock(29 * minutes);
      expect(await api(endpoint)).toEqual(failed('10003'));
      await crm.started.store.advanceClock(29 * minutes);
      expect(await api(endpoint)).toEqual(failed('10003'));
      await crm.started.store.advanceClock(30 * minutes);
      expect(await api(endpoint)).toEqual(failed('20004'));
    },
  );

  it('needs a token if it is documented', async () => {
    expect(await inject('POST', '/api/v2.0.0/ivr/query/')).toEqual(failed('20005'));
    expect(await inject('POST', '/api/v2.0.0/no/such_call')).toEqual(failed('10003'));
    expect(await inject('GET', '/api/x/ivr/query?token=1')).toEqual(failed('10003'));
  });

  it('is in the table only as long as it is not supported', async () => {
    for (const endpoint of unsupportedCalls) expect(await api(endpoint), endpoint).toEqual(failed('10003'));
  });
});
