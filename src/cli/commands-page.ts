/** The page of the docs about the command line, made from the table of commands. Pure. */
import type { Command } from './command.ts';

const escaped = (text: string): string => text.replaceAll('|', '\\|');

/** Returns the page as Markdown. */
export function commandsPage(commands: readonly Command[]): string {
  const parts = commands.map(({ name, usage, summary, note, flags }) => {
    const rows = Object.entries(flags).map(([flag, { value, help }]) => {
      const written = `--${flag}${value === undefined ? '' : ` ${value}`}`;
      return `| \`${escaped(written)}\` | ${escaped(help)} |`;
    });
    const table = rows.length === 0 ? '' : `\n| flag | meaning |\n| --- | --- |\n${rows.join('\n')}\n`;
    const line = `heartbeatd ${`${name} ${usage}`.trim()}`;
    return `## ${name}\n\n\`${line}\`: ${summary}.\n${note === undefined ? '' : `\n${note}\n`}${table}`;
  });
  return `# Command line

\`heartbeatd\` without a command, or \`heartbeatd serve\`, serves; its flags are the [settings](settings.md). The commands below drive a
running server. Each exits with 0, with 1 if it failed, and with 2 if it was used wrongly. From a clone, \`npx node src/start.cts\`
takes the place of \`heartbeatd\`. \`source <(heartbeatd completion bash)\` completes commands and flags.

${parts.join('\n')}`;
}
