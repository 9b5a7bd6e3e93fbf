/** A log that tests read. */
import { Writable } from 'node:stream';
import { type Level, type Logger, pino } from 'pino';

export interface RecordedLog {
  readonly logger: Logger;
  /** The lines so far; of one level, if it is named. */
  lines(level?: Level): readonly Readonly<Record<string, unknown>>[];
}

export function recordedLog(level: Level = 'trace'): RecordedLog {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const logger = pino({ level }, stream);
  return {
    logger,
    lines: (wanted) =>
      wanted === undefined ? lines : lines.filter((line) => line.level === pino.levels.values[wanted]),
  };
}
