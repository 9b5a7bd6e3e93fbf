/** The log of the process on standard output: JSON lines, or readable lines on a terminal. */
import { type Logger, pino } from 'pino';
import { describeError } from './log-error.ts';
import { prettyLine } from './log-lines.ts';

/** Lines that cannot be written now are kept up to so many bytes; further lines are dropped. */
const maxUnwrittenBytes = 1_024 * 1_024;

export interface LogOptions {
  readonly level: string;
  readonly isPretty: boolean;
}

/** Opens the log. A reader that goes away or a full disk does not stop the server. */
export function openLog({ level, isPretty }: LogOptions): Logger {
  process.stdout.on('error', () => {});
  const options = { level, serializers: { err: describeError } };
  const lines = pino.destination({ fd: 1, sync: true, maxLength: maxUnwrittenBytes });
  lines.on('error', () => {});
  return isPretty
    ? pino(options, { write: (line) => void lines.write(prettyLine(line)) })
    : pino(options, lines);
}
