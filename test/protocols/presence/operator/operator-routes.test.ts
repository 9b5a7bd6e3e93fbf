/** What operators see and do of Presence: held subscribes, groups, tokens, state and messages. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  encodeToken,
  type Permissions,
  type TokenContent,
} from '../../../../src/protocols/presence/access/token.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../../src/start-heartbeatd.ts';

let hb: StartedHeartbeatd;
beforeEach(async () => {
  hb = await startHeartbeatd({ settings: { presenceKeys: ['demo:pub:secret'] } });
});
afterEach(() => hb.close());

const tenant = 'presence/demo';
const vendor = async <T>(path: string): Promise<T> => (await fetch(hb.url + path)).json() as Promise<T>;
const post = <T>(path: string, body: unknown): Promise<T> =>
  hb.operator.json<T>('POST', `/presence${path}`, { body });
const get = <T>(path: string, query: Record<string, string> = {}): Promise<T> =>
  hb.operator.json<T>('GET', `/presence${path}`, { query });

interface Polls {
  readonly held: number;
  readonly polls: readonly { readonly uuid: string; readonly heldMs: number }[];
}

/** Starts a subscribe that the server holds until something happens. */
async function subscribe(uuid: string, channels: string, more: string): Promise<void> {
  const url = `/v2/subscribe/demo/${channels}/0?uuid=${uuid}${more}`;
  const { t } = await vendor<{ t: { t: string } }>(`${url}&tt=0`);
  fetch(`${hb.url}${url}&tt=${t.t}`).catch(() => {});
}

describe('held subscribes', () => {
  it('are listed with their uuid, channels, patterns and groups until they are answered', async () => {
    await subscribe('ann', 'lobby,news.*,lobby-pnpres', '&channel-group=team');
    await expect
      .poll(() => get<Polls>('/polls'))
      .toMatchObject({
        held: 1,
        polls: [
          { tenant, uuid: 'ann', channels: ['lobby', 'news.*'], groups: ['team'], presenceOf: ['lobby'] },
        ],
      });
    expect((await get<Polls>('/polls')).polls[0]?.heldMs).toBeGreaterThanOrEqual(0);
    expect(await get<Polls>('/polls', { tenant: 'presence/other' })).toEqual({
      held: 0,
      polls: [],
      next: null,
    });
    await post('/publish', { tenant, channel: 'lobby', message: { hello: 1 } });
    await expect.poll(async () => (await get<Polls>('/polls')).held).toBe(0);
  });
});

it('channel groups are listed with their channels', async () => {
  expect(await get('/groups', { tenant })).toEqual({ groups: [], next: null });
  await vendor('/v1/channel-registration/sub-key/demo/channel-group/team?add=b,a');
  expect(await get('/groups', { tenant })).toEqual({
    groups: [{ group: 'team', channels: ['a', 'b'] }],
    next: null,
  });
  await expect(get('/groups', { tenant: 'sls/demo' })).rejects.toThrow('400');
});

describe('a message', () => {
  it('reaches a subscriber, with its publisher', async () => {
    const { t } = await vendor<{ t: { t: string } }>('/v2/subscribe/demo/lobby/0?uuid=ann&tt=0');
    const { timetoken } = await post<{ timetoken: string }>('/publish', {
      tenant,
      channel: 'lobby',
      message: 'a/b, "c"',
      uuid: 'zoe',
    });
    expect(timetoken).toMatch(/^\d{17}$/);
    expect(await vendor(`/v2/subscribe/demo/lobby/0?uuid=ann&tt=${t.t}`)).toMatchObject({
      m: [{ c: 'lobby', d: 'a/b, "c"', i: 'zoe' }],
    });
  });

  it.each([
    [{ tenant, channel: '', message: 1 }],
    [{ tenant, channel: 'x'.repeat(2_000), message: 1 }],
    [{ tenant, channel: 'a', message: 'x'.repeat(40_000) }],
    [{ tenant: 'pbx/default', channel: 'a', message: 1 }],
    [{ tenant, channel: 'a' }],
    [{ tenant, channel: 'a', message: 'x'.repeat(100), signal: true }],
  ])('is refused in %#', async (body) => {
    await expect(post('/publish', body)).rejects.toMatchObject({ status: 400 });
  });
});

describe('the state of a uuid', () => {
  it('is set in the channels that are named, and clients read it', async () => {
    await vendor('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300');
    const set = { tenant, uuid: 'ann', channels: ['lobby'], state: { mood: 'ok' } };
    expect(await post('/state', set)).toEqual({ channels: ['lobby'] });
    expect(await vendor('/v2/presence/sub-key/demo/channel/lobby/uuid/ann?uuid=zoe')).toMatchObject({
      payload: { mood: 'ok' },
    });
  });

  it.each([
    [{ tenant, uuid: '', channels: ['lobby'], state: {} }],
    [{ tenant, uuid: 'ann', channels: [], state: {} }],
    [{ tenant, uuid: 'ann', channels: ['lobby'], state: 'text' }],
    [{ tenant, uuid: 'ann', channels: ['lobby'], state: { x: 'x'.repeat(40_000) } }],
  ])('is refused in %#', async (body) => {
    await expect(post('/state', body)).rejects.toMatchObject({ status: 400 });
  });
});

describe('an access token', () => {
  const none = (): Permissions => ({
    chan: new Map(),
    grp: new Map(),
    spc: new Map(),
    usr: new Map(),
    uuid: new Map(),
  });
  const content = (changes: Partial<TokenContent> = {}): TokenContent => ({
    issuedAt: Math.floor(Date.now() / 1_000),
    ttlMinutes: 60,
    resources: { ...none(), chan: new Map([['lobby', 3]]) },
    patterns: { ...none(), grp: new Map([['^team-', 4]]) },
    meta: new Map<unknown, unknown>([[Buffer.from('role'), 'admin']]),
    uuid: 'ann',
    ...changes,
  });

  it('is decoded: what it allows, on what, to whom, until when, and whether its signature is right', async () => {
    const token = encodeToken(content(), 'secret');
    expect(await post('/tokens/decode', { token, tenant })).toMatchObject({
      uuid: 'ann',
      ttlMinutes: 60,
      isExpired: false,
      resources: { chan: { lobby: ['read', 'write'] } },
      patterns: { grp: { '^team-': ['manage'] } },
      meta: { role: 'admin' },
      signature: 'valid',
    });
    expect(await post('/tokens/decode', { token })).toMatchObject({
      signature: 'unchecked',
      isExpired: null,
    });
  });

  it('of another key, or that has ended, says so', async () => {
    const foreign = encodeToken(content({ issuedAt: 1_000 }), 'other');
    expect(await post('/tokens/decode', { token: foreign, tenant })).toMatchObject({
      signature: 'invalid',
      isExpired: true,
      expiresAt: '1970-01-01T01:16:40.000Z',
    });
  });

  it('with a time that is none is decoded all the same', async () => {
    const strange = encodeToken(content({ issuedAt: Number.MAX_SAFE_INTEGER, meta: null }), 'secret');
    expect(await post('/tokens/decode', { token: strange })).toMatchObject({ meta: null });
  });

  it.each(['', 'x', 'AAAA', 'p0F2AkF0', '!'.repeat(500)])('is refused if it is %j', async (token) => {
    await expect(post('/tokens/decode', { token, tenant })).rejects.toMatchObject({ status: 400 });
  });
});
