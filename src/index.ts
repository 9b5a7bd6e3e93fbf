/** What the package offers to programs and tests: a server in their process, and the handle of one that runs anywhere. */
export { type AppOptions, buildApp } from './app.ts';
export * from './client/index.ts';
export { type Config, defaultConfig } from './config.ts';
export { SettingError } from './settings/setting.ts';
export { type StartedHeartbeatd, type StartHeartbeatdOptions, startHeartbeatd } from './start-heartbeatd.ts';
export { openStore } from './store/open.ts';
export type { Store } from './store/store.ts';
