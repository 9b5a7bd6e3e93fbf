/** The page of the docs that lists what is emulated and what is not, made from the tables of both. Pure. */
import type { Operation } from '../kit/operation.ts';
import { errors } from './wire/errors.ts';
import { notEmulated } from './wire/not-emulated.ts';

type Listed = Pick<Operation<never>, 'name' | 'summary' | 'method' | 'path' | 'isHidden'>;

const intro = `# Presence: supported calls

Every call of the vendor's API that is emulated, and the services that are not. This page is generated from the tables of the code:
\`npm run docs\`. What each call means is in [presence.md](presence.md).
`;

/** Returns the page as Markdown. */
export function supportPage(operations: readonly Listed[]): string {
  const emulated = operations
    .filter(({ isHidden }) => isHidden !== true)
    .map(
      ({ name, summary, method, path }) =>
        `| ${name} | \`${[method].flat().join(', ')} ${path}\` | ${summary} |`,
    );
  const others = notEmulated.map(
    ({ name, paths, calls }) => `| ${name} | ${listOf(paths)} | ${calls.join(', ')} |`,
  );
  const { status, message } = errors.notEmulated('History');
  return [
    intro,
    `## Emulated\n\n| call | request | what it does |\n| --- | --- | --- |\n${emulated.join('\n')}\n`,
    `## Refused by name\n\nA call of these services gets ${status} with \`${message}\`, or the name of its service. Any other path gets 404.`,
    `\n| service | paths that begin with | calls of SDKs |\n| --- | --- | --- |\n${others.join('\n')}\n`,
  ].join('\n');
}

function listOf(paths: readonly string[]): string {
  return paths.map((path) => `\`${path}\``).join(', ');
}
