/** The vendor's Python consumer library, unmodified, lives its whole life here. */
import { join } from 'node:path';
import { endpoint, logstore, project } from './drill.ts';
import { drills } from './drills.ts';
import { hasTool, installPython } from './install.ts';

const pythonVersion = '0.9.47';

drills({
  name: `Python (aliyun-log-python-sdk ${pythonVersion})`,
  missing: hasTool('python3', '-m', 'venv', '--help') ? undefined : 'python3 with venv',
  install() {
    const python = installPython(pythonVersion);
    // The library makes the timeout twice that: see `Candidate` for how long that must be.
    const heartbeatSeconds = 5;
    return {
      name: 'python',
      command: ({ url, group, consumer }) => ({
        file: python,
        args: [
          join(import.meta.dirname, 'python', 'worker.py'),
          ...[endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
        ],
        // Some of them sign in the newer way.
        env: { HTTP_PROXY: url, SLS_AUTH_VERSION: consumer < 'c' ? 'v1' : 'v4' },
      }),
    };
  },
});
