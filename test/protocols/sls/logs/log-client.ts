/** Calls on the logs of one shard, and what their bodies contain. */
import lz4 from 'lz4-napi';
import { encodeLogGroup } from '../../../../src/protocols/sls/logs/codec/log-group.ts';
import { decodeCursor, encodeCursor } from '../../../../src/protocols/sls/logs/cursor.ts';
import { logstore, type Service } from '../service.ts';

export const protobuf = 'application/x-protobuf';

type Reply = Awaited<ReturnType<Service['call']>>;

/** Calls of a client; `service` returns the service that is running now. */
export function logClient(service: () => Service) {
  const put = (
    body: Buffer,
    headers: Readonly<Record<string, string>> = {},
    path = `${logstore}/shards/lb`,
  ): Promise<Reply> =>
    service().call('POST', path, body, {
      headers: { 'content-type': protobuf, 'x-log-bodyrawsize': String(body.length), ...headers },
    });
  return {
    put,
    putText: (value: string): Promise<Reply> =>
      put(Buffer.from(encodeLogGroup({ topic: '', source: '', tags: {}, time: 1, logs: [{ value }] }))),
    /** Returns a cursor of a shard; `from` as in GetCursor. */
    async cursor(from: string | number, shard = 0): Promise<string> {
      const { json } = await service().call('GET', `${logstore}/shards/${shard}?type=cursor&from=${from}`);
      return (json as { cursor: string }).cursor;
    },
    /** Pulls from shard 0. `more`: further query parameters; `accept`: accepted compressions. */
    pull: (from: string, more = '', accept = ''): Promise<Reply> =>
      service().call(
        'GET',
        `${logstore}/shards/0?type=log&cursor=${encodeURIComponent(from)}${more}`,
        undefined,
        { headers: { accept: protobuf, 'accept-encoding': accept } },
      ),
  };
}

export const lz4Block = (raw: Buffer): Buffer => lz4.compressSync(raw).subarray(4);

export function fromLz4Block(block: Buffer, size: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(size);
  return lz4.uncompressSync(Buffer.concat([head, block]));
}

/** Returns the uncompressed body of a pull that returns these log groups, in hexadecimal. */
export const list = (...groups: Buffer[]): string =>
  groups.map((group) => `0a${group.length.toString(16).padStart(2, '0')}${group.toString('hex')}`).join('');

/** Returns the cursor that is `by` log groups further. */
export const step = (from: string, by: number): string =>
  encodeCursor((decodeCursor(from) ?? 0n) + BigInt(by));
