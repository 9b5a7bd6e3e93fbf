/** The vendor's Java consumer library, unmodified, lives its whole life here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { endpoint, hostsFile, logstore, project } from './drill.ts';
import { drills, serve } from './drills.ts';
import { hasTool, installJava } from './install.ts';

drills({
  // No port and no address may stand in its endpoint, and its settings for consumers name no proxy.
  name: 'Java (loghub-client-lib 0.6.41)',
  missing: javaMissing(),
  addresses: [
    { host: '127.0.0.1', port: 80 },
    { host: '127.0.0.2', port: 80 },
  ],
  install() {
    const classPath = installJava();
    const heartbeatSeconds = 2;
    return {
      name: 'java',
      command: ({ url, group, consumer }) => ({
        file: 'java',
        args: [
          ...[
            '-Xmx128m',
            `-Djdk.net.hosts.file=${hostsFile(new URL(url).hostname)}`,
            '-cp',
            classPath,
            'Worker',
          ],
          ...[endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
        ],
      }),
    };
  },
});

function javaMissing(): string | undefined {
  if (!hasTool('javac', '-version') || !hasTool('mvn', '-version')) return 'JDK with Maven';
  return process.getuid?.() === 0 ? undefined : 'right to listen on port 80, which its endpoints mean';
}

it.skipIf(!hasTool('javac', '-version') || !hasTool('mvn', '-version'))(
  'the Java SDK (aliyun-log 0.6.151) puts and pulls logs through the server as its proxy',
  async () => {
    const { url } = await serve(undefined);
    const { stdout } = await promisify(execFile)('java', [
      ...['-cp', installJava(), 'Proxied', new URL(url).port, endpoint, 'from-java', 'logs'],
    ]);
    expect(stdout).toContain('from Java');
  },
);
