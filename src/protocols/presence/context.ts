/** What all operations of a created protocol share. */
import type { SettingsOf } from '../../settings/setting.ts';
import type { Store } from '../../store/store.ts';
import type { Access } from './access/access.ts';
import type { DebugLog } from './debug-log.ts';
import type { OwnJoins } from './membership/own-joins.ts';
import type { PresenceChannels } from './membership/presence-channels.ts';
import type { presenceSettings } from './settings.ts';
import type { Polls } from './subscribe/polls.ts';

export type PresenceSettings = SettingsOf<typeof presenceSettings>;

export interface PresenceContext {
  readonly store: Store;
  readonly settings: PresenceSettings;
  /** The channels with presence. */
  readonly presenceChannels: PresenceChannels;
  readonly access: Access;
  readonly polls: Polls;
  readonly ownJoins: OwnJoins;
  readonly debug: DebugLog;
  /** Wall time, ms since 1970. */
  wallMs(): number;
}
