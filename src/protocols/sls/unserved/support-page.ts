/** Writes the page of the docs that says what becomes of every call, from the table of operations. */
import { settingsMembers } from '../resources/logstores/logstore.ts';
import { projectMembers } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';

/** Settings of a logstore that change what the server does. */
const effective = ['enable_tracking', 'appendMeta'];

/** The classes of the vendor's clients that were read for the members of projects, logstores and shards. */
const models = [
  [
    'Python `aliyun-log-python-sdk`',
    'GetProjectResponse, ListProjectResponse, GetLogStoreResponse, ListLogStoreResponse, ListShardResponse, ListLogtailConfigResponse, ListMachineGroupResponse',
  ],
  [
    'Rust `aliyun-log-rust-sdk`',
    'GetProjectResponse, ListProjectsProject, GetLogstoreResponse, EncryptConf, ListLogstoresResponse, list_shards_models::Shard',
  ],
  ['Go `aliyun-log-go-sdk`', 'LogStore, EncryptConf, Shard'],
  ['Java `aliyun-log`', 'LogStore, EncryptConf'],
  ['Node.js `@alicloud/sls20201230`', 'Project, Logstore, EncryptConf, and the bodies of its lists'],
] as const;

const sections: readonly (readonly [support: SlsOperation['support'], title: string, text: string])[] = [
  [undefined, 'Supported', 'Served as the service serves them.'],
  [
    'empty',
    'Empty lists',
    'What these list cannot be created here, so the list is empty. Tools that copy or clear a project read them.',
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
  return `# Calls of SLS\n\nMade from the table of operations by \`npm run docs\`.\n\n${parts.join('\n')}\n${kept()}\n${read()}`;
}

function requestOf({ method, path, when, otherPaths = [] }: SlsOperation): string {
  const methods = typeof method === 'string' ? method : method.join(', ');
  const label = when === undefined ? '' : ` (${when.label})`;
  return [path, ...otherPaths].map((one) => `\`${methods} ${one}\``).join(', ') + label;
}

function kept(): string {
  const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const ofLogstore = Object.keys(settingsMembers).filter((name) => !effective.includes(name));
  return `## Kept and shown\n\nThese members are returned as they were set, and nothing depends on them.\n\n| resource | members |
| --- | --- |
| project | ${code(['description', ...Object.keys(projectMembers)])} |
| logstore | ${code(ofLogstore)} |
`;
}

function read(): string {
  const rows = models.map(([client, classes]) => `| ${client} | ${classes} |`);
  return `## Models of the clients\n\nProjects, logstores and shards carry every member that these classes need.\n\n| client | classes |\n| --- | --- |\n${rows.join('\n')}\n`;
}
