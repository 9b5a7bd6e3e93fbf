/** The operator routes of Presence, under `/_heartbeatd/presence`. */
import type { App } from '../../kit/protocol.ts';
import type { PresenceContext } from '../context.ts';
import { pollRoutes } from './poll-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { writeRoutes } from './write-routes.ts';

/** Registers the routes; the caller sets the prefix. */
export function operatorRoutes(app: App, context: PresenceContext): void {
  pollRoutes(app, context);
  writeRoutes(app, context);
  tokenRoutes(app, context);
}
