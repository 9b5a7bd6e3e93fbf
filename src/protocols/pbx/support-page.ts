/** The page of the docs that lists which calls of the API are emulated and which are not, made from the tables of both. Pure. */
import type { PbxOperation } from './api/call.ts';
import { errnos, meanings } from './api/errors.ts';
import { unsupportedGroups } from './api/unsupported.ts';

type Listed = Pick<PbxOperation, 'name' | 'summary' | 'path' | 'isHidden' | 'isDownload'>;

const intro = `# PBX: supported calls

Every call of the vendors' API that is emulated, and those that are not. This page is generated from the tables of the code:
\`npm run docs\`. What the calls mean here is in [pbx.md](pbx.md).
`;

/** Returns the page as Markdown. */
export function supportPage(operations: readonly Listed[]): string {
  const emulated = operations
    .filter(({ isHidden }) => isHidden !== true)
    .map(({ name, summary, path, isDownload }) => {
      const below = path.replace('/api/:version/', '');
      return `| \`${below}\` | ${isDownload === true ? 'GET' : 'POST'} | ${summary} | ${name} |`;
    });
  const others = Object.entries(unsupportedGroups).map(
    ([group, calls]) => `| ${group} | ${calls.map((call) => `\`${group}/${call}\``).join(', ')} |`,
  );
  const errno = errnos.requestNotSupported;
  return [
    intro,
    '## Emulated\n\nPaths are those below `/api/{version}/`; every version prefix takes every call.\n',
    `| call | method | what it does | operation |\n| --- | --- | --- | --- |\n${emulated.join('\n')}\n`,
    `## Refused by name\n\nThese calls are documented and not emulated. They get \`{"status":"Failed","errno":"${errno}"}\` (${meanings[errno]}) after
their token was checked: it is renewed, and one that is not live gets ${errnos.unknownToken}. Other paths get ${errno} too, without a token as well.\n`,
    `| group | calls |\n| --- | --- |\n${others.join('\n')}\n`,
  ].join('\n');
}
