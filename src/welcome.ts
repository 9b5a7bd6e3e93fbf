/** What a person reads who just started the server: where it is, and one line to paste per protocol. */

export interface Served {
  readonly host: string;
  readonly port: number;
  /** Which store, for people. */
  readonly store: string;
  readonly version: string;
}

/** A host that a client on this machine can reach: wildcards are no addresses. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

export function welcome({ host, port, store, version }: Served): string {
  const at = `${reachable(host)}:${port}`;
  return `
heartbeatd ${version} listens on http://${at}
store: ${store}

SLS        point your client's HTTP proxy here, keep its endpoint:
  curl -x http://${at} -d '{"projectName":"demo"}' http://demo.cn-hangzhou.log.aliyuncs.com/
  HTTP_PROXY=http://${at} python your_consumer.py

PBX        POST /api/{version}/login, heartbeat, logout:
  curl -d '{"username":"api","password":"1a1dc91c907325c69271ddf0c944bc72","port":"8260"}' http://${at}/api/v1.1.0/login

Presence   PubNub: origin '${at}', ssl off, any keys:
  curl 'http://${at}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300'
  curl 'http://${at}/v2/presence/sub-key/demo/channel/lobby'

Operator   leases, clock, reset, metrics:
  curl 'http://${at}/_heartbeatd/leases'
  curl -H 'content-type: application/json' -d '{"advanceMs":1800000}' http://${at}/_heartbeatd/clock

`;
}
