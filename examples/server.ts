/**
 * The server that an example talks to: the one in HEARTBEATD_URL, or one that runs in this process and is gone with it.
 * OPERATOR_TOKEN is sent with operator requests if it is set.
 */
import { connect, type Heartbeatd, startHeartbeatd } from '../src/index.ts';

/** Returns the server in HEARTBEATD_URL, or starts one on a free port of this machine. */
export async function openServer(): Promise<Heartbeatd & { close(): Promise<void> }> {
  const { HEARTBEATD_URL: running, OPERATOR_TOKEN: token = '' } = process.env;
  if (running === undefined || running === '') return startHeartbeatd();
  return { ...connect(running, token === '' ? {} : { token }), async close() {} };
}
