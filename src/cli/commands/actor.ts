/** `heartbeatd actor`: clients that the server simulates. */
import type { ActorBehaviour, ActorView, ListedActors, NewActor } from '../../client/index.ts';
import { type Command, type Invocation, jsonWord, serverFlags, textFlag, UsageError } from '../command.ts';
import { printFailure } from '../fail.ts';
import { readText } from '../read-text.ts';
import { table } from '../table.ts';

export const actor: Command = {
  name: 'actor',
  usage: 'add <json> | ls | show <id> | set <id> <json> | rm <id>… | rm --all',
  summary: 'start, list, change and end clients that the server simulates',
  words: ['add', 'ls', 'show', 'set', 'rm'],
  flags: {
    ...serverFlags,
    tenant: { value: '<name>', help: 'with ls and rm --all: actors of this tenant only' },
    all: { help: 'end every actor' },
    crash: { help: 'end without saying goodbye, so that leases expire' },
  },
  async run(invocation) {
    const { words, flags, server, print, input } = invocation;
    const [action, ...rest] = words;
    const hb = server();
    const read = (path: string): string => readText(path, input);
    const show = (actors: readonly ActorView[]): void =>
      print(flags.json === true ? `${JSON.stringify(actors)}\n` : tableOf(actors));
    switch (action) {
      case 'add': {
        const wanted = jsonWord(rest[0] ?? '', 'actor add', read) as NewActor;
        const started = await hb.operator.json<ActorView>('POST', '/actors', { body: wanted });
        print(flags.json === true ? `${JSON.stringify(started)}\n` : `${started.id}\n`);
        return 0;
      }
      case undefined:
      case 'ls': {
        const { actors, unseenNodes } = await hb.actors.read(textFlag(flags, 'tenant'));
        warnOf(unseenNodes);
        show(actors);
        return 0;
      }
      case 'show':
        print(`${JSON.stringify(await hb.operator.json('GET', pathOf(rest[0], 'show')), null, 2)}\n`);
        return 0;
      case 'set': {
        const change = jsonWord(rest[1] ?? '', 'actor set', read) as ActorBehaviour;
        show([await hb.operator.json<ActorView>('PATCH', pathOf(rest[0], 'set'), { body: change })]);
        return 0;
      }
      case 'rm':
        await remove(invocation, rest);
        return 0;
      default:
        throw new UsageError(`actor: ${JSON.stringify(action)} is none of add, ls, show, set, rm`);
    }
  },
};

function warnOf(unseenNodes: readonly string[]): void {
  if (unseenNodes.length > 0)
    printFailure(`these nodes did not answer for their actors: ${unseenNodes.join(', ')}`);
}

async function remove({ flags, server }: Invocation, ids: readonly string[]): Promise<void> {
  const { operator } = server();
  const as = flags.crash === true ? 'crashed' : 'left';
  if (flags.all === true) {
    const query = { as, tenant: textFlag(flags, 'tenant') };
    warnOf(
      (await operator.json<Pick<ListedActors, 'unseenNodes'>>('DELETE', '/actors', { query })).unseenNodes,
    );
    return;
  }
  if (ids.length === 0) throw new UsageError('actor rm: ids are missing; --all ends every actor');
  for (const id of ids) await operator.json('DELETE', pathOf(id, 'rm'), { query: { as } });
}

function pathOf(id: string | undefined, action: string): string {
  if (id === undefined) throw new UsageError(`actor ${action}: the id of an actor is missing`);
  return `/actors/${encodeURIComponent(id)}`;
}

function tableOf(actors: readonly ActorView[]): string {
  if (actors.length === 0) return 'no actors\n';
  const hasNodes = actors.some(({ node }) => node !== undefined);
  const rows = actors.map(({ id, tenant, group, name, count, behaviour, beats, problems, node = '' }) => [
    ...[id, tenant, group, name, String(count), behaviour, String(beats)],
    ...(hasNodes ? [node] : []),
    problems === 0 ? '' : `${problems} refused`,
  ]);
  const nodes = hasNodes ? ['node'] : [];
  return table(['id', 'tenant', 'group', 'name', 'clients', 'behaviour', 'beats', ...nodes, ''], rows);
}
