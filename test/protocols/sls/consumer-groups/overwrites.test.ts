/** Clients of one group that set its timeout or order differently are noticed. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../../../src/config.ts';
import { updateConsumerGroup } from '../../../../src/protocols/sls/consumer-groups/update-consumer-group.ts';
import { makeSlsContext } from '../../../../src/protocols/sls/context.ts';
import { silentLog } from '../../../../src/settings/log.ts';
import { group, type Service, setUp, startMs, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { timeout: 60 });
});
afterEach(() => service.close());

const put = (body: object, agent = 'consumer-a') =>
  service.call('PUT', group, body, { headers: { 'user-agent': agent } });
const join = () => service.call('POST', `${group}?type=heartbeat&consumer=c1`, []);

/** What the operator sees of the group. */
async function shown(): Promise<unknown> {
  const { body } = await service.started.app.inject({
    url: '/_heartbeatd/leases?tenant=sls%2Fmy-project',
    headers: { host: '127.0.0.1' },
  });
  return JSON.parse(body);
}

describe('a changed timeout or order', () => {
  it('is shown to operators if consumers were there, with both values and the client', async () => {
    await join();
    expect(JSON.stringify(await shown())).toContain('"overwrites":null');
    await put({ timeout: 40 });
    await put({ timeout: 60, order: true }, 'consumer-b');
    const noted = {
      count: 2,
      last: {
        at: startMs / 1_000,
        by: 'consumer-b',
        from: { timeout: 40, order: false },
        to: { timeout: 60, order: true },
      },
    };
    expect(JSON.stringify(await shown())).toContain(`"overwrites":${JSON.stringify(noted)}`);
  });

  it('is not shown if nobody was there, or if the values are the same', async () => {
    await put({ timeout: 40 });
    await join();
    await put({ timeout: 40, order: false });
    expect(JSON.stringify(await shown())).toContain('"overwrites":null');
  });
});

describe('the log', () => {
  it('warns of each change at first, and then of every hundredth', async () => {
    await join();
    const warnings: { readonly fields: object; readonly text: string }[] = [];
    const log = {
      ...silentLog,
      warn: (fields: object, text: string) => warnings.push({ fields, text }),
    };
    const { store } = service.started;
    const context = makeSlsContext({ store, log, wallMs: () => startMs, randomBytes }, defaultConfig());
    const operation = updateConsumerGroup(context);
    const update = (timeout: number) =>
      operation.run({
        method: 'PUT',
        target: group,
        authority: 'my-project.sls.local',
        project: 'my-project',
        logstore: 'my-logstore',
        group: 'cg',
        shard: '',
        headers: { 'user-agent': 'x'.repeat(500) },
        query: {},
        body: Buffer.from(JSON.stringify({ timeout })),
        client: { clientAddress: '127.0.0.1' },
      });
    await update(60);
    expect(warnings).toEqual([]);
    for (let count = 1; count <= 200; count += 1) await update(count % 2 === 0 ? 60 : 40);
    expect(warnings).toHaveLength(12);
    expect(warnings[0]?.text).toContain('while consumers were there');
    expect(warnings[0]?.fields).toEqual({
      tenant: 'sls/my-project',
      group: 'my-logstore/cg',
      count: 1,
      at: startMs / 1_000,
      by: 'x'.repeat(128),
      from: { timeout: 60, order: false },
      to: { timeout: 40, order: false },
    });
  });
});
