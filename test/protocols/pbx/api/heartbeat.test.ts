/** Heartbeats: what they renew, which callbacks they accept, in which bodies, and what is refused. */
import { beforeEach, describe, expect, it } from 'vitest';
import { apiFixture, failed, minutes, type Sent, success, tenant } from './client.ts';

const fixture = apiFixture();
const { restart, send, login, callback, goesTo } = fixture;

describe('heartbeat', () => {
  let token: string;
  beforeEach(async () => {
    token = await login('v1.1.0', { url: 'first' });
  });
  const beat = (sent: Sent = {}, version = 'v1.1.0', query = '') =>
    send(`${version}/heartbeat?token=${token}${query}`, sent);
  const full = { ipaddr: '10.0.0.1', port: '8260', url: 'report', urltag: '0' };

  it('succeeds as the document shows it', async () => {
    const body = { ipaddr: '172.16.6.150', port: '8280', url: '172.16.6.150:8280', urltag: '1' };
    expect(await beat({ body }, 'v0.0.1')).toEqual(success);
    expect(await goesTo(token)).toBe('http://172.16.6.150:8280/');
  });

  it('renews the token for 30 minutes, to the millisecond', async () => {
    await fixture.started.store.advanceClock(30 * minutes - 1);
    expect(await beat()).toEqual(success);
    await fixture.started.store.advanceClock(30 * minutes - 1);
    expect(await beat()).toEqual(success);
    await fixture.started.store.advanceClock(30 * minutes);
    expect(await beat()).toEqual(failed('20004'));
  });

  it.each([
    ['nothing at all', {}],
    ['an empty body that says JSON', { raw: '', type: 'application/json' }],
    ['an empty object', { body: {} }],
    ['GET', { method: 'GET' as const }],
  ])('of %s renews and keeps the callback', async (_what, sent) => {
    await fixture.started.store.advanceClock(20 * minutes);
    expect(await beat(sent)).toEqual(success);
    expect(await goesTo(token)).toBe('http://127.0.0.1:8260/first');
    expect(await fixture.started.store.read({ tenant, group: 'api', holder: token })).toMatchObject({
      remainingMs: 30 * minutes,
    });
  });

  it.each([
    ['a new address, and forgets the old url', { ipaddr: '10.0.0.1', port: '8261' }, 'http://10.0.0.1:8261/'],
    ['a port as a number', { ipaddr: '10.0.0.1', port: 8_261 }, 'http://10.0.0.1:8261/'],
    ['a path', full, 'http://10.0.0.1:8260/report'],
    ['the tag as a number', { ...full, urltag: 0 }, 'http://10.0.0.1:8260/report'],
    ['the tag by its other name', { url: '10.0.0.2:8260/r', urlflag: '1' }, 'http://10.0.0.2:8260/r'],
    [
      'both names of the tag: urltag wins',
      { url: '10.0.0.2/r', urltag: '1', urlflag: '0' },
      'http://10.0.0.2/r',
    ],
    ['a url alone, and keeps the address', { url: 'other' }, 'http://127.0.0.1:8260/other'],
    ['an address alone, and keeps the port', { ipaddr: '10.0.0.1' }, 'http://10.0.0.1:8260/'],
  ])('accepts %s', async (_what, body, href) => {
    expect(await beat({ body })).toEqual(success);
    expect(await goesTo(token)).toBe(href);
  });

  it.each([
    ['no Content-Type', { raw: JSON.stringify(full), type: 'none' }],
    ['text/plain', { raw: JSON.stringify(full), type: 'text/plain' }],
    [
      'form-urlencoded, as curl -d says',
      { raw: JSON.stringify(full), type: 'application/x-www-form-urlencoded' },
    ],
    ['capitals', { raw: JSON.stringify(full), type: 'Application/JSON' }],
    ['an empty Content-Type', { raw: JSON.stringify(full), type: '' }],
    ['a Content-Type that is none', { raw: JSON.stringify(full), type: 'json' }],
    ['two Content-Types in one', { raw: JSON.stringify(full), type: 'application/json, text/plain' }],
    ['a Content-Type whose parameters are none', { raw: JSON.stringify(full), type: 'application/json ;;=' }],
    [
      'a true form',
      { raw: 'ipaddr=10.0.0.1&port=8260&url=report&urltag=0', type: 'application/x-www-form-urlencoded' },
    ],
  ])('reads a body with %s', async (_what, sent) => {
    expect(await beat(sent)).toEqual(success);
    expect(await goesTo(token)).toBe('http://10.0.0.1:8260/report');
  });

  it.each([
    ['a name without quotes', '{ "url": "10.0.0.2:8260/r",urlflag: "1" }'],
    ['commas too many', '{ ,"url":"10.0.0.2:8260/r",, "urltag":1, }'],
    ['white space of all kinds', '\r\n{\t"url" : "10.0.0.2:8260\\/r" ,\n urltag : true , "urltag":"1"}\n'],
  ])('reads a body with %s, as samples and scripts have it', async (_what, raw) => {
    expect(await beat({ raw, type: 'text/plain' })).toEqual(success);
    expect(await goesTo(token)).toBe('http://10.0.0.2:8260/r');
  });

  it('reads fields from the query, and prefers those of the body', async () => {
    expect(await beat({}, 'v1.1.0', '&ipaddr=10.0.0.1')).toEqual(success);
    expect(await goesTo(token)).toBe('http://10.0.0.1:8260/');
    expect(await beat({ body: { ipaddr: '10.0.0.2' } }, 'v1.1.0', '&ipaddr=10.0.0.3&port=1')).toEqual(
      success,
    );
    expect(await goesTo(token)).toBe('http://10.0.0.2:1/');
  });

  it.each([
    ['a wrong port', { body: { ipaddr: '10.0.0.1', port: '65536' } }, '20008'],
    ['an empty address', { body: { ipaddr: '', port: '8260' } }, '10004'],
    ['an empty port', { body: { ipaddr: '10.0.0.1', port: '' } }, '10004'],
    ['an unknown tag', { body: { ...full, urltag: '7' } }, '20011'],
    ['more than an object', { raw: '{ url: "x" } {}', type: 'application/json' }, '20000'],
    ['broken JSON', { raw: '{ "url" 1}', type: 'application/json' }, '20000'],
    ['an array', { body: [] }, '20000'],
    ['a string', { body: 'x' }, '20000'],
    ['null', { raw: 'null', type: 'application/json' }, '20000'],
    ['a field that is an object', { body: { ipaddr: {} } }, '20000'],
    ['XML', { raw: '<xml>…</xml>' }, '10002'],
    ['an address that is refused', { body: { ipaddr: '169.254.169.254', port: '80' } }, '20011'],
  ])('refuses %s, changes nothing, and still renews', async (_what, sent, errno) => {
    await fixture.started.store.advanceClock(20 * minutes);
    expect(await beat(sent)).toEqual(failed(errno));
    expect(await goesTo(token)).toBe('http://127.0.0.1:8260/first');
    expect(await fixture.started.store.read({ tenant, group: 'api', holder: token })).toMatchObject({
      remainingMs: 30 * minutes,
    });
  });

  it('is refused if it is too large', async () => {
    expect(await beat({ body: { url: 'x'.repeat(70_000) } })).toEqual(failed('20000'));
  });

  it('changes nothing if it repeats the stored callback', async () => {
    await beat({ body: full });
    const changes: string[] = [];
    fixture.started.store.observe(({ type }) => changes.push(type));
    await beat({ body: full });
    await beat({ body: { ...full, port: 8_260 } });
    expect(changes).toEqual([]);
  });

  it('may change the version of reports', async () => {
    await beat({ body: { ipaddr: '10.0.0.1', version: '2.0.0' } }, 'v2.0.0');
    expect(await callback(token)).toMatchObject({ version: '2.0.0', ipaddr: '10.0.0.1' });
  });

  it('requires a live token', async () => {
    expect(await send('v1.1.0/heartbeat')).toEqual(failed('20005'));
    expect(await send('v1.1.0/heartbeat?token=')).toEqual(failed('20005'));
    expect(await send('v1.1.0/heartbeat?k=v?token=x')).toEqual(failed('20005'));
    expect(await send('v1.1.0/heartbeat', { body: { token } })).toEqual(failed('20005'));
    expect(await send(`v1.1.0/heartbeat?token=${'0'.repeat(32)}`)).toEqual(failed('20004'));
    expect(await send(`v1.1.0/heartbeat?token=${'x'.repeat(5_000)}`)).toEqual(failed('20004'));
    expect(await send(`v1.1.0/heartbeat?token=${token}&token=other`)).toEqual(success);
  });

  it('works under every version prefix and with a slash at the end', async () => {
    for (const version of ['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.10', 'v2.0.0'])
      expect(await beat({}, version)).toEqual(success);
    expect(await send(`v1.1.0/heartbeat/?token=${token}`)).toEqual(success);
  });

  it('renews one lease, also many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => beat()));
    expect(answers.every(({ status }) => status === 'Success')).toBe(true);
    expect(await fixture.started.store.count({ tenant, groups: ['api'] })).toEqual([1]);
  });

  describe('under the strict profile', () => {
    it('v0.0.1 requires what the table of its document requires', async () => {
      expect(await beat({}, 'v0.0.1')).toEqual(failed('20007'));
      expect(await beat({ body: { ipaddr: '10.0.0.1' } }, 'v0.0.1')).toEqual(failed('10004'));
      expect(await beat({ body: { port: '8260' } }, 'v0.0.1')).toEqual(failed('10004'));
      expect(await beat({ method: 'GET' }, 'v0.0.1')).toEqual(failed('20001'));
      expect(await goesTo(token)).toBe('http://127.0.0.1:8260/first');
    });

    it('PBX_STRICT makes all versions strict, or none', async () => {
      for (const [pbxStrict, version, answer] of [
        ['always', 'v2.0.0', failed('20007')],
        ['never', 'v0.0.1', success],
      ] as const) {
        await restart({ pbxStrict });
        token = await login();
        expect(await beat({}, version)).toEqual(answer);
      }
    });
  });
});
