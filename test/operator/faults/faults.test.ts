import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomAt } from '../../../src/operator/faults/decide.ts';
import { beacon } from '../../protocols/kit/beacon/beacon.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
let wallMs = 1_700_000_000_000;
beforeEach(async () => {
  wallMs = 1_700_000_000_000;
  started = await startApp({}, { protocols: [beacon], wallMs: () => wallMs });
});
afterEach(() => started.close());

const operator = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, payload?: object) =>
  started.app.inject({ method, url: `/_heartbeatd${path}`, ...(payload === undefined ? {} : { payload }) });
const inject = async (fault: object): Promise<string> => (await operator('POST', '/faults', fault)).json().id;
const light = (ship = 'ada'): Promise<Response> =>
  fetch(`${started.url}/beacon/north/${ship}`, { method: 'PUT', body: '{"course":1}' });
const isLit = async (): Promise<boolean> =>
  (await (await fetch(`${started.url}/beacon/north`)).text()) === '["ada"]';

describe('a fault', () => {
  it("answers with an error of the vendor's table, and nothing takes effect", async () => {
    await inject({ match: { operation: 'LightBeacon' }, do: { error: 'CourseInvalid' } });
    const reply = await light();
    expect([reply.status, await reply.json()]).toMatchObject([422, { code: 'CourseInvalid' }]);
    expect(await isLit()).toBe(false);
  });

  it('fires once unless it says otherwise', async () => {
    await inject({ match: { operation: 'LightBeacon' }, do: { status: 503, body: { busy: true } } });
    expect([(await light()).status, (await light()).status]).toEqual([503, 200]);
    expect((await operator('GET', '/faults')).json().faults).toMatchObject([
      { id: 'fault-1', matched: 2, fired: 1, remaining: 0 },
    ]);
  });

  it('passes over matches, fires a number of times, and ends with its time', async () => {
    const match = { operation: 'LightBeacon' };
    await inject({ match, when: { skip: 1, count: 2 }, do: { status: 500 } });
    expect([
      (await light()).status,
      (await light()).status,
      (await light()).status,
      (await light()).status,
    ]).toEqual([200, 500, 500, 200]);
    await inject({ match, when: { count: 'all', for: '1m' }, do: { status: 500 } });
    expect((await light()).status).toBe(500);
    wallMs += 60_000;
    expect((await light()).status).toBe(200);
  });

  it('loses the reply of a request that took effect', async () => {
    await inject({ match: { holder: 'ada' }, do: { drop: 'after' } });
    await expect(light()).rejects.toThrow();
    expect(await isLit()).toBe(true);
  });

  it('loses a request before it takes effect', async () => {
    await inject({ match: { holder: 'ada' }, do: { drop: 'before' } });
    await expect(light()).rejects.toThrow();
    expect(await isLit()).toBe(false);
  });

  it.each([[{ reset: true }], [{ garbage: true }], [{ truncate: 0.5 }]])(
    '%j breaks the connection',
    async (effect) => {
      await inject({ match: { holder: 'ada' }, do: effect });
      await expect(light().then((reply) => reply.text())).rejects.toThrow();
    },
  );

  it('sends the reply in pieces', async () => {
    await inject({ match: { holder: 'ada' }, do: { dribble: { bytes: 4, every: 1 } } });
    expect(await (await light()).json()).toEqual({ epoch: expect.any(Number) });
  });

  it('answers something else than what happened', async () => {
    await inject({ match: { operation: 'ListBeacons' }, do: { answer: ['ghost'] } });
    expect(await (await fetch(`${started.url}/beacon/north`)).json()).toEqual(['ghost']);
  });

  it('makes the store appear away', async () => {
    await inject({ match: { holder: 'ada' }, do: { store: 'away' } });
    expect(await (await light()).json()).toEqual({ code: 'unavailable' });
  });

  it('acts on replies with a status', async () => {
    await inject({ match: { status: 200, operation: 'LightBeacon' }, do: { status: 418 } });
    expect((await light()).status).toBe(418);
    expect(await isLit()).toBe(true);
  });

  it('holds a request until it is released', async () => {
    const id = await inject({ match: { holder: 'ada' }, do: { hold: true } });
    const reply = light();
    await expect.poll(async () => (await operator('GET', `/faults/${id}`)).json().held).toBe(1);
    expect(await isLit()).toBe(false);
    expect((await operator('POST', `/faults/${id}/release`)).json()).toEqual({ count: 1 });
    expect((await reply).status).toBe(200);
  });

  it('is named in the journal', async () => {
    await inject({ id: 'lost-reply', match: { holder: 'ada' }, do: { drop: 'after' } });
    await light().catch(() => undefined);
    const { entries } = (await operator('GET', '/journal')).json();
    expect(entries).toMatchObject([{ holder: 'ada', state: 'dropped', fault: 'lost-reply', reply: null }]);
  });

  it('makes the same decisions with the same seed, and fires on about its share', () => {
    const decisions = (seed: number) => Array.from({ length: 10_000 }, (_, n) => randomAt(seed, n) < 0.3);
    expect(decisions(7)).toEqual(decisions(7));
    expect(decisions(7)).not.toEqual(decisions(8));
    expect(decisions(7).filter(Boolean).length).toBeGreaterThan(2_800);
    expect(decisions(7).filter(Boolean).length).toBeLessThan(3_200);
  });

  it('is replaced, changed and removed by its id', async () => {
    const id = await inject({ id: 'a', match: { holder: 'x' }, do: { status: 500 } });
    expect((await operator('PATCH', `/faults/${id}`, { match: { holder: 'ada' } })).json()).toMatchObject({
      id: 'a',
    });
    expect((await light()).status).toBe(500);
    expect(
      (await operator('PUT', '/faults', [{ id: 'b', do: { status: 501 } }])).json().faults,
    ).toMatchObject([{ id: 'b' }]);
    expect((await operator('DELETE', '/faults/b')).json()).toMatchObject({ id: 'b' });
    expect((await operator('DELETE', '/faults/b')).statusCode).toBe(404);
    expect((await light()).status).toBe(200);
  });

  it.each([
    [{ do: {} }, 'body/do'],
    [{ do: { status: 500, drop: 'after' } }, 'exclude each other'],
    [{ do: { body: 'x' } }, 'need a status'],
    [{ do: { error: 'CourseInvald' } }, 'no protocol has error "CourseInvald"'],
    [{ match: { status: 200 }, do: { drop: 'before' } }, 'cannot act before'],
    [
      { match: { protcol: 'x' }, do: { reset: true } },
      'body/match: unknown name "protcol"; did you mean "protocol"?',
    ],
  ])('%j is refused', async (fault, message) => {
    const refused = await operator('POST', '/faults', fault);
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toContain(message);
  });

  it('never matches operator requests', async () => {
    await inject({ when: { count: 'all' }, do: { status: 500 } });
    expect((await operator('GET', '/leases')).statusCode).toBe(200);
    expect((await started.app.inject('/healthz')).statusCode).toBe(200);
  });
});
