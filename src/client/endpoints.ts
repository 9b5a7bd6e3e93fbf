/** What each vendor's client needs to reach the server, ready to be spread into its options. */

/** For SLS clients, which reach the server as their HTTP proxy and keep the endpoint of production. */
export interface SlsEndpoint {
  /** The proxy's address. */
  readonly proxy: string;
  /** An endpoint of production; a project's name stands before it. */
  readonly endpoint: string;
  /** Environment of a client process; nothing is excepted from the proxy. */
  env(): Record<string, string>;
}

/** For applications of the PBX. */
export interface PbxEndpoint {
  /** What stands before `/api/v1.1.0/login`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** Options of PubNub's SDKs. */
export interface PresenceConfig {
  readonly subscribeKey: string;
  readonly publishKey: string;
  readonly origin: string;
  readonly ssl: boolean;
}

export interface PresenceEndpoint {
  /** `host:port`. */
  readonly origin: string;
  /** Any key names a tenant of its own. */
  config(subscribeKey: string): PresenceConfig;
}

/** Addresses of one server, by protocol. */
export interface Endpoints {
  readonly sls: SlsEndpoint;
  readonly pbx: PbxEndpoint;
  readonly presence: PresenceEndpoint;
}

const slsEndpoint = 'cn-hangzhou.log.aliyuncs.com';

/** Returns how clients reach the server at a URL. */
export function endpointsOf(url: string): Endpoints {
  const { origin, host, hostname, port, protocol } = new URL(url);
  const isSecure = protocol === 'https:';
  const env = { HTTP_PROXY: origin, http_proxy: origin, NO_PROXY: '', no_proxy: '' };
  return {
    sls: { proxy: origin, endpoint: slsEndpoint, env: () => ({ ...env }) },
    pbx: { url: origin, host: hostname, port: Number(port || (isSecure ? 443 : 80)) },
    presence: {
      origin: host,
      config: (subscribeKey) => ({ subscribeKey, publishKey: subscribeKey, origin: host, ssl: isSecure }),
    },
  };
}
