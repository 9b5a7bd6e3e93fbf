/** The page of the docs that lists every setting, made from the declarations. */
import { describeSettings } from './read.ts';
import type { SettingTable } from './setting.ts';

export interface SettingsSection {
  readonly title: string;
  readonly table: SettingTable;
}

const intro = `# Settings

Flags win over environment variables, and those over defaults. An empty variable counts as not set. \`heartbeatd --help\` prints the
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
