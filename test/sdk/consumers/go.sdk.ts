/** The vendor's Go consumer library, unmodified, lives its whole life here. */
import { endpoint, logstore, project } from './drill.ts';
import { drills } from './drills.ts';
import { hasTool, installGo } from './install.ts';

drills({
  name: 'Go (aliyun-log-go-sdk 0.1.115)',
  missing: hasTool('go', 'version') ? undefined : 'go',
  install() {
    const file = installGo();
    const heartbeatSeconds = 2;
    return {
      name: 'go',
      command: ({ url, group, consumer }) => ({
        file,
        args: [endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
        env: { HTTP_PROXY: url, SLS_AUTH_VERSION: consumer < 'c' ? 'v1' : 'v4' },
      }),
    };
  },
});
