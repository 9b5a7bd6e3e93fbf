/** The page of the docs that lists every setting, made from the declarations. */
import { describeSettings } from './read.ts';
import type { SettingTable } from './setting.ts';

export interface SettingsSection {
  readonly title: string;
  readonly table: SettingTable;
}

const intro = `# Settings

Flags win over environment variables, and those over defaults. An empty variable counts as not set. \`NAME_FILE\` is the path of a file that
holds the value of \`NAME\`, for secrets of Docker and Kubernetes. \`heartbeatd --help\` prints the
same list. This page is generated from the declarations: \`npm run docs\`.
`;

/** Returns the page as Markdown. */
export function settingsPage(sections: readonly SettingsSection[]): string {
  const parts = sections.map(({ title, table }) => {
    const rows = describeSettings(table).map(
      ({ flag, env, fallback, help }) =>
        `| \`${flag}\` | \`${env}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${help.replaceAll('|', '\\|')} |`,
    );
    return `## ${title}\n\n| flag | variable | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return [intro, ...parts].join('\n');
}

/** What the image sets, and compose publishes. */
const fixedInCompose = new Set(['HOST', 'PORT', 'OPERATOR_PORT', 'OPERATOR_HOST']);

/** Returns a compose file whose list of settings passes each of them on to the containers, and the files of secrets. */
export function composeWithSettings(file: string, sections: readonly SettingsSection[]): string {
  const lines = sections
    .flatMap(({ table }) => Object.values(table))
    .filter(({ env }) => !fixedInCompose.has(env))
    .flatMap(({ env, isSecret }) => (isSecret === true ? [env, `${env}_FILE`] : [env]))
    .map((name) => `  ${name}: \${${name}:-}\n`);
  return file.replace(
    /( {2}# settings begin\n)[\s\S]*?( {2}# settings end\n)/,
    (_, begin: string, end: string) => `${begin}${lines.join('')}${end}`,
  );
}
