/** The text that is printed once the server listens: where it is, and one command per protocol to try it with. */
import type { OperatorAccess } from './operator/access/access.ts';

export interface Served {
  readonly host: string;
  readonly port: number;
  /** Where the operator API is; absent: on the same port. */
  readonly operatorAt?: { readonly host: string; readonly port: number } | undefined;
  /** Description of the store. */
  readonly store: string;
  readonly version: string;
  readonly operator: OperatorAccess;
  readonly hasConsole: boolean;
  /** Whether other machines can reach the operator API. */
  readonly isReachable: boolean;
  /** `off`; else the path of the file that clients have to trust, empty if they trust the certificate already. */
  readonly tls: 'off' | { readonly trustPath: string };
}

/** Returns a host that a client on this machine can connect to: wildcards are not addresses. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

const vendorAddress = ({ host, port }: Served): string => `${reachable(host)}:${port}`;
const operatorAddress = (served: Served): string => vendorAddress({ ...served, ...served.operatorAt });

/** How to use the operator API as it is protected, or how to open it. */
function operatorText({ operator, isReachable, hasConsole }: Served, at: string): string {
  if (operator === 'closed')
    return `Operator   closed: other machines can reach it, and no token is set. To open it, set one of:
  OPERATOR_TOKEN=<secret>   requests send "Authorization: Bearer <secret>"
  OPERATOR_OPEN=true        no token; in a trusted network only
`;
  const open = isReachable ? 'open to every machine that can reach it' : 'open to this machine';
  const page = hasConsole ? `  http://${at}/ in a browser shows the console\n` : '';
  const header = operator === 'token' ? '-H "authorization: Bearer $OPERATOR_TOKEN" ' : '';
  return `Operator   leases, clock, reset, metrics; ${operator === 'token' ? 'needs the token in OPERATOR_TOKEN' : open}:
  curl ${header}'http://${at}/_heartbeatd/leases'
  curl ${header}-d '{"advanceMs":1800000}' http://${at}/_heartbeatd/clock
${page}`;
}

/** How clients keep endpoints that begin with https://. */
function httpsText({ tls }: Served, at: string): string {
  if (tls === 'off') return '';
  const trust = (variable: string): string => (tls.trustPath === '' ? '' : ` ${variable}='${tls.trustPath}'`);
  return `HTTPS      on the same port; production endpoints stay as they are, with the proxy${tls.trustPath === '' ? '' : ' and the authority'} set:
  HTTPS_PROXY=http://${at}${trust('REQUESTS_CA_BUNDLE')} python your_consumer.py
  HTTPS_PROXY=http://${at}${trust('SSL_CERT_FILE')} ./your_go_program
  HTTPS_PROXY=http://${at}${trust('NODE_EXTRA_CA_CERTS')} NODE_USE_ENV_PROXY=1 node your_program.js

`;
}

/** Returns the fields of the log line that takes the place of the text if standard output is not a terminal. */
export function listeningFields(served: Served) {
  const { store, version, operator, operatorAt, tls } = served;
  const ca = tls === 'off' || tls.trustPath === '' ? {} : { ca: tls.trustPath };
  return {
    url: `http://${vendorAddress(served)}`,
    ...(operatorAt === undefined ? {} : { operatorUrl: `http://${operatorAddress(served)}` }),
    store,
    version,
    operator,
    tls: tls !== 'off',
    ...ca,
  };
}

/** Returns the text for a terminal. */
export function welcome(served: Served): string {
  const { store, version } = served;
  const at = vendorAddress(served);
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

${httpsText(served, at)}${operatorText(served, operatorAddress(served))}
`;
}
