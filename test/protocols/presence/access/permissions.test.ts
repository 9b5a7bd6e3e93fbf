/** Which permission each call needs: that one suffices, and all others do not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bits,
  encodeToken,
  type Permissions,
  type ResourceKind,
} from '../../../../src/protocols/presence/access/token.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

const keys = { subscribeKey: 'sub-c-demo', publishKey: 'pub-c-demo', secretKey: 'sec-c-demo' };
const root = `/v2/presence/sub-key/${keys.subscribeKey}`;
const registry = `/v1/channel-registration/sub-key/${keys.subscribeKey}/channel-group`;
const publishPath = `${keys.publishKey}/${keys.subscribeKey}/0/ch/0`;
const allBits = 255;

let started: StartedApp;
beforeAll(async () => {
  started = await startApp({ presenceKeys: [Object.values(keys).join(':')], presenceAuth: 'verify' });
});
afterAll(() => started.close());

/** A token with these bits on one resource. */
async function tokenFor(kind: ResourceKind, name: string, mask: number): Promise<string> {
  const none: Permissions = {
    chan: new Map(),
    grp: new Map(),
    spc: new Map(),
    usr: new Map(),
    uuid: new Map(),
  };
  const { leaseMs } = await started.store.now({ tenant: `presence/${keys.subscribeKey}` });
  const issuedAt = Math.floor(leaseMs / 1_000);
  const resources = { ...none, [kind]: new Map([[name, mask]]) };
  return encodeToken({ issuedAt, ttlMinutes: 5, resources, patterns: none, meta: {} }, keys.secretKey);
}

async function request(url: string, auth: string) {
  const [method, path = ''] = url.startsWith('POST ')
    ? (['POST', url.slice(5)] as const)
    : (['GET', url] as const);
  const target = `${path}${path.includes('?') ? '&' : '?'}uuid=u&auth=${encodeURIComponent(auth)}`;
  const reply = await started.app.inject({
    method,
    url: target,
    ...(method === 'POST' ? { payload: '1' } : {}),
  });
  return { status: reply.statusCode, json: JSON.parse(reply.body) as unknown };
}

const needed: readonly (readonly [string, keyof typeof bits, 'chan' | 'grp', string])[] = [
  [`/v2/subscribe/${keys.subscribeKey}/ch/0`, 'read', 'chan', 'ch'],
  [`/v2/subscribe/${keys.subscribeKey}/ch-pnpres/0`, 'read', 'chan', 'ch-pnpres'],
  [`/v2/subscribe/${keys.subscribeKey}/,/0?channel-group=g`, 'read', 'grp', 'g'],
  [`/v2/subscribe/${keys.subscribeKey}/,/0?channel-group=g-pnpres`, 'read', 'grp', 'g-pnpres'],
  [`/v2/subscribe/${keys.subscribeKey}/foo.%2A/0`, 'read', 'chan', 'foo.*'],
  [`/subscribe/${keys.subscribeKey}/ch/0/0`, 'read', 'chan', 'ch'],
  [`${root}/channel/ch/heartbeat`, 'read', 'chan', 'ch'],
  [`${root}/channel/ch`, 'read', 'chan', 'ch'],
  [`${root}/channel/,?channel-group=g`, 'read', 'grp', 'g'],
  [root, 'read', 'chan', '*'],
  [`${root}/channel/ch/uuid/u`, 'read', 'chan', 'ch'],
  [`${root}/channel/ch/uuid/u/data?state=%7B%7D`, 'read', 'chan', 'ch'],
  [`/publish/${publishPath}/1`, 'write', 'chan', 'ch'],
  [`POST /publish/${publishPath}`, 'write', 'chan', 'ch'],
  [`POST /v2/publish/${publishPath}`, 'write', 'chan', 'ch'],
  [`/signal/${publishPath}/1`, 'write', 'chan', 'ch'],
  [`POST /signal/${publishPath}`, 'write', 'chan', 'ch'],
  [`/v3/history/sub-key/${keys.subscribeKey}/message-counts/ch?timetoken=1`, 'read', 'chan', 'ch'],
  [`${registry}/g?add=x`, 'manage', 'grp', 'g'],
  [`${registry}/g?remove=x`, 'manage', 'grp', 'g'],
  [`${registry}/g`, 'manage', 'grp', 'g'],
  [`${registry}/g/remove`, 'manage', 'grp', 'g'],
  [registry, 'manage', 'grp', '*'],
];

describe.each(needed)('%s needs to %s (%s %s)', (url, bit, kind, name) => {
  it('and is allowed by that permission alone', async () => {
    expect((await request(url, await tokenFor(kind, name, bits[bit]))).status).toBe(200);
  });

  it('and is refused by name with all others', async () => {
    const others = await tokenFor(kind, name, allBits - bits[bit]);
    const elsewhere = await tokenFor(kind, 'other', allBits);
    for (const auth of [others, elsewhere, '', 'no-token']) {
      expect(await request(url, auth)).toEqual({
        status: 403,
        json: {
          message: 'Forbidden',
          payload: kind === 'chan' ? { channels: [name] } : { 'channel-groups': [`:${name}`] },
          error: true,
          service: 'Access Manager',
          status: 403,
        },
      });
    }
  });
});

it.each([`${root}/channel/ch/leave`, `${root}/uuid/u`, '/time/0'])('%s needs no permission', async (url) => {
  expect((await request(url, '')).status).toBe(200);
});
