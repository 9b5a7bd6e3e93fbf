/** `heartbeatd/testcontainers`: the server in a container of a test. No server code; Node.js 20 and later. */
export {
  HeartbeatdContainer,
  type HeartbeatdSettings,
  StartedHeartbeatdContainer,
} from './heartbeatd-container.ts';
