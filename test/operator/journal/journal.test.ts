import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beacon } from '../../protocols/kit/beacon/beacon.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({}, { protocols: [beacon] });
});
afterEach(() => started.close());

const operator = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
  started.app.inject({ method, url: `/_heartbeatd${path}`, ...(payload === undefined ? {} : { payload }) });
const light = (ship: string, body: object = { course: 1 }, query = '') =>
  started.app.inject({ method: 'PUT', url: `/beacon/north/${ship}${query}`, payload: JSON.stringify(body) });
const entries = async (query = '') => (await operator('GET', `/journal${query}`)).json().entries;

describe('the journal', () => {
  it('lists requests with their replies, in the order of receipt', async () => {
    await light('ada');
    await light('bob', { course: 400 });
    expect(await entries()).toMatchObject([
      {
        seq: 1,
        state: 'answered',
        direction: 'in',
        protocol: 'beacon',
        operation: 'LightBeacon',
        tenant: 'beacon/sea',
        group: 'north',
        holder: 'ada',
        request: { method: 'PUT', body: { course: 1 } },
        reply: { status: 200, body: { epoch: expect.any(Number) } },
        fault: null,
      },
      { seq: 2, holder: 'bob', reply: { status: 422, body: { code: 'CourseInvalid' } } },
    ]);
  });

  it('is filtered by selector, paged by cursor and read in either order', async () => {
    for (const ship of ['ada', 'bob', 'ada', 'cy']) await light(ship);
    expect((await entries('?holder=ada')).map(({ seq }: { seq: number }) => seq)).toEqual([1, 3]);
    const page = (await operator('GET', '/journal?limit=2')).json();
    expect([page.cursor, page.gap]).toEqual([2, false]);
    expect(
      (await entries(`?after=${page.cursor}&order=newest`)).map(({ seq }: { seq: number }) => seq),
    ).toEqual([4, 3]);
    const body = encodeURIComponent(JSON.stringify({ course: 1 }));
    expect(await entries(`?body=${body}&status=200`)).toHaveLength(4);
  });

  it('masks secrets in URLs, headers and bodies', async () => {
    await started.app.inject({
      method: 'PUT',
      url: '/beacon/north/ada?token=s3cret',
      headers: { authorization: 'LOG id:s3cret' },
      payload: JSON.stringify({ course: 1, password: 's3cret' }),
    });
    for (const format of ['json', 'ndjson', 'har', 'curl']) {
      const { body } = await operator('GET', `/journal?format=${format}`);
      expect(body).toContain('/beacon/north/ada');
      expect(body).not.toContain('s3cret');
    }
  });

  it('shows requests whose host is none in every format', async () => {
    await started.app.inject({ url: '/beacon/north/ada?course=1', headers: { host: 'no host: at all' } });
    for (const format of ['json', 'ndjson', 'har', 'curl']) {
      const { statusCode, body } = await operator('GET', `/journal?format=${format}`);
      expect(statusCode).toBe(200);
      expect(body).toContain('no host: at all');
    }
    const har = (await operator('GET', '/journal?format=har')).json();
    expect(har.log.entries[0].request.queryString).toEqual([{ name: 'course', value: '1' }]);
  });

  it.each(['x', '-1', '1.5', 'a:1'])('refuses the cursor %s', async (after) => {
    const reply = await operator('GET', `/journal?after=${after}`);
    expect([reply.statusCode, reply.json().error]).toEqual([400, expect.stringContaining('after')]);
  });

  it('shows one entry, and removes what a selector names', async () => {
    await light('ada');
    await light('bob');
    expect((await operator('GET', '/journal/2')).json()).toMatchObject({ holder: 'bob' });
    expect((await operator('DELETE', '/journal?holder=bob')).json()).toEqual({ removed: 1, unseenNodes: [] });
    expect((await operator('GET', '/journal/2')).statusCode).toBe(404);
    expect(await entries()).toHaveLength(1);
  });

  it('holds requests that no operation matched, or that could not be read', async () => {
    await started.app.inject('/beacon/north/ada/crew');
    await light('ada', { course: 1, log: 'x'.repeat(2_000) });
    expect(await entries()).toMatchObject([
      { operation: 'unknown', state: 'answered', reply: { status: 400, body: { code: 'not-found' } } },
      { operation: 'unknown', state: 'answered', reply: { status: 400, body: { code: 'unreadable' } } },
    ]);
  });

  it('names the nearest parameter where one is unknown', async () => {
    const refused = await operator('GET', '/journal?protcol=pbx');
    expect([refused.statusCode, refused.json()]).toEqual([
      400,
      { error: 'unknown name "protcol"; did you mean "protocol"?' },
    ]);
  });

  it('can be turned off', async () => {
    const without = await startApp({ journal: 'off' }, { protocols: [beacon] });
    expect((await without.app.inject('/_heartbeatd/journal')).statusCode).toBe(404);
    await without.close();
  });
});

describe('verify', () => {
  it('is satisfied by requests that were received', async () => {
    await light('ada');
    const verdict = await operator('POST', '/verify', { match: { holder: 'ada' }, times: { exactly: 1 } });
    expect([verdict.statusCode, verdict.json()]).toMatchObject([
      200,
      { satisfied: true, count: 1, complete: true },
    ]);
  });

  it('names the closest requests and how they differ', async () => {
    await light('ada', { course: 400 });
    const verdict = await operator('POST', '/verify', { match: { holder: 'ada', status: 200 } });
    expect([verdict.statusCode, verdict.json()]).toMatchObject([
      422,
      {
        satisfied: false,
        count: 0,
        closest: [{ seq: 1, differs: [{ path: 'status', expected: 200, actual: 422 }] }],
      },
    ]);
    expect(verdict.json().message).toBe(
      [
        'expected at least 1 of {"holder":"ada","status":200}',
        'found    0',
        'close    #1: status is 422, not 200',
      ].join('\n'),
    );
  });

  it('waits for what is still to come, and returns as soon as it came', async () => {
    const verdict = operator('POST', '/verify', { match: { holder: 'bob' }, within: '30s' });
    await light('ada');
    await light('bob');
    expect((await verdict).json()).toMatchObject({ satisfied: true, count: 1 });
  });

  it('fails at once when more came than may, or what may never come', async () => {
    const never = operator('POST', '/verify', { match: { holder: 'bob' }, neverFor: '30s' });
    await light('bob');
    expect((await never).json()).toMatchObject({ satisfied: false, count: 1 });
    const most = operator('POST', '/verify', {
      match: { holder: 'bob' },
      times: { atMost: 1 },
      within: '30s',
    });
    await light('bob');
    expect((await most).json()).toMatchObject({ satisfied: false, count: 2 });
  });

  it('finds a sequence in its order only', async () => {
    await light('ada');
    await light('bob');
    const sequence = (...ships: string[]) => ({ sequence: ships.map((holder) => ({ holder })) });
    expect((await operator('POST', '/verify', sequence('ada', 'bob'))).json().satisfied).toBe(true);
    expect((await operator('POST', '/verify', sequence('bob', 'ada'))).json().satisfied).toBe(false);
  });

  it('counts only what came after a cursor', async () => {
    await light('ada');
    const { cursor } = (await operator('POST', '/verify', { match: { holder: 'ada' } })).json();
    const later = { match: { holder: 'ada' }, after: cursor, times: { exactly: 0 } };
    expect((await operator('POST', '/verify', later)).json().satisfied).toBe(true);
  });
});
