/** Writes the page of the docs that says what becomes of every call, from the table of operations. */
import { settingsMembers } from '../resources/logstores/logstore.ts';
import { projectMembers } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { absentMembers, type ClientModels, clientModels, type ModelName } from './client-models.ts';

/** Members that change what the server does. */
const effective: Readonly<Partial<Record<ModelName, readonly string[]>>> = {
  project: ['deletionProtection'],
  logstore: ['enable_tracking', 'appendMeta', 'shardCount'],
  'consumer group': ['name', 'order', 'timeout'],
  checkpoint: ['checkpoint'],
};

const sections: readonly (readonly [support: SlsOperation['support'], title: string, text: string])[] = [
  [undefined, 'Supported', 'Served as the service serves them.'],
  [
    'empty',
    'Empty lists',
    'What these list cannot be created here, so the list is empty. Tools that copy or clear a project read them.',
  ],
  [
    'absent',
    'Refused: there is none',
    'What these are about cannot be created here. They get 404 and the service’s code for what does not exist, such as `MachineGroupNotExist`.',
  ],
  [
    'no-index',
    'Refused: a logstore has no index',
    'These get `IndexConfigNotExist`, as from the service for a logstore without an index. To read what was written, use [the operator API](sls.md#reading-logs-in-a-test).',
  ],
  [
    'refused',
    'Refused by name',
    'These get 400 `ParameterInvalid` with a message that names the call. Every other path of a host of the service gets 405 `InvalidMethod`. Both have the vendor’s shape and a request id.',
  ],
];

/** Returns the page as Markdown. */
export function supportPage(operations: readonly SlsOperation[]): string {
  const named = operations.filter(
    ({ name, isHidden, support }) => isHidden !== true || (support !== undefined && name !== ''),
  );
  const parts = sections.map(([support, title, text]) => {
    const rows = named
      .filter((operation) => operation.support === support)
      .map((operation) => `| ${operation.name} | ${requestOf(operation)} |`)
      .sort();
    return `## ${title}\n\n${text}\n\n| call | request |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Calls of SLS\n\nMade from the table of operations by \`npm run docs\`.\n\n${parts.join('\n')}\n${read()}`;
}

function requestOf({ method, path, when, otherPaths = [] }: SlsOperation): string {
  const methods = typeof method === 'string' ? method : method.join(', ');
  const label = when === undefined ? '' : ` (${when.label})`;
  return [path, ...otherPaths].map((one) => `\`${methods} ${one}\``).join(', ') + label;
}

/** One table for each resource: which client reads which member. */
function read(): string {
  const names = [...new Set(clientModels.flatMap(({ models }) => Object.keys(models) as ModelName[]))];
  const columns = clientModels.map(({ client }) => client);
  const tables = names.map((name) => {
    const members = [...new Set(clientModels.flatMap((client) => membersOf(client, name)))].sort();
    const rows = members.map((member) => {
      const cells = clientModels.map((client) => (membersOf(client, name).includes(member) ? 'yes' : ''));
      return `| \`${member}\` | ${becomes(name, member)} | ${cells.join(' | ')} |`;
    });
    const classes = clientModels.map(({ models }) => models[name]?.classes.join(', ') ?? '');
    return `### Of a ${name}\n\n| member | here | ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length + 2)}\n${rows.join('\n')}\n| classes | | ${classes.join(' | ')} |\n`;
  });
  return `## Models of the clients\n\nThe members that the clients' own classes read or write, and what they are here: *kept* as they were set, *effective* (kept, and they change what the server does), *computed*.\n\n${tables.join('\n')}`;
}

function membersOf({ models }: ClientModels, name: ModelName): readonly string[] {
  return models[name]?.members.split(' ') ?? [];
}

function becomes(name: ModelName, member: string): string {
  const absent = absentMembers[member];
  if (absent !== undefined) return absent;
  if (effective[name]?.includes(member) === true) return 'effective';
  const kept: readonly string[] =
    name === 'project'
      ? ['description', 'transferAcceleration', ...Object.keys(projectMembers)]
      : name === 'logstore'
        ? ['meteringMode', ...Object.keys(settingsMembers)]
        : [];
  return kept.includes(member) ? 'kept' : 'computed';
}
