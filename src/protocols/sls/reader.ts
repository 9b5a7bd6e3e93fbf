/** What SLS calls did, for people who read the journal. */
import { type Meaning, memberOf, type ReadExchange, type Reader } from '../kit/reader.ts';
import { readLogBody } from './logs/codec/read-body.ts';

export const slsReader: Reader = { decode: readLogBody, meaning };

function meaning(exchange: ReadExchange): Meaning | undefined {
  const { operation, reply } = exchange;
  if (reply.status >= 400) {
    const code = memberOf(reply.body, 'errorCode');
    const refused = typeof code === 'string' ? { refused: code } : {};
    return operation === 'ConsumerGroupHeartBeat' ? { renewed: false, ...refused } : refused;
  }
  if (operation === 'ConsumerGroupHeartBeat') return heartbeatMeaning(exchange);
  if (operation === 'PutLogs' || operation === 'PostLogStoreLogs')
    return countOf(exchange.request, 'written');
  if (operation === 'PullLogs') return countOf(reply.body ?? [], 'read');
  if (operation === 'ConsumerGroupUpdateCheckPoint')
    return {
      shard: memberOf(exchange.request, 'shard'),
      checkpoint: memberOf(exchange.request, 'checkpoint'),
    };
  return undefined;
}

/** `held`: shards that the consumer keeps; `assigned`: that it gets; `revoked`: that it reported and has to give up. */
function heartbeatMeaning({ request, reply, leases }: ReadExchange): Meaning {
  const reported = shardsOf(memberOf(request, 'shards') ?? request);
  const owned = shardsOf(reply.body);
  const joined = leases.some(({ type }) => type === 'lease.granted');
  return {
    renewed: true,
    ...(joined ? { joined } : {}),
    held: reported.filter((shard) => owned.includes(shard)),
    assigned: owned.filter((shard) => !reported.includes(shard)),
    revoked: reported.filter((shard) => !owned.includes(shard)),
  };
}

function shardsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Undefined for bodies that could not be decoded. */
function countOf(body: unknown, name: 'written' | 'read'): Meaning | undefined {
  const groups = Array.isArray(body) ? body : [body];
  let logs = 0;
  for (const group of groups) {
    const listed = memberOf(group, 'logs') ?? memberOf(group, '__logs__');
    if (!Array.isArray(listed)) return undefined;
    logs += listed.length;
  }
  return { [name]: logs, logGroups: groups.length };
}
