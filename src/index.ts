/** What the package offers to a program that serves the app itself, a test of one's own service, say. */
export { type AppOptions, buildApp } from './app.ts';
export { type Config, defaultConfig } from './config.ts';
export { SettingError } from './settings/setting.ts';
export { openStore } from './store/open.ts';
export type { Store } from './store/store.ts';
