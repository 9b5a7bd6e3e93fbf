/** `heartbeatd completion`: scripts with which shells complete commands and flags, made from the table of commands. */
import { type Command, UsageError } from '../command.ts';

/** Returns the command that completes all others. */
export function completionOf(commands: () => readonly Command[]): Command {
  const shells: Readonly<Record<string, (all: readonly Command[]) => string>> = { bash, zsh, fish };
  const names = Object.keys(shells);
  return {
    name: 'completion',
    usage: names.join('|'),
    summary: 'print a completion script for a shell',
    words: names,
    flags: {},
    async run({ words: [shell = ''], print }) {
      const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
      if (script === undefined) throw new UsageError(`completion: choose one of ${names.join(', ')}`);
      print(script(commands()));
      return 0;
    },
  };
}

const wordsOf = ({ words = [], flags }: Command): string =>
  [...words, ...Object.keys(flags).map((flag) => `--${flag}`)].join(' ');

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name}) words='${wordsOf(command)}' ;;`);
  return `_heartbeatd() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='' ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words='${commands.map(({ name }) => name).join(' ')}'
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _heartbeatd heartbeatd
`;
}

const quoted = (text: string): string => text.replaceAll("'", "'\\''");

function zsh(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = commands.map((command) => `    ${command.name}) compadd -- ${wordsOf(command)} ;;`);
  return `#compdef heartbeatd
_heartbeatd() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
  _files
}
compdef _heartbeatd heartbeatd
`;
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap(({ name, summary, words = [], flags }) => [
    `complete -c heartbeatd -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
    ...(words.length === 0
      ? []
      : [`complete -c heartbeatd -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`]),
    ...Object.entries(flags).map(
      ([flag, { help }]) =>
        `complete -c heartbeatd -n '__fish_seen_subcommand_from ${name}' -l ${flag} -d '${quoted(help)}'`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
