import { expect, it } from 'vitest';
import { buildApp, defaultConfig, openStore } from '../src/index.ts';

it('the package serves the app inside another program, with settings of its own', async () => {
  const config = defaultConfig({ slsAutoCreate: true, sweepIntervalMs: 5 });
  const store = await openStore(config);
  const app = await buildApp({ config, store });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann`);
  expect(await answer.json()).toMatchObject({ status: 200, message: 'OK' });
  expect(await store.groupsOf({ tenant: 'presence/demo', holder: 'ann' })).toEqual(['lobby']);
  await app.close();
  await store.close();
});
