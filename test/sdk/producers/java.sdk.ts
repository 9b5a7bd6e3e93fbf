/** The vendor's Java producer, unmodified, with shards that change under it. */
import { expect, it } from 'vitest';
import { endpoint, hostsFile, logstore, project } from '../consumers/drill.ts';
import { serve } from '../consumers/drills.ts';
import { hasTool, installJavaProducer } from '../consumers/install.ts';
import { logs, produce } from './producing.ts';

/** Its settings name no proxy, and no port may stand in its endpoint. */
const address = { host: '127.0.0.3', port: 80 };
const isMissing = !hasTool('javac', '-version') || !hasTool('mvn', '-version') || process.getuid?.() !== 0;

it.skipIf(isMissing)(
  'the Java producer (aliyun-log-producer 0.3.24) loses and repeats no log while shards are split and merged',
  async () => {
    const classPath = installJavaProducer();
    const { url } = await serve(address);
    await produce(url, {
      file: 'java',
      args: [
        ...['-Xmx256m', `-Djdk.net.hosts.file=${hostsFile(address.host)}`, '-cp', classPath, 'Producing'],
        ...[endpoint, project, logstore, String(logs)],
      ],
    });
    expect.hasAssertions();
  },
);
