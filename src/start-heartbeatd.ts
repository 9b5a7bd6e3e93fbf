/** A server in this process, for tests: on a free port, silent, gone without a trace when it is closed. */
import { type AppOptions, buildApp } from './app.ts';
import type { Fault } from './client/faults.ts';
import { type ConnectOptions, connect, type Heartbeatd } from './client/index.ts';
import { type Config, defaultConfig } from './config.ts';
import { checkFaultsOption, readFaultsFile } from './operator/faults/fault-file.ts';
import { checkSeedOption, exportState, loadSeed, readSeedFile } from './operator/state/seed.ts';
import type { StateDocument } from './operator/state/state-schema.ts';
import { listen, operatorAppOf, operatorHostOf, portOf } from './ports.ts';
import type { App } from './protocols/kit/protocol.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';

export interface StartHeartbeatdOptions
  extends Pick<AppOptions, 'wallMs' | 'randomBytes' | 'interceptor' | 'logger'> {
  /** Settings by their names in code: `SLS_AUTO_CREATE` is `slsAutoCreate`. The port is 0 unless it is set here. */
  readonly settings?: Partial<Config>;
  /** Fault rules that are there from the start, and that a reset to the seed returns to; instead of the file in `settings.faults`. */
  readonly faults?: readonly Fault[];
  /** What tenants hold from the start, and what a reset returns to; instead of the file in `settings.seed`. */
  readonly seed?: StateDocument;
}

/** A handle that also ends the server. */
export interface StartedHeartbeatd extends Heartbeatd, AsyncDisposable {
  readonly app: App;
  readonly store: Store;
  /** Ends held polls, the server and the store. More calls than one change nothing. */
  close(): Promise<void>;
}

/** Starts a server and resolves to its handle once it listens. Rejects with SettingError, which names what is wrong in a seed. */
export async function startHeartbeatd(options: StartHeartbeatdOptions = {}): Promise<StartedHeartbeatd> {
  const { settings = {}, faults: givenFaults, seed: givenSeed, ...appOptions } = options;
  const config = defaultConfig({ port: 0, ...settings });
  const seed = await seedOf(givenSeed, config);
  const faults = await faultsOf(givenFaults, config);
  const store = await openStore(config);
  try {
    const app = await buildApp({ ...appOptions, config, store, seed, faults });
    if (seed !== undefined) await loadSeed(store, seed);
    await listen(app, config);
    const options: ConnectOptions = {
      ...(config.operatorToken === '' ? {} : { token: config.operatorToken }),
      operatorUrl: urlOf(operatorAppOf(app), operatorHostOf(config)),
    };
    const handle = connect(urlOf(app, config.host), options);
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closed ??= app
        .close()
        .then(() => (config.exportOnExit === '' ? undefined : exportState(store, config.exportOnExit)))
        .finally(() => store.close());
      return closed;
    };
    return { ...handle, app, store, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function faultsOf(given: unknown, { faults }: Config): Promise<readonly Fault[]> {
  if (given !== undefined) return checkFaultsOption(given);
  return faults === '' ? [] : readFaultsFile(faults);
}

async function seedOf(given: unknown, { seed }: Config): Promise<StateDocument | undefined> {
  if (given !== undefined) return checkSeedOption(given);
  return seed === '' ? undefined : readSeedFile(seed);
}

const urlOf = (app: App, host: string): string => `http://${reachableHost(host)}:${portOf(app)}`;

/** A wildcard is no address to connect to. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
