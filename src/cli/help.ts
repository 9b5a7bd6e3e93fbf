/** The texts of `--help`, made from the tables of commands and settings. Pure. */
import type { SettingDescription } from '../settings/read.ts';
import type { Command } from './command.ts';

/** Returns a line per command. */
export function commandsText(commands: readonly Command[]): string {
  return commands
    .map(({ name, usage, summary }) => `  ${`${name} ${usage}`.trim()}\n      ${summary}`)
    .join('\n');
}

/** Returns the help of one command. */
export function commandHelp({ name, usage, summary, note, flags }: Command): string {
  const rows = Object.entries(flags).map(([flag, { value, letter, help }]) => {
    const short = letter === undefined ? '' : `-${letter}, `;
    return `  ${short}--${flag}${value === undefined ? '' : ` ${value}`}\n      ${help}`;
  });
  const options = rows.length === 0 ? '' : `\nFlags:\n${rows.join('\n')}\n`;
  return `Usage: heartbeatd ${`${name} ${usage}`.trim()}\n\n${[summary, ...(note === undefined ? [] : [note])].join('\n\n')}\n${options}`;
}

/** Settings that belong together. */
export interface HelpSection {
  readonly title: string;
  readonly settings: readonly SettingDescription[];
}

/** Returns the text of `heartbeatd --help`. */
export function serverHelp(
  version: string,
  sections: readonly HelpSection[],
  commands: readonly Command[],
): string {
  const settings = sections.map(({ title, settings: rows }) => {
    const lines = rows.map(({ flag, env, fallback, help }) => {
      const standard = fallback === '' ? '' : ` [${fallback}]`;
      return `  ${flag}\n      ${help} (${env})${standard}`;
    });
    return `${title}:\n${lines.join('\n')}`;
  });
  return `heartbeatd ${version}: SLS, PBX and Presence heartbeats over one lease store

Usage: heartbeatd [serve] [flags]
       heartbeatd <command> [flags]; heartbeatd <command> --help

${settings.join('\n\n')}

Commands:
${commandsText(commands)}
  --healthcheck
      exit with 0 if the server at --host and --port is ready, else with 1
  -h, --help
  -v, --version
`;
}
