/** The vendor's Go producer, unmodified, with shards that change under it. */
import { expect, it } from 'vitest';
import { endpoint, logstore, project } from '../consumers/drill.ts';
import { serve } from '../consumers/drills.ts';
import { hasTool, installGoProducer } from '../consumers/install.ts';
import { logs, produce } from './producing.ts';

it.skipIf(!hasTool('go', 'version'))(
  'the Go producer (aliyun-log-go-sdk 0.1.115) loses and repeats no log while shards are split and merged',
  async () => {
    const file = installGoProducer();
    const { url } = await serve(undefined);
    await produce(url, {
      file,
      args: [`http://${endpoint}`, project, logstore, String(logs)],
      env: { HTTP_PROXY: url },
    });
    expect.hasAssertions();
  },
);
