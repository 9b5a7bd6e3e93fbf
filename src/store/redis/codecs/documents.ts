/** Commands on documents, and the commit, as the scripts in `lua/documents` take and reply to them. */
import type { CommandName } from '../../commands.ts';
import type { Guard } from '../../leases.ts';
import type { ScriptArgument } from '../scripts.ts';
import { type Codec, list, number, tenantRefusal, text } from './codec.ts';

type DocumentCommand = Extract<CommandName, 'readDocuments' | 'listDocuments' | 'commit'>;

function encodeGuards(guards: readonly Guard[] | undefined, to: ScriptArgument[]): void {
  to.push(guards?.length ?? 0);
  for (const { collection, key, version } of guards ?? []) to.push(collection, key, version);
}

export const documents: { readonly [N in DocumentCommand]: Codec<N> } = {
  readDocuments: {
    encode({ tenant, documents }, to) {
      to.push(tenant, documents.length);
      for (const { collection, key } of documents) to.push(collection, key);
    },
    decode: (reply, { documents }) =>
      list(reply).map((found, at) => {
        if (found === null) return null;
        const [version, value] = list(found);
        return { key: documents[at]?.key ?? '', version: number(version), value: text(value) };
      }),
  },
  listDocuments: {
    encode({ tenant, collection }, to) {
      to.push(tenant, collection);
    },
    decode(reply) {
      const fields = list(reply);
      return Array.from({ length: fields.length / 3 }, (_, at) => ({
        key: text(fields[3 * at]),
        version: number(fields[3 * at + 1]),
        value: text(fields[3 * at + 2]),
      })).sort((a, b) => (a.key < b.key ? -1 : 1));
    },
  },
  commit: {
    encode({ tenant, guards, writes = [], appends = [], events = [], isExempt = false }, to) {
      to.push(tenant, isExempt ? '1' : '0');
      encodeGuards(guards, to);
      to.push(writes.length);
      for (const { collection, key, version, value, ttlMs } of writes) {
        to.push(collection, key, version ?? '', value === null ? '0' : '1', value ?? '', ttlMs ?? '');
      }
      to.push(appends.reduce((count, { also = [] }) => count + 1 + also.length, events.length));
      for (const { topic, also = [], payload, after, ...retention } of appends) {
        const bytes = Buffer.from(payload);
        const kept = [retention.keepEntries, retention.keepBytes ?? '', retention.idleMs ?? ''];
        to.push(topic, bytes, after === undefined ? '' : String(after), ...kept);
        for (const another of also) to.push(another, bytes, '=', ...kept);
      }
      for (const { group, payload, keepEntries, idleMs } of events) {
        to.push(group, Buffer.from(payload), '@', keepEntries, '', idleMs);
      }
    },
    refusal: (reply, { tenant }) => tenantRefusal(reply, tenant),
    decode(reply) {
      if (reply === null) return { committed: false, versions: [], positions: [] };
      const [versions, positions] = list(reply);
      return {
        committed: true,
        versions: list(versions).map(number),
        positions: list(positions).map((position) => BigInt(text(position))),
      };
    },
  },
};
