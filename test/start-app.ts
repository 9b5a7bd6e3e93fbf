/** The whole app on a free port of this machine, over a store of its own. */
import { type AppOptions, buildApp } from '../src/app.ts';
import { type Config, defaultConfig } from '../src/config.ts';
import { listen, operatorAppOf, portOf } from '../src/ports.ts';
import type { App } from '../src/protocols/kit/protocol.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { openStore } from '../src/store/open.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import type { Store } from '../src/store/store.ts';

export interface StartedApp {
  readonly url: string;
  readonly operatorUrl: string;
  readonly app: App;
  readonly store: Store;
  close(): Promise<void>;
}

export interface StartOptions {
  /** Wall time of the store and the app, ms since 1970. Time of leases is moved with `store.advanceClock`. */
  readonly wallMs?: () => number;
  readonly randomBytes?: (size: number) => Buffer;
  readonly protocols?: AppOptions['protocols'];
  readonly logger?: NonNullable<AppOptions['logger']>;
  /** Default: embedded, in memory; the app's `close` closes it. */
  readonly store?: Store;
  /** The address to listen on; clients use 127.0.0.1 all the same. */
  readonly listenOn?: string;
}

export async function startApp(
  changes: Partial<Config> = {},
  options: StartOptions = {},
): Promise<StartedApp> {
  const { protocols, logger, wallMs, randomBytes, listenOn = '127.0.0.1' } = options;
  const { maxTenantBytes, maxTenants } = changes;
  const store =
    options.store ??
    createStore(
      openEmbeddedDriver({ maxTenantBytes, maxTenants, ...(wallMs === undefined ? {} : { wallMs }) }),
    );
  const config = defaultConfig(changes);
  const app = await buildApp({
    config,
    store,
    ...(protocols === undefined ? {} : { protocols }),
    ...(logger === undefined ? {} : { logger }),
    ...(wallMs === undefined ? {} : { wallMs }),
    ...(randomBytes === undefined ? {} : { randomBytes }),
  });
  await listen(app, { ...config, host: listenOn, port: 0 });
  const urlOf = (of: App): string => `http://127.0.0.1:${portOf(of)}`;
  return {
    url: urlOf(app),
    operatorUrl: urlOf(operatorAppOf(app)),
    app,
    store,
    async close() {
      await app.close();
      await store.close();
    },
  };
}

/** Starts the app over the store that the settings name: a file or a Redis. The app's `close` closes it. */
export async function startAppOverStore(
  changes: Partial<Config>,
  options: StartOptions = {},
): Promise<StartedApp> {
  return startApp(changes, { ...options, store: await openStore(defaultConfig(changes)) });
}
