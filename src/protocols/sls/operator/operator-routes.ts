/** The operator routes of SLS, under `/_heartbeatd/sls`: logs, shards and checkpoints, without a signature and by any host. */
import type { App } from '../../kit/protocol.ts';
import type { SlsContext } from '../context.ts';
import { checkpointRoutes } from './checkpoint-routes.ts';
import { logRoutes } from './log-routes.ts';
import { putLogRoutes } from './put-log-routes.ts';
import { reshapeRoutes } from './reshape-routes.ts';
import { shardRoutes } from './shard-routes.ts';

/** Registers the routes; the caller sets the prefix. */
export function operatorRoutes(app: App, context: SlsContext): void {
  logRoutes(app, context);
  putLogRoutes(app, context);
  shardRoutes(app, context);
  reshapeRoutes(app, context);
  checkpointRoutes(app, context);
}
