/** `heartbeatd fault`: makes requests fail. */
import type { Fault, Heartbeatd, RuleView } from '../../client/index.ts';
import { type Command, jsonWord, serverFlags, UsageError } from '../command.ts';
import { readText } from '../read-text.ts';
import { table } from '../table.ts';

export const fault: Command = {
  name: 'fault',
  usage: 'add <json> | ls | rm <id>… | rm --all | release <id>',
  summary: 'add, list and remove faults of requests',
  words: ['add', 'ls', 'rm', 'release'],
  flags: { ...serverFlags, all: { help: 'remove every rule' } },
  async run({ words: [action, ...words], flags, server, print, input }) {
    const hb = server();
    const isJson = flags.json === true;
    switch (action) {
      case 'add': {
        const [json = ''] = words;
        const wanted = jsonWord(json, 'fault add', (path) => readText(path, input)) as Fault;
        const { id } = await hb.faults.add(wanted);
        print(isJson ? `${JSON.stringify({ id })}\n` : `${id}\n`);
        return 0;
      }
      case undefined:
      case 'ls': {
        const rules = await hb.faults.list();
        print(isJson ? `${JSON.stringify(rules)}\n` : rulesText(rules));
        return 0;
      }
      case 'rm':
        await remove(hb, words, flags.all === true);
        return 0;
      case 'release': {
        const [id] = words;
        if (id === undefined) throw new UsageError('fault release: the id of a rule is missing');
        const { count } = await hb.operator.json<{ count: number }>(
          'POST',
          `/faults/${encodeURIComponent(id)}/release`,
        );
        print(isJson ? `${JSON.stringify({ count })}\n` : `${count} requests released\n`);
        return 0;
      }
      default:
        throw new UsageError(`fault: ${JSON.stringify(action)} is none of add, ls, rm, release`);
    }
  },
};

async function remove(hb: Heartbeatd, ids: readonly string[], removesAll: boolean): Promise<void> {
  if (removesAll) return hb.faults.clear();
  if (ids.length === 0) throw new UsageError('fault rm: ids are missing; --all removes every rule');
  for (const id of ids) await hb.operator.json('DELETE', `/faults/${encodeURIComponent(id)}`);
}

function rulesText(rules: readonly RuleView[]): string {
  if (rules.length === 0) return 'no faults\n';
  const rows = rules.map(({ id, match, do: effect, fired, remaining }) => [
    id,
    JSON.stringify(match ?? {}),
    JSON.stringify(effect),
    String(fired),
    remaining === null ? 'always' : String(remaining),
  ]);
  return table(['id', 'match', 'do', 'fired', 'left'], rows);
}
