/** The log of the process: JSON lines on standard output, or readable lines on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino';

/** Lines that cannot be written now are kept up to so many bytes; further lines are dropped. */
const maxUnwrittenBytes = 1_024 * 1_024;

/** Opens the log. A reader that goes away or a full disk does not stop the server. */
export async function openLog(level: string): Promise<Logger> {
  process.stdout.on('error', () => {});
  if (process.stdout.isTTY) return pino({ level }, await openTerminal());
  const lines = pino.destination({ fd: 1, sync: true, maxLength: maxUnwrittenBytes });
  lines.on('error', () => {});
  return pino({ level }, lines);
}

/** Returns the stream for a terminal; its formatter is loaded only there. */
async function openTerminal(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ colorize: true, ignore: 'pid,hostname', singleLine: true, translateTime: 'HH:MM:ss.l' });
}
