/** What operators are given fits the metrics that the server has. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
let names: ReadonlySet<string>;
beforeAll(async () => {
  started = await startApp();
  await started.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
  const { body } = await started.app.inject('/metrics');
  const declared = [...body.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  names = new Set(declared);
});
afterAll(() => started.close());

it.each([
  'deploy/prometheus/rules.yaml',
  'deploy/prometheus/rules.test.yaml',
  'deploy/grafana/heartbeatd.json',
])('every metric that %s names exists', (file) => {
  const used = new Set(readFileSync(file, 'utf8').match(/\b(?:heartbeatd|process)_[a-z_]+\b/g));
  expect(used.size).toBeGreaterThan(3);
  expect([...used].filter((name) => !names.has(name))).toEqual([]);
});

it('tells what runs', async () => {
  const { body } = await started.app.inject('/metrics');
  expect(body).toContain(`heartbeatd_build_info{version="0.1.0",node="${process.version}"} 1`);
  expect(body).toMatch(/^heartbeatd_store_up 1$/m);
  expect(body).toMatch(/^heartbeatd_clock_frozen 0$/m);
});

it('counts held polls', async () => {
  const path = '/v2/subscribe/demo/room/0';
  const begin = await started.app.inject(`${path}?tt=0&uuid=zoe`);
  const { t } = begin.json<{ t: { t: string } }>();
  const holding = started.app.inject(`${path}?tt=${t.t}&uuid=zoe`);
  const metrics = async (): Promise<string> => (await started.app.inject('/metrics')).body;
  await expect.poll(metrics).toContain('heartbeatd_presence_held_polls 1');
  await started.app.inject('/publish/demo/demo/0/room/0/%22hello%22');
  expect((await holding).json()).toMatchObject({ m: [{ d: 'hello' }] });
  expect(await metrics()).toContain('heartbeatd_presence_held_polls 0');
});
