/** The server's image as a container of the package `testcontainers`. */
import { basename } from 'node:path';
import {
  AbstractStartedContainer,
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { connect, type Heartbeatd } from '../client/connect.ts';
import type { PresenceConfig } from '../client/endpoints.ts';
import type { StateDocument } from '../client/state.ts';
import { environmentOf, type HeartbeatdSettings } from './environment.ts';

export type { HeartbeatdSettings };

const port = 8080;
const seedFolder = '/etc/heartbeatd';

/** Names of the machine itself: in a container, they lead to the container. */
const loopback = ['127.0.0.1', 'localhost', '::1'];

/**
 * A server that starts in a container. Its operator API is open with a token, which is a random one unless it is set. It accepts the
 * framing of the SLS client for C++, and sends PBX reports for callbacks on 127.0.0.1, localhost and ::1 to the machine that the
 * container runs on.
 */
export class HeartbeatdContainer extends GenericContainer {
  private operatorToken: string = globalThis.crypto.randomUUID();
  /** Where reports for the callbacks on a host go; undefined: to the machine that the container runs on. */
  private readonly callbackHosts = new Map<string, string | undefined>(
    loopback.map((host) => [host, undefined]),
  );

  /** Takes the name of the image; there is no default. */
  constructor(image: string) {
    super(image);
    this.withExposedPorts(port)
      .withEnvironment({ HOST: '0.0.0.0', PORT: `${port}`, LENIENT_FRAMING: 'always' })
      .withWaitStrategy(Wait.forHttp('/readyz', port).forStatusCode(200));
  }

  /** Begins with a state, to which a reset returns: a document, or the path of a JSON file or module that `--seed` takes. */
  withSeed(seed: StateDocument | string): this {
    const target = `${seedFolder}/${typeof seed === 'string' ? basename(seed) : 'seed.json'}`;
    if (typeof seed === 'string') this.withCopyFilesToContainer([{ source: seed, target }]);
    else this.withCopyContentToContainer([{ content: JSON.stringify(seed), target }]);
    return this.withEnvironment({ SEED: target });
  }

  /** Applies settings by their names in code. A path names a file in the container. */
  withSettings(settings: HeartbeatdSettings): this {
    return this.withEnvironment(environmentOf(settings));
  }

  /** Keeps leases in Redis; the host of the URL is resolved in the container. */
  withRedis(url: string): this {
    return this.withEnvironment(environmentOf({ redisUrl: url }));
  }

  /** Sets the token of the operator API. */
  withOperatorToken(token: string): this {
    this.operatorToken = token;
    return this;
  }

  /**
   * Sends PBX reports for callbacks on `host` to `target`, a name or an address that the container can reach; by default to the machine
   * that the container runs on.
   */
  withCallbackHost(host: string, target?: string): this {
    this.callbackHosts.set(host, target);
    return this;
  }

  /** Starts the container and resolves once the server is ready. */
  override async start(): Promise<StartedHeartbeatdContainer> {
    const isPodman = await usesPodman();
    // Podman makes the name of its machine known to every container; Docker is asked to.
    const machine = isPodman ? 'host.containers.internal' : 'host.docker.internal';
    if (!isPodman) this.withExtraHosts([{ host: machine, ipAddress: 'host-gateway' }]);
    const pbxCallbackHosts = [...this.callbackHosts].map(([host, target]) => `${host}=${target ?? machine}`);
    this.withEnvironment(environmentOf({ operatorToken: this.operatorToken, pbxCallbackHosts }));
    return new StartedHeartbeatdContainer(await super.start(), this.operatorToken);
  }
}

/** A server that runs in a container. */
export class StartedHeartbeatdContainer extends AbstractStartedContainer {
  private readonly operatorToken: string;

  constructor(started: StartedTestContainer, operatorToken: string) {
    super(started);
    this.operatorToken = operatorToken;
  }

  /** Returns the address of the server, as tests on this machine reach it. */
  getUrl(): string {
    const host = this.getHost();
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.getMappedPort(port)}`;
  }

  /** Returns the HTTP proxy by which SLS clients reach the server. */
  getSlsProxyUrl(): string {
    return this.getClient().sls.proxy;
  }

  /** Returns options of PubNub's SDKs; any key names a tenant. */
  getPresenceConfig(subscribeKey: string): PresenceConfig {
    return this.getClient().presence.config(subscribeKey);
  }

  /** Returns the handle that drives the server: clock, faults, journal, state, events. */
  getClient(): Heartbeatd {
    return connect(this.getUrl(), { token: this.operatorToken });
  }
}

/** Resolves to whether the container engine is Podman, by what its API says of itself. */
async function usesPodman(): Promise<boolean> {
  const { container } = await getContainerRuntimeClient();
  const version = await container.dockerode.version();
  return JSON.stringify(version).includes('Podman');
}
